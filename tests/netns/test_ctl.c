/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl with the real daemons, a real server and a real kernel. */

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_daemon.h"
#include "child.h"
#include "names.h"
#include "netmon_process.h"
#include "netns.h"
#include "server.h"
#include "tool.h"

#define PATIENCE_USEC UINT64_C(10000000)

static struct bus_daemon bus;
static sd_bus *control;
static pid_t netmon, agent;
static struct server server;
static char state[128], uri[64];

static void start_agent(void) {
        char bus_argument[128], state_argument[160];

        (void)snprintf(bus_argument, sizeof(bus_argument), "--bus=%s", bus.address);
        (void)snprintf(state_argument, sizeof(state_argument), "--state=%s", state);
        agent = child_start(
                (const char *const[]){WHERRY_AGENT, bus_argument, state_argument, NULL});
        bus_wait_for_name(control, AGENT_BUS_NAME, PATIENCE_USEC);
}

static void command(const char *text) {
        cr_assert(system(text) == 0, "%s", text);
}

static void start(void) {
        if (!netns_possible())
                cr_skip_test("needs root");
        netns_enter();
        command("ip link add eth0 type veth peer name far0");
        command("ip link set far0 up; ip link set eth0 up; ip addr add 192.0.2.2/24 dev eth0");
        bus_daemon_start(&bus);
        control = bus_daemon_connect(&bus);
        tool_use_bus(bus.address);
        (void)snprintf(state, sizeof(state), "%s/state", bus.directory);
        netmon = netmon_start(&bus, "", NULL);
        bus_wait_for_name(control, NETMON_BUS_NAME, PATIENCE_USEC);
        start_agent();
        server_start(&server, "ws_server.py", NULL);
        (void)snprintf(uri, sizeof(uri), "ws://127.0.0.1:%u/echo", server.port);
}

static void stop(void) {
        char text[160];

        server_stop(&server);
        (void)child_stop(agent, SIGTERM);
        (void)child_stop(netmon, SIGTERM);
        control = sd_bus_close_unref(control);
        (void)snprintf(text, sizeof(text), "rm -rf %s", state);
        command(text);
        bus_daemon_stop(&bus);
}

TestSuite(ctl, .init = start, .fini = stop);

/* Every line of the monitor until one contains the text. */
static void wait_line(struct tool *monitor, const char *part) {
        for (;;) {
                char *line = tool_line(monitor);
                bool found = strstr(line, part) != NULL;

                free(line);
                if (found)
                        return;
        }
}

Test(ctl, network) {
        struct tool *monitor = SPAWN("monitor");

        wait_line(monitor, "wherry-netmon running: local; ipv4 none; ipv6 none");
        wait_line(monitor, "wherry-agent running: idle");
        RESULT none = RUN("path", "default");
        tool_expect(&none, 3, "path      none: no-route\n", NULL);
        command("ip route add default via 192.0.2.1");
        wait_line(monitor, "local → routed; ipv4 none → eth0 (virtual), 192.0.2.2 via 192.0.2.1; "
                           "route, told after ");
        RESULT status = RUN("status");
        tool_expect(&status, 0, "ipv4      eth0 (virtual), 192.0.2.2 via 192.0.2.1\n", NULL);
        RESULT path = RUN("path", "203.0.113.1", "--port=443", "--protocol=6", "--mark=0");
        tool_expect(&path, 0, "path      eth0 (virtual), 192.0.2.2 via 192.0.2.1\n", NULL);
        RESULT interfaces = RUN("interfaces");
        tool_expect(&interfaces, 0, "eth0  usable  virtual   192.0.2.2/24", NULL);
        RESULT json = RUN("interfaces", "--all", "--json");
        tool_expect(&json, 0, "{\"name\":\"far0\"", NULL);
        RESULT multicast = RUN("path", "224.0.0.1");
        tool_expect(&multicast, 2, NULL, "multicast");
        command("ip link set far0 down");
        wait_line(monitor, "eth0: carrier no");
        wait_line(monitor, "not usable: carrier");
        (void)child_stop(netmon, SIGTERM);
        wait_line(monitor, "wherry-netmon stopped");
        netmon = netmon_start(&bus, "", NULL);
        wait_line(monitor, "wherry-netmon started: ");
        cr_expect(eq(int, tool_end(monitor, SIGINT), 0));
}

/* netmon does not tell of a bridge that only has virtual ports. */
Test(ctl, wait_online_without_a_signal) {
        struct tool *bridge;

        command("ip link add br0 type bridge; ip link add eth2 type veth peer name far2; "
                "ip link set eth2 master br0 up; ip link set far2 up; ip link set br0 up");
        bridge = SPAWN("wait-online", "--interface=br0");
        /* The others have their link-local addresses by then. */
        RESULT none = RUN("wait-online", "--interface=br0", "--timeout=3s");
        tool_expect(&none, 1, "not online after ", NULL);
        command("ip addr add 203.0.113.2/24 dev br0");
        tool_expect_line(bridge, "online after ");
        cr_expect(eq(int, tool_end(bridge, 0), 0));
}

