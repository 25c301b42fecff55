/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages as they stand in D-Bus calls and replies. */

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "store.h"

struct channel;

/* Payloads over this are passed as a sealed memfd. */
#define BUS_PAYLOAD_MAX_BYTES 65536

/* A dictionary entry with a sealed memfd that holds the data. */
int bus_dict_put_memfd(sd_bus_message *m, const char *key, const void *data, size_t len);

/* Reads "aya{sv}", payload and options of Send, at the cursor into `ret`, which then owns a copy of
 * the payload. A negative errno with `error` set when anything is wrong with it. */
int bus_message_read(struct channel *channel, sd_bus_message *m, struct store_message *ret,
                     sd_bus_error *error);

/* One message of GetMessage and GetMessages as an a{sv}. */
int bus_message_append(sd_bus_message *m, const struct channel *channel, bool incoming,
                       const struct store_message *message);
