/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Options of router advertisements: what any stranger on a network can send. A text that comes out
 * must be one that D-Bus takes. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "advert.h"
#include "nd_msg.h"
#include "nlattr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct advert advert = {};
        const struct nlmsghdr *nlh;
        const void *at;
        uint8_t *copy = malloc(size + 1); /* aligned, and ending where it ends */
        size_t left = size;
        uint64_t now_usec = 1;

        if (!copy)
                return 0;
        memcpy(copy, data, size);
        at = copy;
        while ((nlh = nlmsg_take(&at, &left))) {
                char prefix[ADVERT_PREFIX_TEXT_SIZE];
                struct nd_msg msg;

                if (nd_msg_parse(nlh, &msg) < 0)
                        continue;
                if (advert_apply(&advert, &msg, now_usec) < 0)
                        abort();
                for (const char *c = advert.portal; c && *c; c++)
                        if (*c <= ' ' || *c > '~')
                                abort();
                if ((advert.prefix.family != 0) != (advert_format_prefix(&advert, prefix)[0] != 0))
                        abort();
                now_usec += UINT64_C(1000000000);
        }
        (void)advert_clear(&advert);
        free(copy);
        return 0;
}
