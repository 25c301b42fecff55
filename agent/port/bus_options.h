/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reading the a{sv} of a method call. All return 0 or a negative errno with `ret` set to
 * org.wherry.Error.InvalidOption and a sentence that names the key. */

#include <systemd/sd-bus.h>

#include "options.h"

/* One key that a method knows. */
struct bus_option {
        const char *key;
        const char *type; /* D-Bus signature: b u t s ay */
        void *value;      /* bool *, uint32_t *, uint64_t *, const char **, struct bus_bytes * */
        bool *given;      /* set to true when the key is there; may be NULL */
};

/* Borrowed from the message. */
struct bus_bytes {
        const void *data;
        size_t len;
};

/* Reads the dictionary at the cursor into the values of a table that ends with a NULL key; values
 * of keys that are not there are left as they are. */
int bus_options_read(sd_bus_message *m, const struct bus_option *table, sd_bus_error *ret);

/* Sets channel options from the dictionary at the cursor; `o` is a copy that is thrown away on
 * failure. */
int bus_options_read_channel(sd_bus_message *m, struct channel_options *o, sd_bus_error *ret);
