/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers of the kernel in any bytes: every part lies in the datagram, and the walk ends. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "nlanswer.h"

#define SEQ 1 /* of the seeds */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct nlanswer answer = {.seq = SEQ};
        const void *at = data;
        size_t left = size;

        for (;;) {
                const struct nlmsghdr *nlh = NULL;
                size_t before = left;
                int result = 1;

                switch (nlanswer_take(&answer, &at, &left, &nlh, &result)) {
                case NLANSWER_NOTHING:
                        require(!nlh && result == 1);
                        return 0;
                case NLANSWER_MESSAGE:
                        require(result == 1 && nlh->nlmsg_seq == SEQ);
                        require(nlh->nlmsg_type >= NLMSG_MIN_TYPE);
                        require((const uint8_t *)nlh >= data &&
                                (const uint8_t *)nlh + nlh->nlmsg_len <= data + size);
                        break;
                case NLANSWER_END:
                        require(!nlh && result <= 0);
                        require(!answer.is_interrupted || result < 0);
                        break; /* what follows is not asked for, and may be anything */
                }
                require(left < before && (const uint8_t *)at == data + size - left);
        }
}
