/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_world.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"
#include "netmon_process.h"
#include "netns.h"

#define NOBODY 65534

static const char netmon_config[] = "[Interface w0]\nType=wifi\n"
                                    "[Interface c0]\nType=cellular\nMetered=yes\n";

void world_server_shell(struct agent_world *world, const char *format, ...) {
        char command[512];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(command, sizeof(command), format, ap);
        va_end(ap);
        netns_switch(world->server_side);
        shell("%s", command);
        netns_switch(world->laptop);
}

static unsigned net_of(const char *name) {
        return name[0] == 'w' ? 1 : 2;
}

static void add_route(const char *name) {
        unsigned net = net_of(name), metric = name[0] == 'w' ? 100 : 700;

        shell("ip route replace default via 10.%u.0.1 dev %s metric %u && "
              "ip -6 route replace default via 2001:db8:%u::1 dev %s metric %u",
              net, name, metric, net, name, metric);
}

static void add_uplink(struct agent_world *world, const char *name) {
        unsigned net = net_of(name);

        shell("ip link add %s type veth peer name %s netns /proc/%d/fd/%d", name, name, getpid(),
              world->server_side);
        /* A link-local address would come a second later, in the middle of something else. */
        world_server_shell(world,
                           "ip link set %s addrgenmode none up && "
                           "ip address add 10.%u.0.1/24 dev %s && "
                           "ip address add 2001:db8:%u::1/64 dev %s nodad",
                           name, net, name, net, name);
        shell("ip link set %s addrgenmode none up && ip address add 10.%u.0.2/24 dev %s && "
              "ip address add 2001:db8:%u::2/64 dev %s nodad",
              name, net, name, net, name);
        add_route(name);
}

/* What an uplink needs of the kernel on both sides. */
static void prepare_side(void) {
        /* The reverse path filter would drop what comes over the second uplink. */
        netns_sysctl("ipv4/conf/all/rp_filter", "2");
        /* A cut takes no address away. */
        netns_sysctl("ipv6/conf/all/keep_addr_on_down", "1");
}

void world_start_other_server(struct agent_world *world, struct recorder *server, unsigned port,
                              const char *certificate) {
        netns_switch(world->server_side);
        recorder_start(server, port, certificate);
        netns_switch(world->laptop);
}

static void start_server(struct agent_world *world) {
        world_start_other_server(world, &world->server, WORLD_PORT, NULL);
}

void world_start_network(struct agent_world *world) {
        char state[96];

        if (!netns_possible())
                cr_skip_test("needs root");
        *world = (struct agent_world){.server.output = -1};
        netns_enter();
        prepare_side();
        world->laptop = netns_current();
        world->server_side = netns_add();
        netns_switch(world->server_side);
        prepare_side();
        shell("ip address add 203.0.113.1/32 dev lo && ip address add 2001:db8:ffff::1/128 dev lo");
        netns_switch(world->laptop);
        add_uplink(world, "w0");
        add_uplink(world, "c0");
        start_server(world);
        bus_daemon_start(&world->daemon);
        (void)snprintf(state, sizeof(state), "%s/state", world->daemon.directory);
        if (mkdir(state, 0700) < 0 || chown(state, NOBODY, NOBODY) < 0)
                die("%s cannot be made", state);
}

void world_start_netmon(struct agent_world *world, const char *const *arguments) {
        world->netmon = netmon_start_as_nobody(&world->daemon, netmon_config, arguments);
}

void world_stop_netmon(struct agent_world *world) {
        cr_assert_eq(child_stop(world->netmon, SIGTERM), 0, "netmon did not end well");
        world->netmon = 0;
}

void world_start_agent(struct agent_world *world) {
        char bus[128], state[128];
        const char *level = getenv("WHERRY_TEST_LOG_LEVEL");
        const char *argv[] = {getenv("WHERRY_AGENT"),
                              bus,
                              state,
                              "--config=/dev/null",
                              level ? level : "--log-level=error",
                              NULL};

        if (!argv[0])
                die("WHERRY_AGENT does not name the program");
        (void)snprintf(bus, sizeof(bus), "--bus=%s", world->daemon.address);
        (void)snprintf(state, sizeof(state), "--state=%s/state", world->daemon.directory);
        world->agent = child_start_as(NOBODY, NOBODY, argv);
}