Test(ctl, wait_online) {
        struct tool *routed, *six, *link;

        RESULT any = RUN("wait-online", "--any", "--timeout=0");
        tool_expect(&any, 0, "online after ", NULL);
        RESULT none = RUN("wait-online", "--timeout=0");
        tool_expect(&none, 1, "not online after ", NULL);
        routed = SPAWN("wait-online");
        six = SPAWN("wait-online", "--family=ipv6");
        link = SPAWN("wait-online", "--interface=eth1", "--family=ipv4");
        command("ip route add default via 192.0.2.1");
        tool_expect_line(routed, "online after ");
        command("ip addr add 2001:db8::2/64 dev eth0 nodad; ip route add default via 2001:db8::1");
        tool_expect_line(six, "online after ");
        command("ip link add eth1 type veth peer name far1; ip link set far1 up; "
                "ip link set eth1 up; ip addr add 198.51.100.2/24 dev eth1");
        tool_expect_line(link, "online after ");
        cr_expect(eq(int, tool_end(routed, 0), 0));
        cr_expect(eq(int, tool_end(six, 0), 0));
        cr_expect(eq(int, tool_end(link, 0), 0));
}

Test(ctl, messages) {
        struct tool *monitor = SPAWN("monitor");

        wait_line(monitor, "wherry-agent running: idle");
        RESULT opened = RUN("open", "echo", uri, "-o", "label=Echo");
        tool_expect(&opened, 0, "opened echo (/org/wherry/Agent1/channel/", NULL);
        wait_line(monitor, "echo: connecting → connected");
        RESULT sent = RUN("send", "echo", "hello\n", "--wait");
        tool_expect(&sent, 0, "1 delivered (transport)\n", NULL);
        wait_line(monitor, "messages  echo: 1 delivered (transport)");
        RESULT heard = RUN("listen", "echo", "--count=1");
        tool_expect(&heard, 0, "hello\\n\n", NULL);
        RESULT nothing = RUN("listen", "echo", "--count=1", "--timeout=100ms");
        tool_expect(&nothing, 7, NULL, "no message came in time");
        RESULT shown = RUN("channels", "echo");
        tool_expect(&shown, 0, "channel   echo (Echo)\nstate     ● connected for ", NULL);
        RESULT json = RUN("channels", "--json");
        tool_expect(&json, 0, "\"state\":\"connected\"", NULL);
        RESULT exists = RUN("open", "echo", "ws://127.0.0.1:1/");
        tool_expect(&exists, 1, NULL, "another URI");
        RESULT closed = RUN("close", "echo");
        tool_expect(&closed, 0, "echo closed\n", NULL);
        wait_line(monitor, "channel   echo closed");
        cr_expect(eq(int, tool_end(monitor, SIGTERM), 0));
}

Test(ctl, queue) {
        RESULT opened = RUN("open", "dead", "ws://127.0.0.1:1/", "-o", "queue-messages=3");
        RESULT sent = RUN_WITH("1\n2\n3\n4\n5\n", "send", "dead", "--lines");
        tool_expect(&opened, 0, NULL, NULL);
        tool_expect(&sent, 1, "3 messages queued\n", "line 4: ");
        RESULT shown = RUN("queue", "dead", "--show=2");
        tool_expect(&shown, 0, "payload   2\n", NULL);
        RESULT cancelled = RUN("queue", "dead", "--cancel=2");
        tool_expect(&cancelled, 0, "2 cancelled\n", NULL);
        RESULT waited = RUN("send", "dead", "x", "--ttl=50ms", "--wait");
        tool_expect(&waited, 1, "4 expired (ttl)\n", NULL);
        RESULT late = RUN("send", "dead", "x", "--wait", "--timeout=50ms");
        tool_expect(&late, 7, "5\n", "not delivered yet");
        RESULT discarded = RUN("queue", "dead", "--discard=all");
        tool_expect(&discarded, 0, "all discarded\n", NULL);
        RESULT large = RUN("send", "dead", "--if-connected", "x");
        tool_expect(&large, 3, NULL, "wherryctl: ");
        RESULT full = RUN("close", "dead");
        tool_expect(&full, 1, NULL, "--discard throws them away");
        RESULT closed = RUN("close", "dead", "--discard");
        tool_expect(&closed, 0, "dead closed\n", NULL);
}

/* The agent dies while lines are sent: each is queued once, and delivered. */
Test(ctl, lines_survive_the_agent, .timeout = 60) {
        enum {
                LINES = 30000
        };
        char *input = malloc(LINES * 8), *to = input;
        struct tool *monitor = SPAWN("monitor"), *sender;

        for (int i = 0; i < LINES; i++)
                to += sprintf(to, "%d\n", i);
        wait_line(monitor, "wherry-agent running");
        RESULT opened = RUN("open", "echo", uri, "-o", "queue-messages=100000", "-o",
                            "inbox-messages=100000");
        tool_expect(&opened, 0, NULL, NULL);
        wait_line(monitor, "echo: connecting → connected");
        sender = SPAWN("send", "echo", "--lines", "--wait");
        tool_write(sender, input, strlen(input) / 2);
        wait_line(monitor, "messages  echo: ");
        (void)child_stop(agent, SIGKILL);
        start_agent();
        wait_line(monitor, "wherry-agent started");
        tool_write(sender, input + strlen(input) / 2, strlen(input) - strlen(input) / 2);
        tool_close_input(sender);
        tool_expect_line(sender, "30000 messages queued, 30000 delivered, 0 ended otherwise");
        cr_expect(eq(int, tool_end(sender, 0), 0));
        cr_expect(eq(int, tool_end(monitor, SIGTERM), 0));
        free(input);
}
