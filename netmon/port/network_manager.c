/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network_manager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_fields.h"
#include "bus_objects.h"
#include "cleanup.h"

#define DEVICES_MAX 256 /* it makes one of every veth, too */
#define DEVICE "org.freedesktop.NetworkManager.Device"
#define ACTIVE "org.freedesktop.NetworkManager.Connection.Active"

struct network_manager {
        struct bus_objects *objects;
        network_manager_handler handler;
        void *userdata;
        struct nm_device *devices;
        size_t n_devices;
};

#define FIELD(key_, type_, member) \
        { key_, type_, offsetof(struct nm_device, member), sizeof(((struct nm_device *)0)->member) }

static const struct bus_field device_fields[] = {
        FIELD("Interface", 's', interface),
        FIELD("IpInterface", 's', ip_interface),
        FIELD("Udi", 's', udi),
        FIELD("Metered", 'u', metered),
        FIELD("ActiveConnection", 'o', active),
};

static const struct bus_field active_fields[] = {
        FIELD("Id", 's', connection),
};

static struct nm_device *find_path(const struct network_manager *nm, const char *path) {
        for (size_t i = 0; i < nm->n_devices; i++)
                if (strcmp(nm->devices[i].path, path) == 0)
                        return &nm->devices[i];
        return NULL;
}

static struct nm_device *add(struct network_manager *nm, const char *path) {
        struct nm_device *devices;

        if (nm->n_devices == DEVICES_MAX || strlen(path) >= sizeof(devices->path))
                return NULL;
        devices = reallocarray(nm->devices, nm->n_devices + 1, sizeof(*devices));
        if (!devices)
                return NULL;
        nm->devices = devices;
        devices[nm->n_devices] = (struct nm_device){};
        memcpy(devices[nm->n_devices].path, path, strlen(path) + 1);
        return &devices[nm->n_devices++];
}

static int take_device_entry(sd_bus_message *m, const char *key, void *userdata) {
        int r = bus_field_take(m, key, device_fields,
                               sizeof(device_fields) / sizeof(device_fields[0]), userdata);

        return r == 0 ? sd_bus_message_skip(m, "v") : r;
}

static int take_active_entry(sd_bus_message *m, const char *key, void *userdata) {
        int r = bus_field_take(m, key, active_fields,
                               sizeof(active_fields) / sizeof(active_fields[0]), userdata);

        return r == 0 ? sd_bus_message_skip(m, "v") : r;
}

static int take_device(struct network_manager *nm, const char *path, sd_bus_message *m) {
        struct nm_device *device = find_path(nm, path);
        char was_active[sizeof(device->active)];
        int r;

        if (!device)
                device = add(nm, path);
        if (!device)
                return sd_bus_message_skip(m, "a{sv}");
        memcpy(was_active, device->active, sizeof(was_active));
        r = bus_dict_read(m, take_device_entry, device);
        if (strcmp(was_active, device->active) == 0)
                return r;
        device->connection[0] = '\0';
        if (strlen(device->active) > 1)
                bus_objects_ask(nm->objects, device->active, ACTIVE);
        return r;
}

/* A connection may be on several devices, as on the ports of a bond. */
static int take_active(struct network_manager *nm, const char *path, sd_bus_message *m) {
        struct nm_device told = {};
        int r = bus_dict_read(m, take_active_entry, &told);

        if (r < 0)
                return r;
        for (size_t i = 0; i < nm->n_devices; i++)
                if (strcmp(nm->devices[i].active, path) == 0 && told.connection[0] != '\0')
                        memcpy(nm->devices[i].connection, told.connection, sizeof(told.connection));
        return 0;
}

static int take(const char *path, const char *interface, sd_bus_message *m, void *userdata) {
        if (strcmp(interface, DEVICE) == 0)
                return take_device(userdata, path, m);
        return take_active(userdata, path, m);
}

static void removed(const char *path, void *userdata) {
        struct network_manager *nm = userdata;
        struct nm_device *device;

        if (!path) {
                free(STEAL(nm->devices));
                nm->n_devices = 0;
                return;
        }
        device = find_path(nm, path);
        if (device)
                *device = nm->devices[--nm->n_devices];
}

static void changed(void *userdata) {
        struct network_manager *nm = userdata;

        nm->handler(nm->userdata);
}

static const struct bus_objects_type type = {
        .name = "org.freedesktop.NetworkManager",
        .manager = "/org/freedesktop",
        .prefix = "/org/freedesktop/NetworkManager/Devices/",
        .interfaces = {DEVICE, NULL},
        .take = take,
        .removed = removed,
        .changed = changed,
};

int network_manager_new(sd_bus *bus, network_manager_handler handler, void *userdata,
                        struct network_manager **ret) {
        CLEANUP(network_manager_freep) struct network_manager *nm = calloc(1, sizeof(*nm));
        int r;

        if (!nm)
                return -ENOMEM;
        nm->handler = handler;
        nm->userdata = userdata;
        r = bus_objects_new(bus, &type, nm, &nm->objects);
        if (r < 0)
                return r;
        *ret = STEAL(nm);
        return 0;
}

void network_manager_free(struct network_manager *nm) {
        if (!nm)
                return;
        bus_objects_free(nm->objects);
        free(nm->devices);
        free(nm);
}

const struct nm_device *network_manager_find(const struct network_manager *nm, const char *name) {
        const struct nm_device *found = NULL;

        for (size_t i = 0; i < nm->n_devices; i++) {
                const struct nm_device *device = &nm->devices[i];

                if (strcmp(device->ip_interface, name) == 0)
                        return device;
                if (strcmp(device->interface, name) == 0)
                        found = device;
        }
        return found;
}
