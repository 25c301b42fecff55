/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon_world.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus_text.h"
#include "child.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"
#include "netmon_process.h"
#include "netns.h"

#define ASK_AGAIN_USEC 50000

static const char config[] = "[Interface wifi*]\nType=wifi\n"
                             "[Interface cell*]\nType=cellular\n";

static void connect_bus(struct netmon_world *world) {
        world->bus = bus_daemon_connect(&world->daemon);
        bus_wait_for_name(world->bus, NETMON_BUS_NAME, NETMON_WAIT_USEC);
        world->signals =
                bus_signals_listen(world->bus, "type='signal',sender='" NETMON_BUS_NAME "'");
}

void netmon_world_start(struct netmon_world *world, enum netmon_user user,
                        const char *const *arguments) {
        if (!netns_possible())
                cr_skip_test("needs root");
        netns_enter();
        *world = (struct netmon_world){.wifi = -1, .cellular = -1};
        bus_daemon_start(&world->daemon);
        world->netmon = user == NETMON_AS_ROOT
                                ? netmon_start(&world->daemon, config, arguments)
                                : netmon_start_as_nobody(&world->daemon, config, arguments);
        connect_bus(world);
}

void netmon_world_kill_bus(struct netmon_world *world) {
        bus_signals_free(world->signals);
        sd_bus_close_unref(world->bus);
        bus_daemon_kill(&world->daemon);
}

void netmon_world_restart_bus(struct netmon_world *world) {
        bus_daemon_restart(&world->daemon);
        connect_bus(world);
}

void netmon_world_stop(struct netmon_world *world) {
        int status;

        bus_signals_free(world->signals);
        sd_bus_flush_close_unref(world->bus);
        status = child_stop(world->netmon, SIGTERM);
        if (status != 0)
                die("netmon ended with status %d", status); /* an assertion here does not count */
        bus_daemon_stop(&world->daemon);
        if (world->wifi >= 0)
                (void)close(world->wifi);
        if (world->cellular >= 0)
                (void)close(world->cellular);
}

static int add_uplink(struct netmon_world *world, const char *name, unsigned net, unsigned metric) {
        int tap = tap_add(name);

        tap_set_carrier(tap, true);
        /* A link-local address would come a second later, in the middle of something else. */
        shell("ip link set %s addrgenmode none && ip link set %s up", name, name);
        shell("ip address add 10.%u.0.2/24 dev %s", net, name);
        shell("ip address add 2001:db8:%u::2/64 dev %s nodad", net, name);
        shell("ip route add default via 10.%u.0.1 dev %s metric %u", net, name, metric);
        shell("ip -6 route add default via 2001:db8:%u::1 dev %s metric %u", net, name, metric);
        netmon_settle(world);
        return tap;
}

void netmon_world_add_wifi(struct netmon_world *world) {
        world->wifi = add_uplink(world, "wifi0", 1, 100);
}

void netmon_world_add_cellular(struct netmon_world *world) {
        world->cellular = add_uplink(world, "cell0", 2, 200);
}

static struct netmon_answer ask(struct netmon_world *world, const char *destination,
                                const char *key, const char *type, va_list value) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        struct netmon_answer answer;

        if (sd_bus_message_new_method_call(world->bus, &call, NETMON_BUS_NAME, NETMON_PATH,
                                           NETMON_INTERFACE, "GetPath") < 0 ||
            sd_bus_message_append(call, "s", destination) < 0 ||
            sd_bus_message_open_container(call, 'a', "{sv}") < 0)
                die("the call cannot be made");
        if (key &&
            (sd_bus_message_open_container(call, 'e', "sv") < 0 ||
             sd_bus_message_append(call, "s", key) < 0 ||
             sd_bus_message_open_container(call, 'v', type) < 0 ||
             sd_bus_message_appendv(call, type, value) < 0 ||
             sd_bus_message_close_container(call) < 0 || sd_bus_message_close_container(call) < 0))
                die("the option cannot be put");
        if (sd_bus_message_close_container(call) < 0 ||
            sd_bus_call(world->bus, call, NETMON_WAIT_USEC, &error, &reply) < 0)
                die("GetPath %s: %s", destination, error.message);
        if (sd_bus_message_skip(reply, "t") < 0)
                die("GetPath has no serial");
        answer.path = bus_text(reply);
        answer.alternatives = bus_text(reply);
        return answer;
}

struct netmon_answer netmon_ask_with(struct netmon_world *world, const char *destination,
                                     const char *key, const char *type, ...) {
        struct netmon_answer answer;
        va_list ap;

        va_start(ap, type);
        answer = ask(world, destination, key, type, ap);
        va_end(ap);
        return answer;
}

struct netmon_answer netmon_ask(struct netmon_world *world, const char *destination) {
        return netmon_ask_with(world, destination, NULL, NULL);
}

void netmon_answer_free(struct netmon_answer *answer) {
        free(answer->path);
        free(answer->alternatives);
}

void netmon_wait_for(struct netmon_world *world, const char *destination, const char *text) {
        uint64_t deadline_usec = moment_boottime_usec() + NETMON_WAIT_USEC;

        for (;;) {
                uint64_t now_usec = moment_boottime_usec();
                struct netmon_answer answer = netmon_ask(world, destination);
                bool found = strstr(answer.path, text) != NULL;
                sd_bus_message *m;

                if (found) {
                        netmon_answer_free(&answer);
                        return;
                }
                /* Of what nobody watches there may be no signal. */
                m = bus_signals_next(world->signals, NULL, now_usec + ASK_AGAIN_USEC);
                if (now_usec > deadline_usec)
                        die("the path to %s is %s, not %s", destination, answer.path, text);
                sd_bus_message_unref(m);
                netmon_answer_free(&answer);
        }
}

char *netmon_snapshot(struct netmon_world *world, enum netmon_choice choice) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_call_method(world->bus, NETMON_BUS_NAME, NETMON_PATH, NETMON_INTERFACE,
                               "Snapshot", &error, &reply, "a{sv}", 1, "all", "b",
                               (int)(choice == NETMON_ALL_INTERFACES)) < 0 ||
            sd_bus_message_skip(reply, "ta{sv}") < 0)
                die("Snapshot: %s", error.message);
        return bus_text(reply);
}

char *netmon_watch(struct netmon_world *world, const char *destination) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *path;

        if (sd_bus_call_method(world->bus, NETMON_BUS_NAME, NETMON_PATH, NETMON_INTERFACE,
                               "WatchPath", &error, &reply, "sa{sv}", destination, 0) < 0 ||
            sd_bus_message_read(reply, "o", &path) < 0)
                die("WatchPath %s: %s", destination, error.message);
        return strdup(path);
}

sd_bus_message *netmon_next(struct netmon_world *world, const char *member) {
        sd_bus_message *m =
                bus_signals_next(world->signals, member, moment_boottime_usec() + NETMON_WAIT_USEC);

        if (!m)
                die("no signal %s came", member);
        return m;
}

void netmon_settle(struct netmon_world *world) {
        uint64_t quiet_usec =
                30000; /* it asks again 2 ms after a message, 10 ms later in a storm */

        do
                bus_signals_clear(world->signals, NETMON_BUS_NAME);
        while (bus_signals_count(world->signals, NULL, moment_boottime_usec() + quiet_usec) > 0);
}
