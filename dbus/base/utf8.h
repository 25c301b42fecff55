/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* D-Bus takes no string that is not UTF-8: a message with one in it cannot be sent. */

/* Makes a text one that D-Bus takes: each byte that is not part of a character becomes "?". */
void utf8_repair(char *text);
