/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_location.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_error.h"
#include "bus_guard.h"
#include "cleanup.h"
#include "hardware_address.h"
#include "names.h"
#include "world.h"

struct bus_location {
        sd_bus *bus;
        const struct world *world;
        struct bus_guard *guard;
};

/* What is not known is not there. */
static int append_place(sd_bus_message *m, const struct link *link) {
        const struct network_place *place = &link->place;
        char text[HARDWARE_ADDRESS_TEXT_SIZE];
        int r;

        if (place->ssid_len > 0) {
                r = bus_dict_put_bytes(m, "ssid", place->ssid, place->ssid_len);
                if (r < 0)
                        return r;
        }
        if (link->wifi.is_managed) {
                r = bus_dict_put_string(
                        m, "bssid",
                        hardware_address_format(link->wifi.bssid, WIFI_BSSID_LEN, text));
                if (r < 0)
                        return r;
        }
        if (place->gateway_address_len > 0) {
                r = bus_dict_put_string(m, "gateway-hardware-address",
                                        hardware_address_format(place->gateway_address,
                                                                place->gateway_address_len, text));
                if (r < 0)
                        return r;
        }
        if (link->hint.cell_id[0] != '\0') {
                r = bus_dict_put_string(m, "cell-id", link->hint.cell_id);
                if (r < 0)
                        return r;
        }
        if (link->hint.connection[0] != '\0') {
                r = bus_dict_put_string(m, "connection", link->hint.connection);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int reply(sd_bus_message *call, const struct link *link) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_return(call, &m);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = append_place(m, link);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return sd_bus_send(NULL, m, NULL);
}

/* The interface may have gone while the caller was looked at. */
static const struct link *find_link(const struct world *world, const char *path) {
        return model_find(&world->model,
                          (uint32_t)strtoul(path + strlen(NETMON_LINK_PATH "/"), NULL, 10));
}

static void on_checked(sd_bus_message *call, bool is_allowed, void *userdata) {
        const struct bus_location *location = userdata;
        const struct link *link = find_link(location->world, sd_bus_message_get_path(call));
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (!is_allowed)
                (void)sd_bus_error_set(
                        &error, SD_BUS_ERROR_ACCESS_DENIED,
                        "Where the machine is, is for root, the group " BUS_GUARD_GROUP
                        " and who sits at it");
        else if (!link)
                (void)sd_bus_error_set(&error, SD_BUS_ERROR_UNKNOWN_OBJECT,
                                       "The interface is gone");
        else if (reply(call, link) < 0)
                (void)sd_bus_error_set(&error, SD_BUS_ERROR_FAILED, "No memory");
        if (sd_bus_error_is_set(&error))
                (void)sd_bus_reply_method_error(call, &error);
}

static int method_get_location(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_location *location = userdata;

        return bus_guard_check(location->guard, m, ret_error);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("GetLocation", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", location),
                                method_get_location, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int bus_location_add(struct bus_location *location, const char *path, sd_bus_slot **ret) {
        return sd_bus_add_object_vtable(location->bus, ret, path, NETMON_LOCATION_INTERFACE, vtable,
                                        location);
}

int bus_location_new(sd_bus *bus, const struct world *world, struct bus_location **ret) {
        struct bus_location *location = calloc(1, sizeof(*location));
        int r;

        if (!location)
                return -ENOMEM;
        location->bus = bus;
        location->world = world;
        r = bus_guard_new(bus, on_checked, location, &location->guard);
        if (r < 0) {
                free(location);
                return r;
        }
        *ret = location;
        return 0;
}

void bus_location_free(struct bus_location *location) {
        if (!location)
                return;
        bus_guard_free(location->guard);
        free(location);
}
