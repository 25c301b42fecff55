/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A response to the upgrade gives the same verdict and values whole and byte by byte. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct upgrade *whole = calloc(1, sizeof(*whole));
        struct upgrade *pieces = calloc(1, sizeof(*pieces));
        enum upgrade_verdict first, second = UPGRADE_MORE;
        size_t used, used_in_pieces = 0;

        first = upgrade_feed(whole, data, size, &used);
        require(used <= size);
        while (second == UPGRADE_MORE && used_in_pieces < size) {
                size_t one;

                second = upgrade_feed(pieces, data + used_in_pieces, 1, &one);
                require(one == 1);
                used_in_pieces++;
        }
        require(first == second && used == used_in_pieces);
        require(memcmp(whole, pieces, sizeof(*whole)) == 0);
        if (first == UPGRADE_DONE) {
                static const char offered[] = "chat\0superchat";
                struct cause cause = {};

                require(whole->status == 101 || (whole->status >= 200 && whole->status < 600));
                if (upgrade_accepted(whole, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", offered,
                                     sizeof(offered), &cause))
                        require(whole->status == 101 && !whole->extensions);
                else
                        require(cause.kind != CAUSE_NONE && cause.text[0] != '\0');
        }
        free(whole);
        free(pieces);
        return 0;
}
