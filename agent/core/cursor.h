/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a channel goes on from after a reconnect: what the server called the last message that is
 * safely stored, with the epoch in which that means something. The two are one value: one without
 * the other would ask for the wrong messages and believe the answer. */

#include <stdbool.h>
#include <stddef.h>

#define CURSOR_MAX_BYTES 4096 /* of either; a longer one is not kept */

struct cursor {
        char *text;  /* NULL: not known. "" is known, and empty: nothing has come yet */
        char *epoch; /* NULL: the protocol has none */
};

/* -EMSGSIZE, -ENOMEM: nothing has changed. `text` NULL: it is not known any more. */
int cursor_set(struct cursor *cursor, const char *text, const char *epoch);
void cursor_deinit(struct cursor *cursor);

/* The server's epoch is not the one that the cursor is of. False when one of them is not known. */
bool cursor_is_outdated(const struct cursor *cursor, const char *epoch);
