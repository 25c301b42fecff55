/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_changed.h"

#include "bus_dict.h"
#include "bus_path.h"
#include "bus_reasons.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "world.h"

/* The entries that PathChanged has on both sides, in an open array. */
static int append_summary(sd_bus_message *m, const struct summary *summary) {
        int r;

        r = bus_dict_open(m, "primary4", "a{sv}");
        if (r < 0)
                return r;
        r = bus_path_append_primary(m, "default4", &summary->primary4);
        if (r < 0)
                return r;
        r = bus_dict_close(m);
        if (r < 0)
                return r;
        r = bus_dict_open(m, "primary6", "a{sv}");
        if (r < 0)
                return r;
        r = bus_path_append_primary(m, "default6", &summary->primary6);
        if (r < 0)
                return r;
        r = bus_dict_close(m);
        if (r < 0)
                return r;
        r = bus_dict_put_string(m, "state", network_state_to_string(summary->state));
        if (r < 0)
                return r;
        return bus_dict_put_string(m, "metered", metered_to_string(summary->metered));
}

static int append_alternatives(sd_bus_message *m, const char *key, const char *destination,
                               const struct answer *answer) {
        int r;

        r = bus_dict_open(m, key, "aa{sv}");
        if (r < 0)
                return r;
        r = bus_path_append_alternatives(m, destination, answer);
        if (r < 0)
                return r;
        return bus_dict_close(m);
}

static int append_new(sd_bus_message *m, const struct summary *summary, uint64_t event_usec) {
        int r;

        r = append_summary(m, summary);
        if (r < 0)
                return r;
        r = append_alternatives(m, "alternatives4", "default4", &summary->primary4);
        if (r < 0)
                return r;
        r = append_alternatives(m, "alternatives6", "default6", &summary->primary6);
        if (r < 0)
                return r;
        r = bus_dict_put_u64(m, "event_usec", event_usec);
        if (r < 0)
                return r;
        return bus_dict_put_u64(m, "published_usec", moment_boottime_usec());
}

int path_changed_emit(sd_bus *bus, const struct world *world, const struct summary *was,
                      unsigned reasons, uint64_t event_usec) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_signal(bus, &m, NETMON_PATH, NETMON_INTERFACE, "PathChanged");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "t", world->serial);
        if (r < 0)
                return r;
        r = bus_reasons_append(m, reasons);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = append_summary(m, was);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = append_new(m, &world->summary, event_usec);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return sd_bus_send(bus, m, NULL);
}
