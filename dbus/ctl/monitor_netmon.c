/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The part of the monitor that is about the network. */

#include <string.h>

#include "cleanup.h"
#include "describe.h"
#include "event.h"
#include "monitor.h"
#include "must.h"
#include "names.h"
#include "objects.h"
#include "text.h"
#include "when.h"

void monitor_load_netmon(struct monitor *m, const char *state) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(json_object_putp) json_object *network = NULL;
        CLEANUP(freep) char *four = NULL;
        CLEANUP(freep) char *six = NULL;
        json_object *manager, *links, *details;

        if (objects_get_network(m->ctl, false, MONITOR_ANSWER_USEC, &network, &error) < 0) {
                (void)bus_tell(m->ctl, &netmon_service, &error);
                return;
        }
        m->serial = value_number(network, "serial");
        manager = json_object_object_get(network, "properties");
        links = json_object_object_get(network, "interfaces");
        json_object_put(m->links);
        m->links = monitor_index(links);

        details = monitor_daemon(&netmon_service, state);
        value_put(details, "properties", json_object_get(manager));
        value_put(details, "interfaces", json_object_get(links));
        four = describe_path(json_object_object_get(manager, "primary4"));
        six = describe_path(json_object_object_get(manager, "primary6"));
        event_print(&m->ctl->out, "daemon", details,
                    describe_state_style(value_string(manager, "state")),
                    "%s %s: %s; ipv4 %s; ipv6 %s", netmon_service.program, state,
                    value_string(manager, "state"), four, six);
}

static int on_path_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(json_object_putp) json_object *details = value_object();
        static const char *const keys[] = {"reasons", "old", "new"};
        CLEANUP(freep) char *text = NULL;
        struct monitor *m = userdata;
        json_object *value, *now;
        uint64_t serial;

        if (!peer_sent(m->netmon, message) || sd_bus_message_read(message, "t", &serial) < 0 ||
            serial <= m->serial)
                return 0;
        value_put_number(details, "serial", serial);
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                if (value_read(message, &value) < 0)
                        return 0;
                value_put(details, keys[i], value);
        }
        now = json_object_object_get(details, "new");
        text = event_path_text(json_object_object_get(details, "old"), now,
                               json_object_object_get(details, "reasons"));
        event_print(&m->ctl->out, "path", json_object_get(details),
                    describe_state_style(value_string(now, "state")), "%s", text);
        return 0;
}

static int on_resumed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        struct monitor *m = userdata;
        char length[WHEN_MAX];
        json_object *details;
        uint64_t slept_usec;

        if (!peer_sent(m->netmon, message) || sd_bus_message_read(message, "t", &slept_usec) < 0)
                return 0;
        when_length(slept_usec, length);
        details = value_object();
        value_put_number(details, "slept_usec", slept_usec);
        event_print(&m->ctl->out, "resumed", details, STYLE_PLAIN, "after %s of sleep", length);
        return 0;
}

static json_object *link_details(const char *path, json_object *link, const char *change,
                                 json_object *properties) {
        json_object *details = value_object();

        value_put_string(details, "name", value_string(link, "name"));
        value_put_string(details, "object", path);
        value_put_string(details, "change", change);
        value_put(details, "properties", json_object_get(properties));
        return details;
}

/* State is told by PathChanged; here is what it does not tell. */
static void print_manager(struct monitor *m, json_object *changed) {
        static const char *const keys[][2] = {
                {"airplane_mode", "airplane mode"},
                {"preparing_for_sleep", "preparing for sleep"},
        };
        CLEANUP(freep) char *text = text_format("%s", "");
        CLEANUP(json_object_putp) json_object *told = value_object();
        json_object *value, *details;

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                if (!json_object_object_get_ex(changed, keys[i][0], &value))
                        continue;
                value_put(told, keys[i][0], json_object_get(value));
                text_append(&text, "%s%s %s", text[0] ? ", " : "", keys[i][1],
                            json_object_get_boolean(value) ? "on" : "off");
        }
        if (!text[0])
                return;
        details = value_object();
        value_put(details, "properties", json_object_get(told));
        event_print(&m->ctl->out, "network", details, STYLE_PLAIN, "%s", text);
}

static void print_link_changed(struct monitor *m, const char *path, json_object *changed) {
        CLEANUP(freep) char *text = event_link_text(changed);
        json_object *link;

        if (!json_object_object_get_ex(m->links, path, &link))
                return; /* its InterfacesAdded is yet to come */
        value_merge(link, changed);
        if (text[0])
                event_print(&m->ctl->out, "interface", link_details(path, link, "changed", changed),
                            describe_link_style(link), "%s: %s", value_string(link, "name"), text);
}

static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(json_object_putp) json_object *changed = NULL;
        struct monitor *m = userdata;
        const char *interface;

        if (!peer_sent(m->netmon, message) || sd_bus_message_read(message, "s", &interface) < 0 ||
            value_read(message, &changed) < 0)
                return 0;
        if (strcmp(interface, NETMON_INTERFACE) == 0)
                print_manager(m, changed);
        else if (strcmp(interface, NETMON_LINK_INTERFACE) == 0)
                print_link_changed(m, sd_bus_message_get_path(message), changed);
        return 0;
}

static int on_added(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(json_object_putp) json_object *interfaces = NULL;
        struct monitor *m = userdata;
        const char *path;
        json_object *link;

        if (!peer_sent(m->netmon, message) || sd_bus_message_read(message, "o", &path) < 0 ||
            value_read(message, &interfaces) < 0 ||
            !json_object_object_get_ex(interfaces, NETMON_LINK_INTERFACE, &link))
                return 0;
        if (json_object_object_get_ex(m->links, path, NULL))
                return 0; /* it is in the snapshot */
        value_put(m->links, path, json_object_get(link));
        event_print(&m->ctl->out, "interface", link_details(path, link, "added", link),
                    describe_link_style(link), "%s added: %s, %s", value_string(link, "name"),
                    value_string(link, "type"), describe_link(link));
        return 0;
}

static int on_removed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        struct monitor *m = userdata;
        const char *path;
        json_object *link;

        if (!peer_sent(m->netmon, message) || sd_bus_message_read(message, "o", &path) < 0 ||
            !json_object_object_get_ex(m->links, path, &link))
                return 0;
        event_print(&m->ctl->out, "interface", link_details(path, link, "removed", NULL),
                    STYLE_FAINT, "%s removed", value_string(link, "name"));
        json_object_object_del(m->links, path);
        return 0;
}

void monitor_watch_netmon(struct monitor *m) {
        static const struct {
                const char *interface, *member;
                sd_bus_message_handler_t handler;
        } signals[] = {
                {NETMON_INTERFACE, "PathChanged", on_path_changed},
                {NETMON_INTERFACE, "Resumed", on_resumed},
                {MONITOR_PROPERTIES, "PropertiesChanged", on_properties},
                {MONITOR_OBJECTS, "InterfacesAdded", on_added},
                {MONITOR_OBJECTS, "InterfacesRemoved", on_removed},
        };

        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
                must(sd_bus_match_signal(m->ctl->bus, NULL, NETMON_BUS_NAME, NULL,
                                         signals[i].interface, signals[i].member,
                                         signals[i].handler, m));
}
