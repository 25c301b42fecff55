/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What came over the bus as one kind of value, json-c's, for people and programs alike.
 *
 * Keys of an a{sv} become snake_case ("StateSince" and "state-since" are "state_since"), known
 * tuples become objects with named fields, a UUID becomes its text, and a payload in a memfd stands
 * under "payload" like any other. Bytes are strings that need not be UTF-8; times are the
 * contract's microseconds (publish.h makes them fit for JSON). */

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define VALUE_KEY_MAX 256

/* Reads one complete value where the message stands. Returns 0, or a negative errno of sd-bus. */
int value_read(sd_bus_message *m, json_object **ret);
/* The same for a value with a name: tuples under it are objects when the name is known. */
int value_read_as(sd_bus_message *m, const char *name, json_object **ret);

/* Writes the name that `key` has here. Returns `name`. */
const char *value_key(const char *key, char name[VALUE_KEY_MAX]);

/* Members of an object; when there is none, or no such object, "", 0 and false. Borrowed. */
const char *value_string(json_object *object, const char *key);
uint64_t value_number(json_object *object, const char *key);
bool value_bool(json_object *object, const char *key);

/* Copies the members of `from` into `to`. */
void value_merge(json_object *to, json_object *from);

/* A new empty object, and array. */
json_object *value_object(void);
json_object *value_array(void);

/* Adds a member, or an element; takes the value. */
void value_put(json_object *object, const char *key, json_object *value);
void value_put_string(json_object *object, const char *key, const char *text);
void value_put_number(json_object *object, const char *key, uint64_t number);
void value_push(json_object *array, json_object *value);

static inline void json_object_putp(json_object **object) {
        json_object_put(*object);
}
