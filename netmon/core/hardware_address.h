/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A hardware address as text, "02:00:5e:10:00:01". */

#include <stddef.h>
#include <stdint.h>

#include "link_msg.h"

#define HARDWARE_ADDRESS_TEXT_SIZE (3 * LINK_HARDWARE_ADDRESS_MAX + 1)

/* Fills `text` (HARDWARE_ADDRESS_TEXT_SIZE) and returns it; "" for none. */
const char *hardware_address_format(const uint8_t *address, size_t len, char *text);
