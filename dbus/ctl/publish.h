/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A value of value.h as the JSON that programs read. */

#include <json-c/json_object.h>

/* A new value: times of the contract are RFC 3339 in UTC ("since", null for never), and a string
 * that is not UTF-8 stands in base64 under KEY_base64. */
json_object *publish(json_object *value);
