/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bus_dict.h"
#include "moment.h"
#include "names.h"

/* eth0 and wlan0 are there always; gone0 comes and goes. */
struct link {
        const char *name, *type, *path, *address, *gateway;
        int index;
        bool present, carrier;
};

static struct link links[] = {
        {"eth0", "ethernet", NETMON_LINK_PATH "/2", "192.0.2.2", "192.0.2.1", 2, true, true},
        {"wlan0", "wifi", NETMON_LINK_PATH "/3", "198.51.100.7", "198.51.100.1", 3, true, true},
        {"gone0", "virtual", NETMON_LINK_PATH "/4", "203.0.113.9", "", 4, false, true},
};

#define N_LINKS (sizeof(links) / sizeof(links[0]))

static uint64_t serial = 7;
static struct link *primary = &links[0];
static bool is_told_all;
/* Half a second of leisure until it reads otherwise. */
#define SINCE_USEC (moment_now().usec - 65500 * USEC_PER_MSEC)

static struct link *find(const char *name) {
        for (size_t i = 0; i < N_LINKS; i++)
                if (strcmp(links[i].name, name) == 0)
                        return &links[i];
        return NULL;
}

static int put_path(sd_bus_message *m, const char *destination, const struct link *link) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r < 0 || !link)
                return r < 0 ? r : sd_bus_message_close_container(m);
        (void)bus_dict_put_string(m, "destination", destination);
        (void)bus_dict_put_string(m, "family", "ipv4");
        (void)bus_dict_put_string(m, "interface", link->name);
        (void)bus_dict_put_i32(m, "ifindex", link->index);
        (void)bus_dict_put_string(m, "type", link->type);
        (void)bus_dict_put_string(m, "source", link->address);
        (void)bus_dict_put_string(m, "gateway", link->gateway);
        (void)bus_dict_put_u32(m, "table", 254);
        (void)bus_dict_put_u32(m, "metric", 100);
        (void)bus_dict_put_u32(m, "mtu", 1500);
        (void)bus_dict_put_string(m, "metered", "no");
        (void)bus_dict_put_bool(m, "usable", link->carrier);
        (void)bus_dict_put_string(m, "why", link->carrier ? "" : "carrier");
        if (is_told_all)
                (void)bus_dict_put_string(m, "losing", "gateway");
        (void)bus_dict_put_u64(m, "since_usec", SINCE_USEC);
        return sd_bus_message_close_container(m);
}

static int put_addresses(sd_bus_message *m, const struct link *link) {
        (void)sd_bus_message_open_container(m, 'a', "(susas)");
        (void)sd_bus_message_append(m, "(susas)", link->address, 24, "global", 1, "dynamic");
        return sd_bus_message_close_container(m);
}

static int put_link(sd_bus_message *m, const struct link *link) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        (void)bus_dict_put_string(m, "Name", link->name);
        (void)bus_dict_put_i32(m, "Index", link->index);
        (void)bus_dict_put_string(m, "Type", link->type);
        (void)bus_dict_put_bool(m, "Up", true);
        (void)bus_dict_put_bool(m, "Carrier", link->carrier);
        (void)bus_dict_put_string(m, "OperState", link->carrier ? "up" : "down");
        (void)bus_dict_put_bool(m, "Usable", link->carrier);
        (void)bus_dict_put_u64(m, "Since", SINCE_USEC);
        if (is_told_all && link == &links[0]) {
                (void)bus_dict_put_string(m, "CaptivePortal", "https://portal.example/api");
                (void)bus_dict_put_string(m, "Nat64Prefix", "64:ff9b::/96");
        }
        (void)bus_dict_open(m, "Addresses", "a(susas)");
        (void)put_addresses(m, link);
        (void)bus_dict_close(m);
        return sd_bus_message_close_container(m);
}

static const char *state(void) {
        return primary && primary->carrier ? "routed" : "local";
}

static int put_primary(sd_bus_message *m, const char *key, const struct link *link) {
        (void)bus_dict_open(m, key, "a{sv}");
        (void)put_path(m, "default4", link);
        return bus_dict_close(m);
}

static int method_snapshot(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r < 0)
                return r;
        (void)sd_bus_message_append(reply, "t", serial);
        (void)sd_bus_message_open_container(reply, 'a', "{sv}");
        (void)bus_dict_put_string(reply, "State", state());
        (void)bus_dict_put_u64(reply, "StateSince", SINCE_USEC);
        (void)put_primary(reply, "Primary4", primary);
        (void)put_primary(reply, "Primary6", NULL);
        (void)bus_dict_put_bool(reply, "AirplaneMode", is_told_all);
        (void)bus_dict_put_bool(reply, "PreparingForSleep", true);
        (void)sd_bus_message_close_container(reply);
        (void)sd_bus_message_open_container(reply, 'a', "{oa{sv}}");
        for (size_t i = 0; i < N_LINKS; i++) {
                if (!links[i].present)
                        continue;
                (void)sd_bus_message_open_container(reply, 'e', "oa{sv}");
                (void)sd_bus_message_append(reply, "o", links[i].path);
                (void)put_link(reply, &links[i]);
                (void)sd_bus_message_close_container(reply);
        }
        (void)sd_bus_message_close_container(reply);
        r = sd_bus_message_send(reply);
        sd_bus_message_unref(reply);
        return r;
}

