/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_interface.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_location.h"
#include "bus_signal.h"
#include "cleanup.h"
#include "interface_property.h"
#include "names.h"
#include "property.h"
#include "world.h"

struct bus_interface {
        struct bus_interface_list *list;
        uint64_t id; /* of the link: its index may come to mean another */
        uint32_t index;
        char path[sizeof(NETMON_LINK_PATH) + 16];
        sd_bus_slot *slot;
        sd_bus_slot *location_slot;
};

struct bus_interface_list {
        sd_bus *bus;
        const struct world *world;
        struct bus_location *location;
        struct bus_signal *signal;
        struct bus_interface **objects; /* by index, as the links are */
        size_t n_objects;
};

static void format_path(uint32_t index, char *ret, size_t size) {
        (void)snprintf(ret, size, NETMON_LINK_PATH "/%u", index);
}

/* The object's link; NULL when it is gone. */
static struct link *object_link(const struct bus_interface *object) {
        struct link *link = model_find(&object->list->world->model, object->index);

        return link && link->id == object->id ? link : NULL;
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const struct bus_interface *object = userdata;
        const struct link *link = object_link(object);

        if (!link)
                return -ENOENT;
        return property_append(&interface_properties, reply, property, link, object->list->world);
}

static int method_subscribe_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const struct bus_interface *object = userdata;

        return bus_signal_subscribe(object->list->signal, m, ret_error);
}

static int method_unsubscribe_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const struct bus_interface *object = userdata;

        return bus_signal_unsubscribe(object->list->signal, m);
}

