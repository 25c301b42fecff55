/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_reasons.h"

#include "reasons.h"

int bus_reasons_append(sd_bus_message *m, unsigned reasons) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        if (r < 0)
                return r;
        for (unsigned i = 0; i < REASON_COUNT; i++) {
                if (!(reasons & (1u << i)))
                        continue;
                r = sd_bus_message_append_basic(m, 's', reason_to_string((enum reason)(1u << i)));
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}