void world_kill_agent(struct agent_world *world) {
        struct bus_signals *owners = bus_signals_listen(
                world->app.bus, "type='signal',sender='org.freedesktop.DBus',"
                                "member='NameOwnerChanged',arg0='" AGENT_BUS_NAME "'");

        cr_assert_eq(child_stop(world->agent, SIGKILL), 128 + SIGKILL, "the agent had ended");
        world->agent = 0;
        /* Until the bus has noticed, calls go nowhere. */
        sd_bus_message_unref(
                bus_signals_next(owners, NULL, moment_boottime_usec() + WORLD_WAIT_USEC));
        bus_signals_free(owners);
}

void world_restart_agent(struct agent_world *world) {
        if (world->agent != 0)
                world_kill_agent(world);
        world_start_agent(world);
        bus_wait_for_name(world->app.bus, AGENT_BUS_NAME, WORLD_WAIT_USEC);
}

void world_connect_app(struct agent_world *world) {
        client_start(&world->app, &world->daemon, WORLD_USER);
        if (world->netmon != 0)
                bus_wait_for_name(world->app.bus, NETMON_BUS_NAME, WORLD_WAIT_USEC);
        bus_wait_for_name(world->app.bus, AGENT_BUS_NAME, WORLD_WAIT_USEC);
}

void world_start(struct agent_world *world) {
        world_start_network(world);
        world_start_netmon(world, NULL);
        world_start_agent(world);
        world_connect_app(world);
}

void world_stop(struct agent_world *world) {
        int agent, netmon;

        client_stop(&world->app);
        agent = child_stop(world->agent, SIGTERM);
        netmon = child_stop(world->netmon, SIGTERM);
        recorder_stop(&world->server);
        shell("rm -rf %s/state %s/*.test", world->daemon.directory, world->daemon.directory);
        bus_daemon_stop(&world->daemon);
        cr_assert_eq(agent, 0, "the agent did not end well: status %d", agent);
        cr_assert_eq(netmon, 0, "netmon did not end well: status %d", netmon);
}

void world_restart_server(struct agent_world *world) {
        recorder_kill(&world->server);
        start_server(world);
}

void world_cut(struct agent_world *world, const char *name) {
        world_server_shell(world, "ip link set %s down", name);
}

void world_heal(struct agent_world *world, const char *name) {
        world_server_shell(world, "ip link set %s up", name);
        add_route(name);
}

void world_swallow(struct agent_world *world, const char *name) {
        /* The frames go to an address that neither end has. */
        shell("ip neighbour replace 10.%u.0.1 lladdr 02:00:00:00:00:99 dev %s nud permanent",
              net_of(name), name);
        world_server_shell(world,
                           "ip neighbour replace 10.%u.0.2 lladdr 02:00:00:00:00:98 dev %s "
                           "nud permanent",
                           net_of(name), name);
}

void world_spit_out(struct agent_world *world, const char *name) {
        shell("ip neighbour del 10.%u.0.1 dev %s", net_of(name), name);
        world_server_shell(world, "ip neighbour del 10.%u.0.2 dev %s", net_of(name), name);
}

char *world_open_connected(struct agent_world *world, const char *name, const char *uri) {
        char *path = client_open(&world->app, name, uri, 0);

        client_wait(&world->app, path, "State", "connected");
        return path;
}

void world_send_and_wait(struct agent_world *world, const char *path, const char *prefix,
                         unsigned first, unsigned n) {
        char last[64];

        client_send_many(&world->app, path, prefix, first, n);
        (void)snprintf(last, sizeof(last), "%s %u", prefix, first + n - 1);
        (void)recorder_next_message(&world->server, last);
}

void world_pass(struct agent_world *world, uint64_t usec) {
        (void)bus_signals_count(world->app.news, NULL, moment_boottime_usec() + usec);
}

