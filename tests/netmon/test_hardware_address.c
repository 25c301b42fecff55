/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hardware_address.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

Test(hardware_address, text) {
        static const uint8_t address[LINK_HARDWARE_ADDRESS_MAX] = {2, 0, 0x5e, 0x10, 0, 0xff};
        char text[HARDWARE_ADDRESS_TEXT_SIZE];

        cr_assert(eq(str, (char *)hardware_address_format(address, 6, text),
                     (char *)"02:00:5e:10:00:ff"));
        cr_assert(eq(str, (char *)hardware_address_format(address, 1, text), (char *)"02"));
        cr_assert(eq(str, (char *)hardware_address_format(address, 0, text), (char *)""));
        cr_assert(eq(sz, strlen(hardware_address_format(address, sizeof(address), text)),
                     3 * sizeof(address) - 1));
}
