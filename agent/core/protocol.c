/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol.h"

#include <string.h>

static const struct protocol_row rows[] = {
        {"ws", false, 80, PROTOCOL_RAW, "raw"},
        {"wss", true, 443, PROTOCOL_RAW, "raw"},
};

const struct protocol_row *protocol_row(size_t index) {
        return index < sizeof(rows) / sizeof(rows[0]) ? &rows[index] : NULL;
}

const struct protocol_row *protocol_find(const char *scheme, const char *word) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (strcmp(rows[i].scheme, scheme) == 0 &&
                    (*word == '\0' || strcmp(rows[i].word, word) == 0))
                        return &rows[i];
        return NULL;
}

const struct protocol_row *protocol_first(enum protocol protocol) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (rows[i].protocol == protocol)
                        return &rows[i];
        return NULL;
}
