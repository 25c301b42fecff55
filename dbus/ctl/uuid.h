/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* UUIDs (RFC 9562). */

#include <stdint.h>

#define UUID_BYTES 16
#define UUID_TEXT_MAX 37

/* With or without hyphens. -EINVAL. */
int uuid_parse(const char *text, uint8_t ret[UUID_BYTES]);
void uuid_format(const uint8_t uuid[UUID_BYTES], char text[UUID_TEXT_MAX]);

/* A fresh one of version 7: those of one process rise, as long as there are less than 4096 in a
 * millisecond. */
void uuid_make(uint8_t ret[UUID_BYTES]);
