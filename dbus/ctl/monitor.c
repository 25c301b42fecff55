/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl monitor: both daemons as things happen, one line an event. */

#include "monitor.h"

#include "cleanup.h"
#include "event.h"
#include "loop.h"
#include "must.h"

static void monitor_deinit(struct monitor *m) {
        peer_free(m->netmon);
        peer_free(m->agent);
        loop_deinit(&m->loop);
        json_object_put(m->status);
        json_object_put(m->links);
        json_object_put(m->channels);
}

json_object *monitor_daemon(const struct service *service, const char *state) {
        json_object *details = value_object();

        value_put_string(details, "daemon", service->program);
        value_put_string(details, "state", state);
        return details;
}

json_object *monitor_index(json_object *list) {
        json_object *index = value_object();

        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *item = json_object_array_get_idx(list, i);

                value_put(index, value_string(item, "object"), json_object_get(item));
        }
        return index;
}

static void print_absent(struct monitor *m, const struct service *service, const char *state) {
        event_print(&m->ctl->out, "daemon", monitor_daemon(service, state), STYLE_BAD, "%s %s",
                    service->program, state);
}

static void on_netmon(struct peer *netmon, void *userdata) {
        struct monitor *m = userdata;

        if (peer_is_there(netmon))
                monitor_load_netmon(m, "started");
        else
                print_absent(m, &netmon_service, "stopped");
}

static void on_agent(struct peer *agent, void *userdata) {
        struct monitor *m = userdata;

        if (peer_is_there(agent))
                monitor_load_agent(m, "started");
        else
                print_absent(m, &agent_service, "stopped");
}

static int on_post(sd_event_source *source, void *userdata) {
        struct monitor *m = userdata;

        (void)loop_flush(&m->loop);
        return 0;
}

static enum outcome run_monitor(struct ctl *ctl) {
        CLEANUP(monitor_deinit) struct monitor m = {.ctl = ctl};
        enum outcome o;

        o = bus_open(ctl);
        if (o != OUTCOME_OK)
                return o;
        loop_init(&m.loop, ctl);
        must(sd_event_add_post(m.loop.event, NULL, on_post, &m));
        m.netmon = peer_new(ctl, &netmon_service, on_netmon, &m);
        m.agent = peer_new(ctl, &agent_service, on_agent, &m);
        monitor_watch_netmon(&m);
        monitor_watch_agent(&m);
        if (peer_is_there(m.netmon))
                monitor_load_netmon(&m, "running");
        else
                print_absent(&m, &netmon_service, "not running");
        if (peer_is_there(m.agent))
                monitor_load_agent(&m, "running");
        else
                print_absent(&m, &agent_service, "not running");
        (void)loop_flush(&m.loop);
        return loop_run(&m.loop);
}

const struct verb monitor_verb = {
        .name = "monitor",
        .arguments = "",
        .summary = "shows what happens, as it happens, one line an event",
        .help = "Paths, interfaces, channels, messages, and the daemons themselves, until SIGINT\n"
                "or SIGTERM. Goes on when a daemon stops, and when it starts again.\n"
                "\n"
                "JSON, one line each: {\"time\", \"event\", ...}. By the event:\n"
                "  daemon     daemon, state (running, not running, started, stopped), properties,\n"
                "             interfaces or channels\n"
                "  path       serial, reasons, old, new, as in PathChanged of wherry-netmon\n"
                "  interface  name, object, change (added, changed, removed), properties\n"
                "  network    properties: airplane_mode, preparing_for_sleep\n"
                "  resumed    slept_usec\n"
                "  agent      properties that changed, status among them\n"
                "  channel    channel, object, change (opened, changed, closed), properties\n"
                "  messages   channel, object, states: [{id, state, reason}]\n"
                "  recovered  channel, object, outcome, details\n"
                "  overflow   channel, object: some messages events were left out\n",
        .options = (const struct args_option[]){{}},
        .passive = true,
        .run = run_monitor,
};