#define CHANGING(name, signature) \
        SD_BUS_PROPERTY(name, signature, get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define CONSTANT(name, signature) \
        SD_BUS_PROPERTY(name, signature, get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define VOLATILE(name, signature) SD_BUS_PROPERTY(name, signature, get_property, 0, 0)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CHANGING("Name", "s"),
        CHANGING("AlternativeNames", "as"),
        CONSTANT("Index", "i"),
        CHANGING("Type", "s"),
        CONSTANT("Kind", "s"),
        CONSTANT("Driver", "s"),
        CONSTANT("Bus", "s"),
        CHANGING("Up", "b"),
        CHANGING("Carrier", "b"),
        CHANGING("OperState", "s"),
        CHANGING("Usable", "b"),
        CHANGING("Since", "t"),
        CHANGING("CarrierChanges", "u"),
        CHANGING("Addresses", "a(susas)"),
        CHANGING("Mtu", "u"),
        CHANGING("HardwareAddress", "s"),
        CHANGING("Metered", "s"),
        CHANGING("MeteredSource", "s"),
        CHANGING("NetworkId", "s"),
        CHANGING("Signal", "i"),
        CHANGING("Frequency", "u"),
        VOLATILE("BitRate", "u"),
        CHANGING("CaptivePortal", "s"),
        CHANGING("Nat64Prefix", "s"),
        CHANGING("Operator", "s"),
        CHANGING("AccessTechnology", "s"),
        CHANGING("SignalQuality", "u"),
        CHANGING("Registration", "s"),
        CHANGING("Roaming", "b"),
        VOLATILE("RxBytes", "t"),
        VOLATILE("TxBytes", "t"),
        SD_BUS_METHOD_WITH_ARGS("SubscribeSignal", SD_BUS_ARGS("u", seconds), SD_BUS_NO_RESULT,
                                method_subscribe_signal, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("UnsubscribeSignal", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_unsubscribe_signal, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void object_free(struct bus_interface *object) {
        sd_bus_slot_unref(object->location_slot);
        sd_bus_slot_unref(object->slot);
        free(object);
}

static int object_new(struct bus_interface_list *list, const struct link *link,
                      struct bus_interface **ret) {
        struct bus_interface *object = calloc(1, sizeof(*object));
        int r;

        if (!object)
                return -ENOMEM;
        object->list = list;
        object->id = link->id;
        object->index = link->facts.index;
        format_path(object->index, object->path, sizeof(object->path));
        r = sd_bus_add_object_vtable(list->bus, &object->slot, object->path, NETMON_LINK_INTERFACE,
                                     vtable, object);
        if (r >= 0)
                r = bus_location_add(list->location, object->path, &object->location_slot);
        if (r < 0) {
                object_free(object);
                return r;
        }
        *ret = object;
        return 0;
}

/* Takes an object off the bus, which is no more in the list. */
static void object_remove(struct bus_interface *object) {
        (void)sd_bus_emit_object_removed(object->list->bus, object->path);
        object_free(object);
}

/* Which objects stay: those whose links are there, or only those that are to be shown. */
enum stay {
        STAY_THERE,
        STAY_SHOWN,
};

/* Takes the others off the bus. Returns how many. */
static int remove_objects(struct bus_interface_list *list, enum stay stay) {
        size_t n_kept = 0;
        int n;

        for (size_t i = 0; i < list->n_objects; i++) {
                struct bus_interface *object = list->objects[i];
                const struct link *link = object_link(object);

                if (link && (stay == STAY_THERE || world_shows(list->world, link)))
                        list->objects[n_kept++] = object;
                else
                        object_remove(object);
        }
        n = (int)(list->n_objects - n_kept);
        list->n_objects = n_kept;
        return n;
}

static int add_object(struct bus_interface_list *list, size_t place, struct link *link) {
        struct bus_interface **objects, *object;
        int r;

        objects = reallocarray(list->objects, list->n_objects + 1, sizeof(*objects));
        if (!objects)
                return -ENOMEM;
        list->objects = objects;
        r = object_new(list, link, &object);
        if (r < 0)
                return r;
        memmove(objects + place + 1, objects + place, (list->n_objects - place) * sizeof(*objects));
        objects[place] = object;
        list->n_objects++;
        link->changed = 0;
        return sd_bus_emit_object_added(list->bus, object->path);
}

int bus_interface_list_new(sd_bus *bus, const struct world *world,
                           struct bus_interface_list **ret) {
        CLEANUP(bus_interface_list_freep)
        struct bus_interface_list *list = calloc(1, sizeof(*list));
        int r;

        if (!list)
                return -ENOMEM;
        list->bus = bus;
        list->world = world;
        r = bus_location_new(bus, world, &list->location);
        if (r < 0)
                return r;
        r = bus_signal_new(bus, world, &list->signal);
        if (r < 0)
                return r;
        *ret = STEAL(list);
        return 0;
}

void bus_interface_list_free(struct bus_interface_list *list) {
        if (!list)
                return;
        for (size_t i = 0; i < list->n_objects; i++)
                object_free(list->objects[i]);
        free(list->objects);
        bus_signal_free(list->signal);
        bus_location_free(list->location);
        free(list);
}

int bus_interface_list_publish(struct bus_interface_list *list) {
        int n = remove_objects(list, STAY_THERE);

        for (size_t i = 0; i < list->n_objects; i++) {
                struct bus_interface *object = list->objects[i];
                struct link *link = object_link(object);
                int r;

                r = property_emit_changed(&interface_properties, list->bus, object->path,
                                          link->changed, link, list->world);
                if (r < 0)
                        return r;
                link->changed = 0;
                n += r;
        }
        return n;
}

int bus_interface_list_select(struct bus_interface_list *list) {
        const struct world *world = list->world;
        int n = remove_objects(list, STAY_SHOWN);
        size_t place = 0;

        /* Both are in the order of their indices, and each object has a link. */
        for (size_t i = 0; i < world->model.n_links; i++) {
                struct link *link = world->model.links[i];
                int r;

                if (place < list->n_objects && list->objects[place]->id == link->id) {
                        place++;
                        continue;
                }
                if (!world_shows(world, link))
                        continue;
                r = add_object(list, place++, link);
                if (r < 0)
                        return r;
                n++;
        }
        return n;
}

int bus_interface_append_all(sd_bus_message *m, const struct world *world,
                             enum bus_interface_choice choice) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{oa{sv}}");
        if (r < 0)
                return r;
        for (size_t i = 0; i < world->model.n_links; i++) {
                const struct link *link = world->model.links[i];
                char path[sizeof(NETMON_LINK_PATH) + 16];

                if (choice == BUS_INTERFACE_SHOWN && !world_shows(world, link))
                        continue;
                format_path(link->facts.index, path, sizeof(path));
                r = sd_bus_message_open_container(m, 'e', "oa{sv}");
                if (r < 0)
                        return r;
                r = sd_bus_message_append_basic(m, 'o', path);
                if (r < 0)
                        return r;
                r = property_append_all(&interface_properties, m, link, world);
                if (r < 0)
                        return r;
                r = sd_bus_message_close_container(m);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}
