/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cursor_set(struct cursor *cursor, const char *text, const char *epoch) {
        struct cursor set = {0};

        if ((text && strlen(text) > CURSOR_MAX_BYTES) ||
            (text && epoch && strlen(epoch) > CURSOR_MAX_BYTES))
                return -EMSGSIZE;
        if (text) {
                set.text = strdup(text);
                set.epoch = epoch ? strdup(epoch) : NULL;
                if (!set.text || (epoch && !set.epoch)) {
                        cursor_deinit(&set);
                        return -ENOMEM;
                }
        }
        cursor_deinit(cursor);
        *cursor = set;
        return 0;
}

void cursor_deinit(struct cursor *cursor) {
        free(cursor->text);
        free(cursor->epoch);
        *cursor = (struct cursor){0};
}

bool cursor_is_outdated(const struct cursor *cursor, const char *epoch) {
        return cursor->text && cursor->epoch && epoch && strcmp(cursor->epoch, epoch) != 0;
}
