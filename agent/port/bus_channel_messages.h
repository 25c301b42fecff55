/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods of org.wherry.Agent1.Channel that are about messages; `userdata` is the channel. */

#include <systemd/sd-bus.h>

int method_send(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_send_many(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_flush(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_retry(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_discard(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_get_message(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_get_messages(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_unsubscribe(sd_bus_message *m, void *userdata, sd_bus_error *error);
int method_acknowledge(sd_bus_message *m, void *userdata, sd_bus_error *error);
