/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of OpenChannel as KEY=VALUE: which there are, their types, and how people write
 * them. */

#include <stddef.h>
#include <systemd/sd-bus.h>

enum options_form {
        OPTIONS_BOOL,     /* b: yes, no */
        OPTIONS_COUNT,    /* u or t: 100 */
        OPTIONS_DURATION, /* t: 30s */
        OPTIONS_SIZE,     /* t: 64K */
        OPTIONS_REAL,     /* d: 0.5 */
        OPTIONS_TEXT,     /* s */
        OPTIONS_BYTES,    /* ay: the text itself, or @FILE */
        OPTIONS_LIST,     /* as: one element each time, or @FILE with a line each */
        OPTIONS_PAIRS,    /* a{ss}: "Name: value" each time, or @FILE with a line each */
};

struct options_key {
        const char *name;
        const char *type; /* D-Bus signature */
        enum options_form form;
};

/* Ends with an empty row. */
extern const struct options_key options_keys[];

/* Appends an a{sv} of the `n` assignments. Returns 0, or -EINVAL with a sentence in `ret_problem`,
 * to be freed. Of a key given twice the last counts; elements of lists and pairs add up. */
int options_append(sd_bus_message *m, const char *const *assignments, size_t n, char **ret_problem);
