/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "must.h"
#include "text.h"
#include "value.h"
#include "when.h"

enum clock {
        BOOTTIME,
        REALTIME,
};

static const struct time_key {
        const char *key;
        const char *name;
        enum clock clock;
} times[] = {
        {"since", "since", BOOTTIME},
        {"since_usec", "since", BOOTTIME},
        {"state_since", "state_since", BOOTTIME},
        {"status_since", "status_since", BOOTTIME},
        {"connectivity_since", "connectivity_since", BOOTTIME},
        {"next_attempt", "next_attempt", BOOTTIME},
        {"last_sent", "last_sent", BOOTTIME},
        {"last_received", "last_received", BOOTTIME},
        {"event_usec", "event_time", BOOTTIME},
        {"published_usec", "published_time", BOOTTIME},
        {"time_realtime", "time", REALTIME},
        {"created_realtime", "created", REALTIME},
        {"received_realtime", "received", REALTIME},
        {"expires_realtime", "expires", REALTIME},
        {"not_before_realtime", "not_before", REALTIME},
};

static json_object *publish_value(json_object *value, const struct moment *at);

static const struct time_key *find_time(const char *key, json_object *value) {
        if (!json_object_is_type(value, json_type_int))
                return NULL;
        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
                if (strcmp(times[i].key, key) == 0)
                        return &times[i];
        return NULL;
}

static json_object *publish_time(uint64_t usec, enum clock clock, const struct moment *at) {
        char text[WHEN_MAX];

        if (usec == 0 || usec == USEC_NEVER)
                return NULL;
        when_rfc3339(clock == BOOTTIME ? when_realtime(usec, at) : usec, text);
        return MUST_HAVE(json_object_new_string(text));
}

static char *base64(const uint8_t *data, size_t len) {
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        char *text = MUST_HAVE(malloc((len + 2) / 3 * 4 + 1)), *to = text;

        for (size_t i = 0; i < len; i += 3) {
                size_t n = len - i < 3 ? len - i : 3;
                uint32_t bits = (uint32_t)data[i] << 16;

                bits |= n > 1 ? (uint32_t)data[i + 1] << 8 : 0;
                bits |= n > 2 ? data[i + 2] : 0;
                for (size_t digit = 0; digit < 4; digit++)
                        *to++ = digit <= n ? digits[bits >> (18 - 6 * digit) & 63] : '=';
        }
        *to = '\0';
        return text;
}

static void publish_member(json_object *object, const char *key, json_object *value,
                           const struct moment *at) {
        const struct time_key *time = find_time(key, value);
        CLEANUP(freep) char *name = NULL;
        CLEANUP(freep) char *text = NULL;
        size_t len;

        if (time) {
                value_put(object, time->name,
                          publish_time(json_object_get_uint64(value), time->clock, at));
                return;
        }
        len = json_object_is_type(value, json_type_string)
                      ? (size_t)json_object_get_string_len(value)
                      : 0;
        if (len > 0 && !text_is_utf8(json_object_get_string(value), len)) {
                text = base64((const uint8_t *)json_object_get_string(value), len);
                name = text_format("%s_base64", key);
                value_put_string(object, name, text);
                return;
        }
        value_put(object, key, publish_value(value, at));
}

static json_object *publish_value(json_object *value, const struct moment *at) {
        json_object *copy;

        if (json_object_is_type(value, json_type_object)) {
                copy = value_object();
                json_object_object_foreach(value, key, member)
                        publish_member(copy, key, member, at);
                return copy;
        }
        if (json_object_is_type(value, json_type_array)) {
                copy = value_array();
                for (size_t i = 0; i < json_object_array_length(value); i++)
                        value_push(copy, publish_value(json_object_array_get_idx(value, i), at));
                return copy;
        }
        return json_object_get(value);
}

json_object *publish(json_object *value) {
        struct moment at = moment_now();

        return publish_value(value, &at);
}
