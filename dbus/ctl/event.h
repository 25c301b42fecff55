/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One line of the monitor: what happened, for people or as JSON. */

#include "output.h"

/* `source` is a word for what it is about ("channel"); `details` are the other members of the JSON
 * object, taken; NULL: none. The rest is the text for people. */
void event_print(const struct output *out, const char *source, json_object *details,
                 enum style style, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Texts to be freed. Of a PathChanged, from its two dictionaries and reasons: */
char *event_path_text(json_object *before, json_object *now, json_object *reasons);
/* Of changed properties of an interface: "carrier no, usable no"; "" when none matters. */
char *event_link_text(json_object *changed);
/* Of a list of {id, state, reason}. */
char *event_states_text(json_object *states);
