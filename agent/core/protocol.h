/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which protocols are spoken over which URI schemes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum protocol {
        PROTOCOL_RAW, /* WebSocket messages as they are */
        PROTOCOL_COUNT
};

/* One protocol over one scheme. */
struct protocol_row {
        const char *scheme; /* lower case */
        bool tls;
        uint16_t port; /* when the URI has none */
        enum protocol protocol;
        const char *word; /* of the option "protocol" */
};

/* Walks the table; NULL past the end. The first row of a scheme is its default. */
const struct protocol_row *protocol_row(size_t index);

/* `word` "" means the scheme's default. NULL when that is not spoken over the scheme. */
const struct protocol_row *protocol_find(const char *scheme, const char *word);

/* Its first row. */
const struct protocol_row *protocol_first(enum protocol protocol);