static int method_get_path(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const struct link *other = primary == &links[0] ? &links[1] : &links[0];
        sd_bus_message *reply = NULL;
        const char *destination;
        int r = sd_bus_message_read(m, "s", &destination);

        if (r < 0)
                return r;
        if (strcmp(destination, "224.0.0.1") == 0)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
                                         "224.0.0.1 is a multicast address");
        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        (void)sd_bus_message_append(reply, "t", serial);
        (void)put_path(reply, destination, primary);
        (void)sd_bus_message_open_container(reply, 'a', "a{sv}");
        (void)put_path(reply, destination, other);
        (void)sd_bus_message_close_container(reply);
        r = sd_bus_message_send(reply);
        sd_bus_message_unref(reply);
        return r;
}

static int get_string(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s", strcmp(property, "Version") == 0 ? "0" : state());
}

static int get_preparing(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "b", 1);
}

static int get_since(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "t", SINCE_USEC);
}

static int get_primary(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return put_path(reply, "default4", strcmp(property, "Primary4") == 0 ? primary : NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_string, 0, 0),
        SD_BUS_PROPERTY("State", "s", get_string, 0, 0),
        SD_BUS_PROPERTY("PreparingForSleep", "b", get_preparing, 0, 0),
        SD_BUS_PROPERTY("StateSince", "t", get_since, 0, 0),
        SD_BUS_PROPERTY("Primary4", "a{sv}", get_primary, 0, 0),
        SD_BUS_PROPERTY("Primary6", "a{sv}", get_primary, 0, 0),
        SD_BUS_METHOD("Snapshot", "a{sv}", "ta{sv}a{oa{sv}}", method_snapshot,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetPath", "sa{sv}", "ta{sv}aa{sv}", method_get_path,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("PathChanged", "tasa{sv}a{sv}", 0),
        SD_BUS_VTABLE_END,
};

int fake_netmon_register(sd_bus *bus) {
        return sd_bus_add_object_vtable(bus, NULL, NETMON_PATH, NETMON_INTERFACE, vtable, NULL);
}

static int put_side(sd_bus_message *m, const struct link *link, bool now) {
        (void)sd_bus_message_open_container(m, 'a', "{sv}");
        (void)put_primary(m, "primary4", link);
        (void)put_primary(m, "primary6", NULL);
        (void)bus_dict_put_string(m, "state", state());
        (void)bus_dict_put_string(m, "metered", "no");
        if (now) {
                (void)bus_dict_put_u64(m, "event_usec", moment_now().usec - 350);
                (void)bus_dict_put_u64(m, "published_usec", moment_now().usec);
        }
        return sd_bus_message_close_container(m);
}

int fake_netmon_path(sd_bus *bus, const char *interface) {
        struct link *before = primary, *now = interface[0] ? find(interface) : primary;
        sd_bus_message *m = NULL;
        int r;

        if (!now)
                return -EINVAL;
        primary = now;
        r = sd_bus_message_new_signal(bus, &m, NETMON_PATH, NETMON_INTERFACE, "PathChanged");
        if (r < 0)
                return r;
        (void)sd_bus_message_append(m, "tas", interface[0] ? ++serial : 1, 2, "carrier", "route");
        (void)put_side(m, before, false);
        (void)put_side(m, now, true);
        r = sd_bus_send(bus, m, NULL);
        sd_bus_message_unref(m);
        return r;
}

void fake_netmon_tell(bool all) {
        is_told_all = all;
}

static int signal_presence(sd_bus *bus, struct link *link, bool present) {
        sd_bus_message *m = NULL;
        int r;

        link->present = present;
        r = sd_bus_message_new_signal(bus, &m, NETMON_PATH, "org.freedesktop.DBus.ObjectManager",
                                      present ? "InterfacesAdded" : "InterfacesRemoved");
        if (r < 0)
                return r;
        (void)sd_bus_message_append(m, "o", link->path);
        if (present) {
                (void)sd_bus_message_open_container(m, 'a', "{sa{sv}}");
                (void)sd_bus_message_open_container(m, 'e', "sa{sv}");
                (void)sd_bus_message_append(m, "s", NETMON_LINK_INTERFACE);
                (void)put_link(m, link);
                (void)sd_bus_message_close_container(m);
                (void)sd_bus_message_close_container(m);
        } else {
                (void)sd_bus_message_append(m, "as", 1, NETMON_LINK_INTERFACE);
        }
        r = sd_bus_send(bus, m, NULL);
        sd_bus_message_unref(m);
        return r;
}

int fake_netmon_link(sd_bus *bus, const char *interface, int carrier) {
        struct link *link = find(interface);

        if (!link)
                return -EINVAL;
        if (strcmp(interface, "gone0") == 0)
                return signal_presence(bus, link, carrier);
        link->carrier = carrier;
        return sd_bus_emit_signal(bus, link->path, "org.freedesktop.DBus.Properties",
                                  "PropertiesChanged", "sa{sv}as", NETMON_LINK_INTERFACE, 3,
                                  "Carrier", "b", carrier, "OperState", "s",
                                  carrier ? "up" : "down", "Usable", "b", carrier, 0);
}
