/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hardware_address.h"

#include <stdio.h>

const char *hardware_address_format(const uint8_t *address, size_t len, char *text) {
        text[0] = '\0';
        for (size_t i = 0; i < len; i++)
                (void)snprintf(text + 3 * i, 4, "%02x:", address[i]);
        if (len > 0)
                text[3 * len - 1] = '\0';
        return text;
}
