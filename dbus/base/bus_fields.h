/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Entries of another service's a{sv}, read into a struct by a table. */

#include <stddef.h>
#include <systemd/sd-bus.h>

struct bus_field {
        const char *key;
        char type;     /* of D-Bus: s, o, u, i, t, b */
        size_t offset; /* in the struct; an s or o is a char array there, a b is a bool */
        size_t size;   /* of the array */
};

/* For bus_dict_read(): 1 when the table has the key, and the entry has been read; a value of
 * another type, or a text that does not fit, leaves the struct as it is. 0 when it has not, and
 * nothing was read. */
int bus_field_take(sd_bus_message *m, const char *key, const struct bus_field *fields, size_t n,
                   void *base);
