/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What logind says of sleep, as long as it is on the bus. */

#include <systemd/sd-bus.h>

#include "suspend.h"

struct logind;

typedef void (*logind_handler)(enum suspend_word word, void *userdata);

/* For one bus connection; borrows it. */
int logind_new(sd_bus *bus, logind_handler handler, void *userdata, struct logind **ret);
void logind_free(struct logind *logind);

static inline void logind_freep(struct logind **logind) {
        logind_free(*logind);
}
