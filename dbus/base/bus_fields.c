/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_fields.h"

#include <stdbool.h>
#include <string.h>

static int read_value(sd_bus_message *m, const struct bus_field *field, void *value) {
        const char contents[2] = {field->type, '\0'};
        const char *text;
        int flag, r;

        r = sd_bus_message_verify_type(m, 'v', contents);
        if (r < 0)
                return r;
        if (r == 0)
                return sd_bus_message_skip(m, "v");
        if (field->type == 's' || field->type == 'o') {
                r = sd_bus_message_read(m, "v", contents, &text);
                if (r >= 0 && strlen(text) < field->size)
                        memcpy(value, text, strlen(text) + 1);
                return r;
        }
        if (field->type != 'b')
                return sd_bus_message_read(m, "v", contents, value);
        r = sd_bus_message_read(m, "v", contents, &flag);
        if (r >= 0)
                *(bool *)value = flag;
        return r;
}

int bus_field_take(sd_bus_message *m, const char *key, const struct bus_field *fields, size_t n,
                   void *base) {
        for (size_t i = 0; i < n; i++) {
                int r;

                if (strcmp(fields[i].key, key) != 0)
                        continue;
                r = read_value(m, &fields[i], (char *)base + fields[i].offset);
                return r < 0 ? r : 1;
        }
        return 0;
}
