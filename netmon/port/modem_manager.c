/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem_manager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_fields.h"
#include "bus_objects.h"
#include "cleanup.h"

#define MODEMS_MAX 16
#define MODEM "org.freedesktop.ModemManager1.Modem"
#define MODEM_3GPP "org.freedesktop.ModemManager1.Modem.Modem3gpp"
#define LOCATION "org.freedesktop.ModemManager1.Modem.Location"
#define BEARER "org.freedesktop.ModemManager1.Bearer"

#define PORT_NET 2 /* MM_MODEM_PORT_TYPE_NET */
#define REGISTRATION_STATE_UNKNOWN 4
#define LOCATION_3GPP_LAC_CI 1 /* MM_MODEM_LOCATION_SOURCE_3GPP_LAC_CI */

struct modem_manager {
        struct bus_objects *objects;
        modem_manager_handler handler;
        void *userdata;
        struct mm_modem modems[MODEMS_MAX];
        size_t n_modems;
};

#define FIELD(type_, key_, kind, member) \
        { key_, kind, offsetof(struct type_, member), sizeof(((struct type_ *)0)->member) }

static const struct bus_field modem_fields[] = {
        FIELD(mm_modem, "AccessTechnologies", 'u', technologies),
};

static const struct bus_field modem_3gpp_fields[] = {
        FIELD(mm_modem, "OperatorName", 's', operator_name),
        FIELD(mm_modem, "RegistrationState", 'u', registration_state),
};

static const struct bus_field bearer_fields[] = {
        FIELD(mm_bearer, "Interface", 's', interface),
        FIELD(mm_bearer, "Connected", 'b', is_connected),
};

static struct mm_modem *find_path(struct modem_manager *mm, const char *path) {
        for (size_t i = 0; i < mm->n_modems; i++)
                if (strcmp(mm->modems[i].path, path) == 0)
                        return &mm->modems[i];
        return NULL;
}

static struct mm_modem *find_or_add(struct modem_manager *mm, const char *path) {
        struct mm_modem *modem = find_path(mm, path);

        if (modem || mm->n_modems == MODEMS_MAX || strlen(path) >= sizeof(modem->path))
                return modem;
        modem = &mm->modems[mm->n_modems++];
        *modem = (struct mm_modem){.registration_state = REGISTRATION_STATE_UNKNOWN};
        memcpy(modem->path, path, strlen(path) + 1);
        return modem;
}

/* a(su): those that are network interfaces. */
static int read_ports(sd_bus_message *m, struct mm_modem *modem) {
        const char *name;
        uint32_t kind;
        int r;

        modem->n_ports = 0;
        r = sd_bus_message_enter_container(m, 'v', "a(su)");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "(su)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(su)", &name, &kind)) > 0)
                if (kind == PORT_NET && strlen(name) < IFNAMSIZ && modem->n_ports < MODEM_LINKS_MAX)
                        memcpy(modem->ports[modem->n_ports++], name, strlen(name) + 1);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static struct mm_bearer *find_bearer(struct mm_modem *modem, const char *path) {
        for (size_t i = 0; i < modem->n_bearers; i++)
                if (strcmp(modem->bearers[i].path, path) == 0)
                        return &modem->bearers[i];
        return NULL;
}

