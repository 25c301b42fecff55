/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "describe.h"
#include "must.h"
#include "text.h"
#include "value.h"
#include "when.h"

#define SOURCE_COLUMNS 10
#define STATES_LISTED 3 /* more are counted */

static void print_json(const struct output *out, const char *source, json_object *details) {
        json_object *object = value_object();

        value_put_number(object, "time_realtime", moment_now().realtime_usec);
        value_put_string(object, "event", source);
        if (details)
                value_merge(object, details);
        output_json(out, object);
}

void event_print(const struct output *out, const char *source, json_object *details,
                 enum style style, const char *format, ...) {
        CLEANUP(json_object_putp) json_object *owned = details;
        CLEANUP(freep) char *text = NULL;
        CLEANUP(freep) char *head = NULL;
        char clock[WHEN_MAX];
        va_list ap;

        if (out->json) {
                print_json(out, source, owned);
                return;
        }
        va_start(ap, format);
        text = text_format_va(format, ap);
        va_end(ap);
        when_clock(moment_now().realtime_usec, clock);
        head = text_format("%s %-*s", clock, SOURCE_COLUMNS, source);
        output_text(out, STYLE_FAINT, head);
        output_line(out, style, "%s", text);
}

/* Of the best alternative; "" when there is none. */
static const char *first_interface(json_object *alternatives) {
        if (!alternatives || json_object_array_length(alternatives) == 0)
                return "";
        return value_string(json_object_array_get_idx(alternatives, 0), "interface");
}

/* "eth0 → wlan0 (wifi), 192.168.1.17 via 192.168.1.1; ", nothing when it is the same. */
static void append_family(char **text, const char *family, const char *key, json_object *before,
                          json_object *now, const char *alternatives) {
        json_object *old = json_object_object_get(before, key);
        json_object *new = json_object_object_get(now, key);
        const char *from = value_string(old, "interface"), *to = value_string(new, "interface");
        const char *other = first_interface(json_object_object_get(now, alternatives));
        CLEANUP(freep) char *way = describe_path(new);

        if (json_object_equal(old, new))
                return;
        if (strcmp(from, to) == 0)
                text_append(text, "%s %s", family, way);
        else
                text_append(text, "%s %s → %s", family, from[0] ? from : "none", way);
        if (!value_bool(new, "usable") && other[0])
                text_append(text, " (instead %s)", other);
        text_append(text, "; ");
}

char *event_path_text(json_object *before, json_object *now, json_object *reasons) {
        const char *from = value_string(before, "state"), *to = value_string(now, "state");
        uint64_t event_usec = value_number(now, "event_usec");
        uint64_t published_usec = value_number(now, "published_usec");
        char delay[WHEN_MAX], *text = text_format("%s", "");

        if (strcmp(from, to) != 0)
                text_append(&text, "%s → %s; ", from, to);
        append_family(&text, "ipv4", "primary4", before, now, "alternatives4");
        append_family(&text, "ipv6", "primary6", before, now, "alternatives6");
        for (size_t i = 0; i < json_object_array_length(reasons); i++)
                text_append(&text, "%s%s", i ? " " : "",
                            json_object_get_string(json_object_array_get_idx(reasons, i)));
        if (event_usec > 0 && published_usec >= event_usec) {
                when_length(published_usec - event_usec, delay);
                text_append(&text, ", told after %s", delay);
        }
        return text;
}

/* What changes all the time, or says nothing to people. */
static bool is_quiet(const char *key) {
        static const char *const keys[] = {
                "since",    "carrier_changes", "signal",   "signal_quality",
                "bit_rate", "rx_bytes",        "tx_bytes", "index"};

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (strcmp(keys[i], key) == 0)
                        return true;
        return false;
}

char *event_link_text(json_object *changed) {
        char *text = text_format("%s", "");

        json_object_object_foreach(changed, key, value) {
                CLEANUP(freep) char *addresses = NULL;
                const char *word = json_object_get_string(value);

                if (is_quiet(key))
                        continue;
                if (json_object_is_type(value, json_type_boolean))
                        word = json_object_get_boolean(value) ? "yes" : "no";
                if (strcmp(key, "addresses") == 0)
                        word = addresses = describe_addresses(value);
                text_append(&text, "%s%s %s", text[0] ? ", " : "", key, word[0] ? word : "none");
        }
        return text;
}

static size_t count_state(json_object *states, const char *state) {
        size_t n = 0;

        for (size_t i = 0; i < json_object_array_length(states); i++)
                n += strcmp(value_string(json_object_array_get_idx(states, i), "state"), state) ==
                     0;
        return n;
}

char *event_states_text(json_object *states) {
        static const char *const known[] = {"queued",   "sent",    "delivered",
                                            "rejected", "expired", "cancelled",
                                            "replaced", "dropped", "uncertain"};
        size_t n = json_object_array_length(states);
        char *text = text_format("%s", "");

        for (size_t i = 0; n <= STATES_LISTED && i < n; i++) {
                json_object *item = json_object_array_get_idx(states, i);
                const char *state = value_string(item, "state");
                const char *reason = value_string(item, "reason");

                if (strcmp(reason, state) == 0)
                        reason = "";
                text_append(&text, "%s%" PRIu64 " %s%s%s%s", i ? ", " : "",
                            value_number(item, "id"), state, reason[0] ? " (" : "", reason,
                            reason[0] ? ")" : "");
        }
        for (size_t i = 0; n > STATES_LISTED && i < sizeof(known) / sizeof(known[0]); i++)
                if (count_state(states, known[i]) > 0)
                        text_append(&text, "%s%zu %s", text[0] ? ", " : "",
                                    count_state(states, known[i]), known[i]);
        return text;
}
