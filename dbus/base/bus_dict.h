/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reading and writing an a{sv}. All return 0 or a negative errno of sd-bus. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* Calls `take` for each entry of the a{sv} at the cursor, which then stands at the entry's variant:
 * `take` reads it or skips it. The first negative result ends it and is returned. */
typedef int (*bus_dict_take)(sd_bus_message *m, const char *key, void *userdata);
int bus_dict_read(sd_bus_message *m, bus_dict_take take, void *userdata);

/* Writing: one call for each entry, inside an open 'a' "{sv}" container. */
int bus_dict_put_string(sd_bus_message *m, const char *key, const char *value);
int bus_dict_put_bool(sd_bus_message *m, const char *key, bool value);
int bus_dict_put_i32(sd_bus_message *m, const char *key, int32_t value);
int bus_dict_put_u32(sd_bus_message *m, const char *key, uint32_t value);
int bus_dict_put_u64(sd_bus_message *m, const char *key, uint64_t value);
int bus_dict_put_bytes(sd_bus_message *m, const char *key, const void *data, size_t len);

/* For values that are containers: open writes the key and opens the variant of `signature`; the
 * caller appends one value of that signature, then closes. */
int bus_dict_open(sd_bus_message *m, const char *key, const char *signature);
int bus_dict_close(sd_bus_message *m);