unsigned world_expect_open(struct agent_world *world, const char *peer) {
        const struct recorded *open = recorder_next(&world->server, "open");

        cr_assert_str_eq(open->peer, peer);
        return open->connection;
}

void world_wait_interface(struct agent_world *world, const char *path, const char *interface) {
        uint64_t deadline_usec = moment_boottime_usec() + WORLD_WAIT_USEC;
        char wanted[64];

        (void)snprintf(wanted, sizeof(wanted), "interface=%s ", interface);
        for (;;) {
                CLEANUP(freep) char *is = client_get(&world->app, path, "Path");
                sd_bus_message *m;

                if (strstr(is, wanted))
                        return;
                m = bus_signals_next(world->app.news, NULL, deadline_usec);
                if (!m)
                        die("the path is %s, not over %s", is, interface);
                sd_bus_message_unref(m);
        }
}

void world_expect_connections(struct agent_world *world, const char *path, unsigned n) {
        static unsigned number;
        char text[32];

        /* Whatever was decided before is at the server before this. */
        (void)snprintf(text, sizeof(text), "barrier %u", number);
        client_send_many(&world->app, path, "barrier", number++, 1);
        (void)recorder_next_message(&world->server, text);
        cr_assert_eq(recorder_count(&world->server, "open"), n);
}

unsigned world_count_sockets(const char *address) {
        FILE *file = fopen("/proc/net/tcp", "re");
        char line[256], wanted[16];
        struct in_addr in;
        unsigned n = 0;

        if (!file || inet_pton(AF_INET, address, &in) != 1)
                die("/proc/net/tcp cannot be read");
        (void)snprintf(wanted, sizeof(wanted), " %08X:", in.s_addr);
        while (fgets(line, sizeof(line), file)) {
                char *at = strchr(line, ':');

                n += at && strncmp(at + 1, wanted, strlen(wanted)) == 0;
        }
        (void)fclose(file);
        return n;
}

/* The number behind the prefix, -1 when the text begins otherwise. */
static long number_of(const char *text, const char *prefix) {
        size_t len = strlen(prefix);

        return strncmp(text, prefix, len) == 0 && text[len] == ' ' ? atol(text + len + 1) : -1;
}

/* What is known of a connection while the events are gone through. */
struct progress {
        long begin; /* the lowest number that it may begin with */
        long last;  /* -1: none */
};

/* A connection may go back a little at its begin; from there on there is no gap in it. What a
 * dead one had left in some queue may come late. */
static void check_step(struct progress *p, const struct recorded *event, long number, long next) {
        if (p->last < 0)
                cr_assert(number >= p->begin && number <= next,
                          "connection %u begins with %ld when %ld was to come", event->connection,
                          number, next);
        else
                cr_assert_eq(number, p->last + 1, "%ld came after %ld", number, p->last);
        cr_assert_leq(number, next, "%ld came when %ld was to come", number, next);
        p->last = number;
}

unsigned world_expect_in_order(struct agent_world *world, const char *prefix, unsigned n,
                               unsigned repeats) {
        CLEANUP(freep) struct progress *connections = NULL;
        unsigned n_repeats = 0;
        char text[64];
        long next = 0;

        (void)snprintf(text, sizeof(text), "%s %u", prefix, n - 1);
        recorder_wait_message(&world->server, text);
        connections = calloc(world->server.n_events + 1, sizeof(*connections));
        cr_assert(connections);
        for (size_t i = 0; i < world->server.n_events; i++) {
                const struct recorded *event = &world->server.events[i];
                struct progress *p = &connections[event->connection];
                long number;

                if (strcmp(event->event, "open") == 0)
                        *p = (struct progress){.begin = next - (long)repeats, .last = -1};
                if (strcmp(event->event, "message") != 0)
                        continue;
                number = number_of(event->text, prefix);
                if (number < 0)
                        continue;
                check_step(p, event, number, next);
                if (number == next)
                        next++;
                else
                        n_repeats++;
        }
        cr_assert_eq(next, (long)n, "%ld of %u messages came", next, n);
        return n_repeats;
}
