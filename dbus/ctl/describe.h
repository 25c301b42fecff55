/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Paths and channels in words. Each returns text to be freed. */

#include "moment.h"
#include "output.h"
#include "value.h"

/* "wlan0 (wifi), 192.168.1.17 via 192.168.1.1" */
char *describe_path(json_object *path);
enum style describe_path_style(json_object *path);

/* "192.168.1.17/24 fe80::1/64" */
char *describe_addresses(json_object *addresses);

/* "usable", "no carrier": what an interface object says of itself. */
const char *describe_link(json_object *link);
/* "ethernet", "cellular Example Mobile lte roaming"; to be freed. */
char *describe_link_type(json_object *link);
enum style describe_link_style(json_object *link);

/* What its router says of the network: "captive portal https://portal.example/, NAT64
 * 64:ff9b::/96",
 * "" for nothing; to be freed. */
char *describe_advert(json_object *link);

/* What follows the state of a channel: "attempt 4 in 8 s: connection refused", or its path. */
char *describe_channel(json_object *channel, const struct moment *at);
/* For the state of a channel, and the status of the agent. */
enum style describe_state_style(const char *state);

/* "for 5 min"; "" when it is not known. */
char *describe_since(uint64_t since_usec, const struct moment *at);
/* "backoff for 5 min" */
char *describe_state(const char *state, uint64_t since_usec, const struct moment *at);
