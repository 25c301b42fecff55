/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon_decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_fields.h"
#include "names.h"

#define FIELD(key_, type_, struct_, member) \
        { key_, type_, offsetof(struct struct_, member), sizeof(((struct struct_ *)0)->member) }
#define TEXT(key_, member) FIELD(key_, 's', path, member)
#define VALUE(key_, type_, member) FIELD(key_, type_, path, member)

static const struct bus_field path_fields[] = {
        TEXT("destination", destination),
        TEXT("family", family),
        TEXT("interface", interface),
        VALUE("ifindex", 'i', ifindex),
        TEXT("type", type),
        TEXT("source", source),
        TEXT("gateway", gateway),
        VALUE("table", 'u', table),
        VALUE("metric", 'u', metric),
        VALUE("mtu", 'u', mtu),
        TEXT("metered", metered),
        VALUE("roaming", 'b', roaming),
        VALUE("usable", 'b', usable),
        TEXT("why", why),
        VALUE("since_usec", 't', since_usec),
};

#define N_PATH_FIELDS (sizeof(path_fields) / sizeof(path_fields[0]))

static int take_path(sd_bus_message *m, const char *key, void *userdata);

/* "nexthops": only which interfaces they are on. */
static int read_nexthops(sd_bus_message *m, struct path *path) {
        int r;

        r = sd_bus_message_enter_container(m, 'v', "aa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "a{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                struct path hop = {0};

                r = bus_dict_read(m, take_path, &hop);
                if (r < 0)
                        return r;
                if (hop.ifindex > 0 && path->n_nexthops < PATH_NEXTHOPS_MAX)
                        path->nexthops[path->n_nexthops++] = hop.ifindex;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

static int read_underlay(sd_bus_message *m, struct path *path) {
        struct path underlay = {0};
        int r;

        r = sd_bus_message_enter_container(m, 'v', "a{sv}");
        if (r < 0)
                return r;
        r = bus_dict_read(m, take_path, &underlay);
        if (r < 0)
                return r;
        path->underlay_ifindex = underlay.ifindex;
        memcpy(path->underlay_gateway, underlay.gateway, sizeof(path->underlay_gateway));
        return sd_bus_message_exit_container(m);
}

static int take_path(sd_bus_message *m, const char *key, void *userdata) {
        int r = bus_field_take(m, key, path_fields, N_PATH_FIELDS, userdata);

        if (r != 0)
                return r;
        if (strcmp(key, "nexthops") == 0 && sd_bus_message_verify_type(m, 'v', "aa{sv}") > 0)
                return read_nexthops(m, userdata);
        if (strcmp(key, "underlay") == 0 && sd_bus_message_verify_type(m, 'v', "a{sv}") > 0)
                return read_underlay(m, userdata);
        return sd_bus_message_skip(m, "v");
}

/* One aa{sv} at the cursor. */
static int read_alternatives(sd_bus_message *m, struct paths *paths) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "a{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                struct path path = {0};

                r = bus_dict_read(m, take_path, &path);
                if (r < 0)
                        return r;
                if (paths->n_alternatives < PATHS_ALTERNATIVES_MAX)
                        paths->alternatives[paths->n_alternatives++] = path;
        }
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

int netmon_decode_changed(sd_bus_message *m, struct paths *ret) {
        struct paths paths = {.known = true};
        int r;

        /* serial, reasons, event_usec, published_usec */
        r = sd_bus_message_skip(m, "tastt");
        if (r < 0)
                return r;
        r = bus_dict_read(m, take_path, &paths.selected);
        if (r < 0)
                return r;
        r = read_alternatives(m, &paths);
        if (r < 0)
                return r;
        *ret = paths;
        return 0;
}

static int take_watch_property(sd_bus_message *m, const char *name, void *userdata) {
        bool is_path = strcmp(name, "Path") == 0;
        struct paths *paths = userdata;
        int r;

        if (!is_path && strcmp(name, "Alternatives") != 0)
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', is_path ? "a{sv}" : "aa{sv}");
        if (r < 0)
                return r;
        r = is_path ? bus_dict_read(m, take_path, &paths->selected) : read_alternatives(m, paths);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

int netmon_decode_watch(sd_bus_message *m, struct paths *ret) {
        struct paths paths = {.known = true};
        int r;

        r = bus_dict_read(m, take_watch_property, &paths);
        if (r < 0)
                return r;
        *ret = paths;
        return 0;
}

/* "Addresses", a(susas). */
static int read_addresses(sd_bus_message *m, struct interface *interface) {
        const char *address;
        int r;

        interface->n_addresses = 0;
        r = sd_bus_message_enter_container(m, 'v', "a(susas)");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "(susas)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "susas")) > 0) {
                char(*addresses)[PATH_ADDRESS_MAX];

                r = sd_bus_message_read_basic(m, 's', &address);
                if (r < 0)
                        return r;
                addresses = reallocarray(interface->addresses, interface->n_addresses + 1,
                                         sizeof(*addresses));
                if (!addresses)
                        return -ENOMEM;
                interface->addresses = addresses;
                (void)snprintf(addresses[interface->n_addresses++], PATH_ADDRESS_MAX, "%s",
                               address);
                r = sd_bus_message_skip(m, "usas");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

static int take_interface_property(sd_bus_message *m, const char *key, void *userdata) {
        static const struct bus_field fields[] = {
                FIELD("Usable", 'b', interface, usable),
                FIELD("Name", 's', interface, name),
        };
        int r = bus_field_take(m, key, fields, sizeof(fields) / sizeof(fields[0]), userdata);

        if (r != 0)
                return r;
        if (strcmp(key, "Addresses") == 0 && sd_bus_message_verify_type(m, 'v', "a(susas)") > 0)
                return read_addresses(m, userdata);
        return sd_bus_message_skip(m, "v");
}

int netmon_decode_ifindex(const char *path) {
        static const char prefix[] = NETMON_LINK_PATH "/";
        unsigned long index;
        char *end;

        if (strncmp(path, prefix, sizeof(prefix) - 1) != 0)
                return -EINVAL;
        path += sizeof(prefix) - 1;
        index = strtoul(path, &end, 10);
        if (end == path || *end != '\0' || index == 0 || index > INT32_MAX)
                return -EINVAL;
        return (int)index;
}

/* An a{sa{sv}}, the interfaces of one object. */
static int read_object(sd_bus_message *m, const char *path, struct interfaces *list) {
        int ifindex = netmon_decode_ifindex(path);
        struct interface *interface;
        const char *name;
        int r;

        if (ifindex < 0)
                return sd_bus_message_skip(m, "a{sa{sv}}");
        interface = interfaces_put(list, ifindex);
        if (!interface)
                return -ENOMEM;
        r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read_basic(m, 's', &name);
                if (r < 0)
                        return r;
                if (strcmp(name, NETMON_LINK_INTERFACE) == 0)
                        r = bus_dict_read(m, take_interface_property, interface);
                else
                        r = sd_bus_message_skip(m, "a{sv}");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

int netmon_decode_object(sd_bus_message *m, struct interfaces *list) {
        const char *path;
        int r;

        r = sd_bus_message_read_basic(m, 'o', &path);
        if (r < 0)
                return r;
        return read_object(m, path, list);
}

int netmon_decode_objects(sd_bus_message *m, struct interfaces *list) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = netmon_decode_object(m, list);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

int netmon_decode_properties(sd_bus_message *m, struct interfaces *list) {
        int ifindex = netmon_decode_ifindex(sd_bus_message_get_path(m));
        struct interface *interface;
        int r;

        interface = interfaces_find(list, ifindex);
        if (!interface)
                return -ENOENT;
        r = sd_bus_message_skip(m, "s");
        if (r < 0)
                return r;
        return bus_dict_read(m, take_interface_property, interface);
}

static int encode_field(sd_bus_message *m, const struct bus_field *field, const struct path *path) {
        const void *value = (const char *)path + field->offset;

        switch (field->type) {
        case 's':
                /* No reason is given for what is usable; an empty gateway means on-link. */
                if (*(const char *)value == '\0' && strcmp(field->key, "gateway") != 0)
                        return 0;
                return bus_dict_put_string(m, field->key, value);
        case 'b':
                return bus_dict_put_bool(m, field->key, *(const bool *)value);
        case 'i':
                return bus_dict_put_i32(m, field->key, *(const int32_t *)value);
        case 'u':
                return bus_dict_put_u32(m, field->key, *(const uint32_t *)value);
        default:
                return bus_dict_put_u64(m, field->key, *(const uint64_t *)value);
        }
}

int netmon_encode_path(sd_bus_message *m, const struct path *path) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        for (size_t i = 0; path && i < N_PATH_FIELDS; i++) {
                r = encode_field(m, &path_fields[i], path);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}
