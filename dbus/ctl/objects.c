/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "objects.h"

#include <string.h>

#include "bus_dict.h"
#include "cleanup.h"
#include "must.h"
#include "names.h"

int objects_get_properties(struct ctl *ctl, const struct service *service, const char *path,
                           const char *interface, uint64_t timeout_usec, json_object **ret,
                           sd_bus_error *ret_error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        m = bus_method_of(ctl, service, path, "org.freedesktop.DBus.Properties", "GetAll");
        must(sd_bus_message_append(m, "s", interface));
        r = sd_bus_call(ctl->bus, m, timeout_usec, ret_error, &reply);
        if (r < 0)
                return r;
        r = value_read(reply, ret);
        return r < 0 ? sd_bus_error_set_errno(ret_error, r) : 0;
}

/* Object paths as keys become an array whose elements have their path as "object". */
static json_object *list_objects(json_object *objects) {
        json_object *list = value_array();

        json_object_object_foreach(objects, path, properties) {
                value_put_string(properties, "object", path);
                value_push(list, json_object_get(properties));
        }
        return list;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(value_string(*(json_object *const *)a, "name"),
                      value_string(*(json_object *const *)b, "name"));
}

int objects_get_channels(struct ctl *ctl, uint64_t timeout_usec, json_object **ret,
                         sd_bus_error *ret_error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(json_object_putp) json_object *objects = NULL;
        CLEANUP(json_object_putp) json_object *channels = value_object();
        json_object *properties;
        int r;

        m = bus_method_of(ctl, &agent_service, AGENT_PATH, "org.freedesktop.DBus.ObjectManager",
                          "GetManagedObjects");
        r = sd_bus_call(ctl->bus, m, timeout_usec, ret_error, &reply);
        if (r < 0)
                return r;
        r = value_read(reply, &objects);
        if (r < 0)
                return sd_bus_error_set_errno(ret_error, r);
        json_object_object_foreach(objects, path, interfaces) {
                if (json_object_object_get_ex(interfaces, AGENT_CHANNEL_INTERFACE, &properties))
                        value_put(channels, path, json_object_get(properties));
        }
        *ret = list_objects(channels);
        json_object_array_sort(*ret, compare_names);
        return 0;
}

static int compare_indices(const void *a, const void *b) {
        uint64_t left = value_number(*(json_object *const *)a, "index");
        uint64_t right = value_number(*(json_object *const *)b, "index");

        return left < right ? -1 : left > right;
}

static int read_snapshot(sd_bus_message *reply, json_object **ret) {
        CLEANUP(json_object_putp) json_object *snapshot = value_object();
        CLEANUP(json_object_putp) json_object *objects = NULL;
        json_object *manager = NULL, *links;
        uint64_t serial;
        int r;

        r = sd_bus_message_read(reply, "t", &serial);
        if (r < 0)
                return r;
        r = value_read(reply, &manager);
        if (r < 0)
                return r;
        value_put_number(snapshot, "serial", serial);
        value_put(snapshot, "properties", manager);
        r = value_read(reply, &objects);
        if (r < 0)
                return r;
        links = list_objects(objects);
        json_object_array_sort(links, compare_indices);
        value_put(snapshot, "interfaces", links);
        *ret = STEAL(snapshot);
        return 0;
}

json_object *objects_find_link(json_object *links, const char *name) {
        for (size_t i = 0; links && i < json_object_array_length(links); i++) {
                json_object *link = json_object_array_get_idx(links, i);

                if (strcmp(value_string(link, "name"), name) == 0)
                        return link;
        }
        return NULL;
}

int objects_get_network(struct ctl *ctl, bool hidden_too, uint64_t timeout_usec, json_object **ret,
                        sd_bus_error *ret_error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        m = bus_method(ctl, &netmon_service, "Snapshot");
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        if (hidden_too)
                must(bus_dict_put_bool(m, "all", true));
        must(sd_bus_message_close_container(m));
        r = sd_bus_call(ctl->bus, m, timeout_usec, ret_error, &reply);
        if (r < 0)
                return r;
        r = read_snapshot(reply, ret);
        return r < 0 ? sd_bus_error_set_errno(ret_error, r) : 0;
}
