/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_sender.h"

#include <string.h>

bool bus_sender_is(sd_bus_message *m, const char *name) {
        const char *sender = sd_bus_message_get_sender(m);

        return sender && strcmp(sender, name) == 0;
}