/* ao: bearers are not in the object manager, so that of each new one is asked. */
static int read_bearers(sd_bus_message *m, struct mm_modem *modem) {
        struct mm_modem was = *modem;
        const char *path;
        int r;

        modem->n_bearers = 0;
        r = sd_bus_message_enter_container(m, 'v', "ao");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "o");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read_basic(m, 'o', &path)) > 0) {
                const struct mm_bearer *known = find_bearer(&was, path);
                struct mm_bearer *bearer = &modem->bearers[modem->n_bearers];

                if (modem->n_bearers == MODEM_LINKS_MAX || strlen(path) >= sizeof(bearer->path))
                        continue;
                *bearer = known ? *known : (struct mm_bearer){};
                memcpy(bearer->path, path, strlen(path) + 1);
                modem->n_bearers++;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_signal_quality(sd_bus_message *m, struct mm_modem *modem) {
        uint32_t percent;
        int is_recent, r;

        r = sd_bus_message_read(m, "v", "(ub)", &percent, &is_recent);
        if (r >= 0 && percent <= 100)
                modem->signal_quality = percent;
        return r;
}

static int read_cell(sd_bus_message *m, struct mm_modem *modem) {
        const char *cell;
        int r;

        r = sd_bus_message_read(m, "v", "s", &cell);
        if (r >= 0 && strlen(cell) < sizeof(modem->cell_id))
                memcpy(modem->cell_id, cell, strlen(cell) + 1);
        return r;
}

/* a{uv}: what is known of the place by each way to find out. */
static int read_places(sd_bus_message *m, struct mm_modem *modem) {
        uint32_t source;
        int r;

        modem->cell_id[0] = '\0';
        r = sd_bus_message_enter_container(m, 'a', "{uv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "uv")) > 0) {
                r = sd_bus_message_read_basic(m, 'u', &source);
                if (r < 0)
                        return r;
                if (source == LOCATION_3GPP_LAC_CI && sd_bus_message_verify_type(m, 'v', "s") > 0)
                        r = read_cell(m, modem);
                else
                        r = sd_bus_message_skip(m, "v");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Empty unless somebody has had it told to everyone: only the privileged may ask for it. */
static int take_location_entry(sd_bus_message *m, const char *key, void *userdata) {
        int r;

        if (strcmp(key, "Location") != 0 || sd_bus_message_verify_type(m, 'v', "a{uv}") <= 0)
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', "a{uv}");
        if (r < 0)
                return r;
        r = read_places(m, userdata);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int take_modem_entry(sd_bus_message *m, const char *key, void *userdata) {
        static const struct {
                const char *key;
                const char *signature;
                int (*read)(sd_bus_message *m, struct mm_modem *modem);
        } lists[] = {
                {"Ports", "a(su)", read_ports},
                {"Bearers", "ao", read_bearers},
                {"SignalQuality", "(ub)", read_signal_quality},
        };
        int r = bus_field_take(m, key, modem_fields, sizeof(modem_fields) / sizeof(modem_fields[0]),
                               userdata);

        if (r != 0)
                return r;
        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
                if (strcmp(lists[i].key, key) == 0 &&
                    sd_bus_message_verify_type(m, 'v', lists[i].signature) > 0)
                        return lists[i].read(m, userdata);
        return sd_bus_message_skip(m, "v");
}

static int take_modem_3gpp_entry(sd_bus_message *m, const char *key, void *userdata) {
        int r = bus_field_take(m, key, modem_3gpp_fields,
                               sizeof(modem_3gpp_fields) / sizeof(modem_3gpp_fields[0]), userdata);

        return r == 0 ? sd_bus_message_skip(m, "v") : r;
}

static int take_bearer_entry(sd_bus_message *m, const char *key, void *userdata) {
        int r = bus_field_take(m, key, bearer_fields,
                               sizeof(bearer_fields) / sizeof(bearer_fields[0]), userdata);

        return r == 0 ? sd_bus_message_skip(m, "v") : r;
}

static int take_modem(struct modem_manager *mm, const char *path, sd_bus_message *m) {
        struct mm_modem *modem = find_or_add(mm, path), was;
        int r;

        if (!modem)
                return sd_bus_message_skip(m, "a{sv}");
        was = *modem;
        r = bus_dict_read(m, take_modem_entry, modem);
        for (size_t i = 0; i < modem->n_bearers; i++)
                if (!find_bearer(&was, modem->bearers[i].path))
                        bus_objects_ask(mm->objects, modem->bearers[i].path, BEARER);
        return r;
}

static int take_modem_3gpp(struct modem_manager *mm, const char *path, sd_bus_message *m) {
        struct mm_modem *modem = find_or_add(mm, path);

        return modem ? bus_dict_read(m, take_modem_3gpp_entry, modem)
                     : sd_bus_message_skip(m, "a{sv}");
}

static int take_location(struct modem_manager *mm, const char *path, sd_bus_message *m) {
        struct mm_modem *modem = find_or_add(mm, path);

        return modem ? bus_dict_read(m, take_location_entry, modem)
                     : sd_bus_message_skip(m, "a{sv}");
}

static int take_bearer(struct modem_manager *mm, const char *path, sd_bus_message *m) {
        for (size_t i = 0; i < mm->n_modems; i++) {
                struct mm_bearer *bearer = find_bearer(&mm->modems[i], path);

                if (bearer)
                        return bus_dict_read(m, take_bearer_entry, bearer);
        }
        return sd_bus_message_skip(m, "a{sv}");
}

static int take(const char *path, const char *interface, sd_bus_message *m, void *userdata) {
        if (strcmp(interface, MODEM) == 0)
                return take_modem(userdata, path, m);
        if (strcmp(interface, MODEM_3GPP) == 0)
                return take_modem_3gpp(userdata, path, m);
        if (strcmp(interface, LOCATION) == 0)
                return take_location(userdata, path, m);
        return take_bearer(userdata, path, m);
}

static void removed(const char *path, void *userdata) {
        struct modem_manager *mm = userdata;
        struct mm_modem *modem = path ? find_path(mm, path) : NULL;

        if (!path)
                mm->n_modems = 0;
        else if (modem)
                *modem = mm->modems[--mm->n_modems];
}

static void changed(void *userdata) {
        struct modem_manager *mm = userdata;

        mm->handler(mm->userdata);
}

static const struct bus_objects_type type = {
        .name = "org.freedesktop.ModemManager1",
        .manager = "/org/freedesktop/ModemManager1",
        .prefix = "/org/freedesktop/ModemManager1/",
        .interfaces = {MODEM, MODEM_3GPP, LOCATION, BEARER, NULL},
        .take = take,
        .removed = removed,
        .changed = changed,
};

int modem_manager_new(sd_bus *bus, modem_manager_handler handler, void *userdata,
                      struct modem_manager **ret) {
        CLEANUP(modem_manager_freep) struct modem_manager *mm = calloc(1, sizeof(*mm));
        int r;

        if (!mm)
                return -ENOMEM;
        mm->handler = handler;
        mm->userdata = userdata;
        r = bus_objects_new(bus, &type, mm, &mm->objects);
        if (r < 0)
                return r;
        *ret = STEAL(mm);
        return 0;
}

void modem_manager_free(struct modem_manager *mm) {
        if (!mm)
                return;
        bus_objects_free(mm->objects);
        free(mm);
}

const struct mm_modem *modem_manager_find(const struct modem_manager *mm, const char *name) {
        for (size_t i = 0; i < mm->n_modems; i++) {
                const struct mm_modem *modem = &mm->modems[i];

                for (size_t j = 0; j < modem->n_bearers; j++)
                        if (strcmp(modem->bearers[j].interface, name) == 0)
                                return modem;
                for (size_t j = 0; j < modem->n_ports; j++)
                        if (strcmp(modem->ports[j], name) == 0)
                                return modem;
        }
        return NULL;
}

const struct mm_modem *modem_manager_find_path(const struct modem_manager *mm, const char *path) {
        for (size_t i = 0; i < mm->n_modems; i++)
                if (strcmp(mm->modems[i].path, path) == 0)
                        return &mm->modems[i];
        return NULL;
}
