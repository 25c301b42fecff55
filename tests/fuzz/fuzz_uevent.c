/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Announcements of kill switches, each ended by a byte 255, as the kernel and its file in sysfs
 * have them: what is known after them is in bounds, and the same when all of it is read anew. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "radio_switches.h"
#include "rfkill_msg.h"

#define END 255
#define INDEX_MAX 999999999

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

static void check(const struct radio_switches *switches) {
        struct radio_switches same = *switches;

        require(switches->n <= RADIO_SWITCHES_MAX);
        for (size_t i = 0; i < switches->n; i++) {
                require(switches->list[i].index <= INDEX_MAX);
                for (size_t j = 0; j < i; j++)
                        require(switches->list[i].index != switches->list[j].index);
        }
        require(!radio_switches_replace(&same, switches, 1));
        require(!(radio_switches_recent(switches, 1) & (1u << LINK_TYPE_UNKNOWN)));
}

static void take(struct radio_switches *switches, const uint8_t *data, size_t len) {
        char *copy = malloc(len + 1); /* ending where it ends */
        struct rfkill_msg msg = {};

        require(copy != NULL);
        memcpy(copy, data, len);
        if (rfkill_msg_parse_file("rfkill7", copy, len, &msg) == 0) {
                require(msg.index == 7 && !msg.is_gone);
                (void)radio_switches_take(switches, &msg, 1);
        }
        if (rfkill_msg_parse(copy, len, &msg) == 0) {
                (void)radio_switches_take(switches, &msg, 1);
                require(!radio_switches_take(switches, &msg, 1));
        }
        free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct radio_switches switches = {};

        while (size > 0) {
                const uint8_t *end = memchr(data, END, size);
                size_t len = end ? (size_t)(end - data) : size;

                take(&switches, data, len);
                data += len;
                size -= len;
                if (end) {
                        data++;
                        size--;
                }
        }
        check(&switches);
        return 0;
}
