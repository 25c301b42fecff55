/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verbs against the fake daemons: output, JSON, exit status. */

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <json-c/json.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "names.h"
#include "netns.h"
#include "text.h"
#include "tool.h"
#include "value.h"
#include "world.h"

static void start(void) {
        world_start(NULL);
}

TestSuite(verbs, .init = start, .fini = world_stop);

static json_object *parse(const char *json) {
        json_object *value = json_tokener_parse(json);

        cr_assert(value != NULL, "no JSON: %s", json);
        cr_assert(strchr(json, '\n') == json + strlen(json) - 1, "more than a line: %s", json);
        return value;
}

static void open_chat(void) {
        RESULT result = RUN("open", "chat", "wss://chat.example/ws");

        tool_expect(&result, 0, "opened chat (/org/wherry/Agent1/channel/c1)", NULL);
}

Test(verbs, status) {
        RESULT idle = RUN("status");
        RESULT json = RUN("status", "--json");
        CLEANUP(json_object_putp) json_object *value = parse(json.out);

        tool_expect(&idle, 0, "network   ● routed for 1 min 5 s, preparing for sleep\n", NULL);
        tool_expect(&idle, 0, "ipv4      eth0 (ethernet), 192.0.2.2 via 192.0.2.1\n", NULL);
        tool_expect(&idle, 0, "ipv6      none\n", NULL);
        tool_expect(&idle, 0, "agent     ● idle for 3 s: As the fake sees it.\n", NULL);
        tool_expect(&idle, 0, "0 of 0 connected, 0 messages queued\n", NULL);
        cr_expect(eq(int, json.status, 0));
        cr_expect(
                eq(str, value_string(json_object_object_get(value, "network"), "state"), "routed"));
        cr_expect(eq(str, value_string(json_object_object_get(value, "agent"), "status"), "idle"));
}

Test(verbs, status_of_trouble) {
        open_chat();
        for (int i = 0; i < 12; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "full%d", i);
                RESULT opened = RUN("open", name, "ws://full/");
                tool_expect(&opened, 0, NULL, NULL);
        }
        world_tell("State", "sss", "full1", "failed", "certificate \033[2J expired");
        RESULT result = RUN("status");
        tool_expect(&result, 3,
                    "full1: failed for 5 s, attempt 4 in 1 min 1 s: certificate \\x1b[2J", NULL);
        tool_expect(&result, 3, "and 4 more, see wherryctl channels\n", NULL);
        cr_expect(strchr(result.out, '\033') == NULL);
        cr_expect(strstr(result.out, "full9") == NULL);
}

Test(verbs, status_with_one_daemon) {
        world_stop();
        world_start((const char *const[]){NETMON_BUS_NAME, NULL});
        RESULT no_agent = RUN("status");
        tool_expect(&no_agent, 6,
                    "wherry-agent is not running; start it with systemctl start "
                    "wherry-agent\n",
                    NULL);
        tool_expect(&no_agent, 6, "routed", NULL);
        world_stop();
        world_start((const char *const[]){AGENT_BUS_NAME, NULL});
        RESULT no_netmon = RUN("status");
        tool_expect(&no_netmon, 6, "network   wherry-netmon is not running", NULL);
        tool_expect(&no_netmon, 6, "● idle", NULL);
}

Test(verbs, interfaces) {
        world_tell("Link", "sb", "wlan0", 0);
        RESULT text = RUN("interfaces");
        RESULT json = RUN("interfaces", "--json", "--all");
        CLEANUP(json_object_putp) json_object *value = parse(json.out);

        tool_expect(&text, 0,
                    "NAME   STATE       TYPE      ADDRESSES        FOR\n"
                    "eth0   usable      ethernet  192.0.2.2/24     1 min 5 s\n"
                    "wlan0  no carrier  wifi      198.51.100.7/24  1 min 5 s\n",
                    NULL);
        cr_expect(eq(sz, json_object_array_length(value), 2));
        cr_expect(eq(str, value_string(json_object_array_get_idx(value, 0), "object"),
                     "/org/wherry/NetMon1/interface/2"));
}

Test(verbs, path) {
        netns_enter(); /* where this host has a name, whatever the machine is */
        netns_replace_file("/etc/hosts", "127.0.0.1 localhost\n");

        RESULT text = RUN("path", "default");
        RESULT name = RUN("path", "localhost", "--json", "--port=443", "--mark=0x10", "-i", "lo");
        RESULT multicast = RUN("path", "224.0.0.1");
        RESULT unknown = RUN("path", "no such host");
        RESULT bad = RUN("path", "default", "--port=65536");
        CLEANUP(json_object_putp) json_object *value = parse(name.out);

        tool_expect(&text, 0,
                    "to        default\n"
                    "path      eth0 (ethernet), 192.0.2.2 via 192.0.2.1\n"
                    "          for 1 min 5 s, table 254, metric 100, mtu 1500\n"
                    "or        wlan0 (wifi), 198.51.100.7 via 198.51.100.1\n",
                    NULL);
        cr_expect(ge(sz, json_object_array_length(value), 1));
        tool_expect(&multicast, 2, NULL, "224.0.0.1 is a multicast address");
        tool_expect(&unknown, 1, NULL, "no such host: Name or service not known");
        tool_expect(&bad, 2, NULL, "--port=65536: expected a number up to 65535");
        world_tell("Link", "sb", "eth0", 0);
        RESULT unusable = RUN("path", "192.0.2.77");
        tool_expect(&unusable, 3, "not usable: carrier", NULL);
}

/* What a user wants to know before he asks for more. */
Test(verbs, hints_are_shown_without_asking_for_json) {
        world_tell("Tell", "b", 1);
        RESULT status = RUN("status");
        RESULT links = RUN("interfaces");
        RESULT way = RUN("path", "192.0.2.77");

        tool_expect(
                &status, 0,
                "network   ● routed for 1 min 5 s, airplane mode, preparing for sleep\n"
                "ipv4      eth0 (ethernet), 192.0.2.2 via 192.0.2.1, about to be lost: gateway\n"
                "          captive portal https://portal.example/api, NAT64 64:ff9b::/96\n"
                "ipv6      none\n",
                NULL);
        tool_expect(&links, 0,
                    "eth0: captive portal https://portal.example/api, NAT64 64:ff9b::/96\n"
                    "airplane mode: every radio is blocked\n",
                    NULL);
        tool_expect(&way, 0, "about to be lost: gateway\n", NULL);
        tool_expect(&way, 0, "captive portal https://portal.example/api, NAT64 64:ff9b::/96\n",
                    NULL);
        world_tell("Tell", "b", 0);
}

Test(verbs, channels) {
        RESULT none = RUN("channels");
        open_chat();
        RESULT app = RUN("open", "chat", "ws://app/", "--app-id=org.App");
        RESULT text = RUN("channels");
        RESULT json = RUN("channels", "--json");
        RESULT one = RUN("channels", "chat");
        RESULT one_json = RUN("channels", "chat", "--json");
        CLEANUP(json_object_putp) json_object *list = parse(json.out);
        CLEANUP(json_object_putp) json_object *value = parse(one_json.out);

        tool_expect(&none, 0, "no channels; see wherryctl open --help\n", NULL);
        tool_expect(&app, 0, "opened chat", NULL);
        tool_expect(&text, 0,
                    "CHANNEL       STATE      QUEUED  UNREAD  DETAIL   SERVER\n"
                    "chat          connected       0       0  for 5 s  wss://chat.example/ws\n"
                    "org.App:chat  connected       0       0  for 5 s  ws://app/\n",
                    NULL);
        cr_expect(eq(sz, json_object_array_length(list), 2));
        tool_expect(&one, 0, "state     ● connected for 5 s\n", NULL);
        tool_expect(&one, 0, "connect   failed, 0 us: Connection refused\n", NULL);
        cr_expect(eq(sz, json_object_array_length(json_object_object_get(value, "steps")), 2));
}

Test(verbs, a_channel_by_every_name) {
        open_chat();
        RESULT app = RUN("open", "mail", "ws://app/", "--app-id=org.App");
        RESULT by_path = RUN("reconnect", "/org/wherry/Agent1/channel/c1");
        RESULT by_app = RUN("reconnect", "mail", "--app-id", "org.App");
        RESULT without_app = RUN("reconnect", "mail");
        RESULT misspelt = RUN("reconnect", "caht");
        RESULT unknown = RUN("reconnect", "frobnicate");
        RESULT gone = RUN("reconnect", "/org/wherry/Agent1/channel/c9");
        RESULT no_path = RUN("reconnect", "/org/wherry/Agent1/channel/a b");

        tool_expect(&by_path, 0, NULL, NULL);
        tool_expect(&by_app, 0, "mail told to try now\n", NULL);
        tool_expect(&without_app, 4, NULL, "'mail' belongs to org.App; give --app-id=org.App");
        tool_expect(&misspelt, 4, NULL, "no channel 'caht'; did you mean 'chat'?");
        tool_expect(&unknown, 4, NULL, "no channel 'frobnicate'; see wherryctl channels");
        tool_expect(&gone, 4, NULL, "there is no such channel");
        cr_expect(eq(int, no_path.status, 4));
}

Test(verbs, open_passes_options) {
        RESULT result = RUN("open", "chat", "wss://x/", "-o", "linger=1.5s", "--option",
                            "headers=A: b", "-o", "headers=C: d", "-o", "max-message=64K", "-o",
                            "open-payload=hi", "-o", "persistent=no", "-o", "backoff-factor=1.5",
                            "-o", "max-attempts=3", "-o", "subprotocols=v1", "--json");
        RESULT shown = RUN("channels", "chat");
        RESULT exists = RUN("open", "chat", "wss://y/");
        RESULT uri = RUN("open", "other", "gopher://y/");
        RESULT unknown = RUN("open", "other", "ws://y/", "-o", "lingr=5s");
        CLEANUP(json_object_putp) json_object *value = parse(result.out);

        cr_expect(eq(str, value_string(value, "channel"), "chat"));
        tool_expect(&shown, 0,
                    "persistent:b=0 backoff-factor:d=1.5 max-attempts:u=3 linger:t=1500000 "
                    "max-message:t=65536 headers:a{ss}=[A=b][C=d] subprotocols:as=[v1] "
                    "open-payload:ay=hi ",
                    NULL);
        tool_expect(&exists, 1, NULL, "use another name, or wherryctl close it first");
        tool_expect(&uri, 2, NULL, "expected ws:// or wss://");
        tool_expect(&unknown, 2, NULL, "no channel option 'lingr'; did you mean 'linger'?");
}

Test(verbs, send_argument_and_input) {
        open_chat();
        RESULT argument = RUN("send", "chat", "hello");
        RESULT input = RUN_WITH("from a pipe\n", "send", "chat");
        RESULT dash = RUN_WITH("x", "send", "chat", "-");
        RESULT waited = RUN("send", "chat", "hello", "--wait");
        RESULT refused = RUN("send", "chat", "reject this", "--wait");
        RESULT json = RUN("send", "chat", "x", "--json", "--wait", "--uuid",
                          "0190163d-8694-739b-aea5-966c26f8ad91");

        tool_expect(&argument, 0, "1\n", NULL);
        tool_expect(&input, 0, "2\n", NULL);
        tool_expect(&dash, 0, "3\n", NULL);
        tool_expect(&waited, 0, "4 delivered (transport)\n", NULL);
        tool_expect(&refused, 1, "5 rejected (server)\n", NULL);
        cr_expect(eq(str, json.out,
                     "{\"channel\":\"chat\",\"object\":\"/org/wherry/Agent1/channel/c1\","
                     "\"id\":6,\"uuid\":\"0190163d-8694-739b-aea5-966c26f8ad91\","
                     "\"state\":\"delivered\",\"reason\":\"transport\"}\n"));
}

/* The end of a message that was sent before is known without a signal. */
Test(verbs, send_again_with_the_same_uuid) {
        static const char uuid[] = "--uuid=0190163d-8694-739b-aea5-966c26f8ad91";

        open_chat();
        RESULT first = RUN("send", "chat", "x", "--wait", uuid);
        RESULT again = RUN("send", "chat", "x", "--wait", uuid, "--timeout=5s");
        tool_expect(&first, 0, "1 delivered", NULL);
        tool_expect(&again, 0, "1 delivered\n", NULL);
}

Test(verbs, send_fails_by_name) {
        static const struct {
                const char *error, *err;
                int status;
        } rows[] = {
                {"org.wherry.Error.QueueFull", "the fake was told to fail (see wherryctl queue", 1},
                {"org.wherry.Error.NoPath", "the fake was told to fail", 3},
                {"org.freedesktop.DBus.Error.AccessDenied", "the fake was told to fail", 5},
                {"org.wherry.Error.PolicyDenied", "the fake was told to fail", 5},
                {"org.wherry.Error.InvalidOption", "the fake was told to fail", 2},
                {"org.wherry.Error.Storage", "repeat it with --uuid=", 1},
                {"org.wherry.Error.Timeout", "the fake was told to fail", 7},
                {"org.wherry.Error.NeverHeardOf", "the fake was told to fail", 1},
                {"org.freedesktop.DBus.Error.UnknownMethod", "of another version", 1},
        };

        open_chat();
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                world_tell("Fail", "ss", "Send", rows[i].error);
                RESULT result = RUN("send", "chat", "x");
                tool_expect(&result, rows[i].status, NULL, rows[i].err);
                cr_expect(eq(str, result.out, ""));
        }
}

Test(verbs, send_asks_again_after_a_restart) {
        open_chat();
        world_tell("Fail", "ss", "Send", "org.freedesktop.DBus.Error.NoReply");
        RESULT result = RUN("send", "chat", "x");
        tool_expect(&result, 0, "1\n", NULL);
}

Test(verbs, send_waits_only_so_long) {
        RESULT opened = RUN("open", "full", "ws://full/");
        RESULT result = RUN("send", "full", "x", "--wait", "--timeout=50ms");

        tool_expect(&opened, 0, NULL, NULL);
        tool_expect(&result, 7, "1\n", "1 of 1 messages not delivered yet; they stay queued");
}

Test(verbs, send_lines) {
        open_chat();
        RESULT text = RUN_WITH("one\ntwo\n\nlast without newline", "send", "chat", "--lines");
        RESULT json = RUN_WITH("a\nb\n", "send", "chat", "--lines", "--json");
        RESULT none = RUN_WITH("", "send", "chat", "--lines");
        RESULT waited = RUN_WITH("a\nreject\nc\n", "send", "chat", "--lines", "--wait");
        RESULT both = RUN_WITH("a\n", "send", "chat", "--lines", "b");
        RESULT uuid = RUN_WITH("a\n", "send", "chat", "--lines", "--uuid=0");

        tool_expect(&text, 0, "4 messages queued\n", NULL);
        cr_expect(eq(str, json.out, "{\"line\":1,\"id\":5}\n{\"line\":2,\"id\":6}\n"));
        tool_expect(&none, 0, "0 messages queued\n", NULL);
        tool_expect(&waited, 1, "3 messages queued, 2 delivered, 1 ended otherwise\n", NULL);
        tool_expect(&both, 2, NULL, "--lines takes the messages from standard input");
        tool_expect(&uuid, 2, NULL, "--uuid is for one message");
}

/* Every line before the first that is refused is queued, none after it. */
Test(verbs, send_lines_stops_at_the_first_refused) {
        RESULT opened = RUN("open", "full", "ws://full/"); /* takes ten */
        RESULT result =
                RUN_WITH("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n", "send", "full", "--lines");
        RESULT queue = RUN("queue", "full", "--json");
        CLEANUP(json_object_putp) json_object *list = parse(queue.out);

        tool_expect(&opened, 0, NULL, NULL);
        tool_expect(&result, 1, "10 messages queued\n",
                    "line 11: the payload is not taken (see "
                    "wherryctl queue");
        tool_expect(&result, 1, NULL, "10 lines before it are queued\n");
        cr_expect(eq(sz, json_object_array_length(list), 10));
}

Test(verbs, send_lines_many_and_large) {
        size_t len = 5000 * 10 + 300000 + 2;
        CLEANUP(freep) char *input = malloc(len + 8);
        char *to = input;

        for (int i = 0; i < 5000; i++)
                to += sprintf(to, "line %04d\n", i);
        memset(to, 'x', 300000); /* too large for the fake */
        (void)sprintf(to + 300000, "\nend\n");
        open_chat();
        RESULT result = RUN_WITH(input, "send", "chat", "--lines");
        tool_expect(&result, 1, "5000 messages queued\n",
                    "line 5001: the payload is not taken (the limit is the channel's option "
                    "max-message");
}

Test(verbs, listen_prints_and_acknowledges) {
        open_chat();
        world_receive("chat", "hello\n\033[2J", 10);
        world_receive("chat", "\xff\xfe", 2);
        world_receive("chat", "third", 5);
        RESULT observed = RUN("listen", "chat", "--observe", "--timeout=100ms");
        RESULT one = RUN("listen", "chat", "--count=1");
        RESULT json = RUN("listen", "chat", "--count", "1", "--json");
        RESULT raw = RUN("listen", "chat", "-n1", "--raw");
        RESULT none = RUN("listen", "chat", "-n1", "--timeout=50ms");

        tool_expect(&observed, 0, "hello\\n\\x1b[2J\n\\xff\\xfe\nthird\n", NULL);
        cr_expect(eq(str, one.out, "hello\\n\\x1b[2J\n"));
        cr_expect(eq(str, json.out,
                     "{\"channel\":\"chat\",\"object\":\"/org/wherry/Agent1/channel/c1\","
                     "\"id\":2,\"received\":\"2023-11-14T22:13:20.123456Z\",\"frame\":"
                     "\"text\",\"redelivered\":true,\"size\":2,\"payload_base64\":"
                     "\"//4=\"}\n"));
        cr_expect(eq(str, raw.out, "third"));
        tool_expect(&none, 7, NULL, "no message came in time");
}

Test(verbs, listen_takes_large_payloads_from_a_memfd) {
        size_t len = 200000;
        CLEANUP(freep) char *payload = malloc(len);

        memset(payload, 'z', len);
        open_chat();
        world_receive("chat", payload, len);
        RESULT result = RUN("listen", "chat", "--raw", "--count=1");
        cr_expect(eq(sz, strlen(result.out), len));
}

Test(verbs, listen_goes_on_after_a_restart) {
        struct tool *child;
        char *line;

        open_chat();
        child = SPAWN("listen", "chat");
        world_tell("WaitFor", "s", "Subscribe");
        world_receive("chat", "before", 6);
        line = tool_line(child);
        cr_expect(eq(str, line, "before"));
        world_tell("WaitFor", "s", "Acknowledge");
        world_tell("Drop", "s", AGENT_BUS_NAME);
        world_receive("chat", "meanwhile", 9);
        world_tell("Take", "s", AGENT_BUS_NAME);
        free(line);
        line = tool_line(child);
        cr_expect(eq(str, line, "meanwhile"));
        free(line);
        cr_expect(eq(int, tool_end(child, SIGTERM), 0));
}

/* The agent went away before it knew that a message was acknowledged: it is not printed again. */
Test(verbs, listen_prints_nothing_twice) {
        struct tool *child;

        open_chat();
        child = SPAWN("listen", "chat");
        world_tell("WaitFor", "s", "Subscribe");
        world_tell("Fail", "ss", "Acknowledge", "hang");
        world_receive("chat", "one", 3);
        tool_expect_line(child, "one");
        world_tell("WaitFor", "s", "Acknowledge");
        world_tell("Drop", "s", AGENT_BUS_NAME);
        world_tell("Take", "s", AGENT_BUS_NAME);
        world_tell("WaitFor", "s", "Acknowledge");
        world_receive("chat", "two", 3);
        tool_expect_line(child, "two");
        cr_expect(eq(int, tool_end(child, SIGTERM), 0));
        RESULT queue = RUN("queue", "chat");
        tool_expect(&queue, 0, "nothing is waiting\n", NULL);
}

/* An observer that is out of credit asks for new, and goes on behind what it has. */
Test(verbs, listen_observes_beyond_its_credit) {
        struct tool *child;

        open_chat();
        world_receive("chat", "1", 1);
        child = SPAWN("listen", "chat", "--observe", "--count=9");
        for (char c = '1'; c <= '9'; c++) {
                if (c > '1')
                        world_receive("chat", &c, 1);
                tool_expect_line(child, (char[]){c, '\0'});
        }
        cr_expect(eq(int, tool_end(child, 0), 0));
}

Test(verbs, listen_is_one_reader) {
        struct tool *first;

        open_chat();
        first = SPAWN("listen", "chat");
        world_tell("WaitFor", "s", "Subscribe");
        RESULT busy = RUN("listen", "chat");
        tool_expect(&busy, 1, NULL, "--takeover takes its place, --observe reads along");
        RESULT second = RUN("listen", "chat", "--takeover", "--timeout=50ms");
        tool_expect(&second, 0, NULL, NULL);
        cr_expect(eq(int, tool_end(first, 0), 1));
}

/* What was not written is not acknowledged. */
Test(verbs, listen_without_a_reader_acknowledges_nothing) {
        struct tool *child;

        open_chat();
        child = SPAWN("listen", "chat");
        world_tell("WaitFor", "s", "Subscribe");
        (void)close(child->out);
        child->out = dup(child->err);
        world_receive("chat", "keep me", 7);
        cr_expect(eq(int, tool_end(child, 0), 0));
        RESULT kept = RUN("listen", "chat", "-n1");
        tool_expect(&kept, 0, "keep me\n", NULL);
}

Test(verbs, queue) {
        RESULT opened = RUN("open", "full", "ws://full/");
        RESULT sent = RUN("send", "full", "hello \033", "--tag=t1");
        RESULT counts = RUN("queue");
        RESULT counts_json = RUN("queue", "--json");
        RESULT list = RUN("queue", "full");
        RESULT shown = RUN("queue", "full", "--show", "1");
        RESULT shown_json = RUN("queue", "full", "--show", "1", "--json");
        RESULT unknown = RUN("queue", "full", "--show", "9");
        RESULT retry = RUN("queue", "full", "--retry=all");
        RESULT cancel = RUN("queue", "full", "--cancel=1,2");
        RESULT bad = RUN("queue", "full", "--discard=1,x");
        RESULT all = RUN("queue", "full", "--cancel=all");
        RESULT nowhere = RUN("queue", "--retry=all");
        CLEANUP(json_object_putp) json_object *value = parse(counts_json.out);
        CLEANUP(json_object_putp) json_object *message = parse(shown_json.out);

        tool_expect(&opened, 0, NULL, NULL);
        tool_expect(&sent, 0, "1\n", NULL);
        tool_expect(&counts, 0,
                    "CHANNEL  QUEUED  IN FLIGHT  PARKED  UNREAD\n"
                    "full          1          0       0       0\n",
                    NULL);
        cr_expect(eq(u64, value_number(json_object_array_get_idx(value, 0), "queued"), 1));
        tool_expect(&list, 0, " 1  out  queued      7  ", NULL);
        tool_expect(&shown, 0, "payload   hello \\x1b\n", NULL);
        cr_expect(eq(str, value_string(message, "payload"), "hello \033"));
        tool_expect(&unknown, 1, NULL, "there is no such message");
        tool_expect(&retry, 0, "all queued again\n", NULL);
        tool_expect(&cancel, 0, "1,2 cancelled\n", NULL);
        tool_expect(&bad, 2, NULL, "--discard=1,x: expected numbers of messages");
        tool_expect(&all, 2, NULL, "--cancel needs the numbers of the messages");
        tool_expect(&nowhere, 2, NULL, "--retry needs a CHANNEL");
}

Test(verbs, queue_of_many_pages) {
        RESULT opened = RUN("open", "full2", "ws://full/");
        char input[4 * 300 + 1] = "";

        for (int i = 0; i < 300; i++)
                (void)sprintf(input + strlen(input), "%d\n", i);
        RESULT sent = RUN_WITH(input, "send", "full2", "--lines");
        RESULT some = RUN("queue", "full2");
        RESULT all = RUN("queue", "full2", "--limit=1000", "--json");
        CLEANUP(json_object_putp) json_object *list = parse(all.out);

        tool_expect(&opened, 0, NULL, NULL);
        tool_expect(&sent, 0, NULL, NULL);
        tool_expect(&some, 0, "\n100  out  queued", NULL);
        tool_expect(&some, 0, "there may be more, see --limit\n", NULL);
        cr_expect(eq(sz, json_object_array_length(list), 300));
}

Test(verbs, close_asks_before_it_throws_away) {
        RESULT opened = RUN("open", "full", "ws://full/");
        RESULT sent = RUN("send", "full", "hello");
        RESULT refused = RUN("close", "full");
        RESULT closed = RUN("close", "full", "--discard", "--flush=0.1");
        RESULT again = RUN("close", "full");

        tool_expect(&opened, 0, NULL, NULL);
        tool_expect(&sent, 0, NULL, NULL);
        tool_expect(&refused, 1, NULL, "--discard throws them away");
        tool_expect(&closed, 0, "full closed\n", NULL);
        tool_expect(&again, 4, NULL, "no channel 'full'; see wherryctl channels");
}

Test(verbs, suspend_and_resume) {
        open_chat();
        RESULT suspend = RUN("suspend", "chat");
        RESULT resume = RUN("resume", "chat", "--json");
        RESULT all = RUN("reconnect");

        tool_expect(&suspend, 0, "chat suspended\n", NULL);
        tool_expect(&resume, 0, "{\"channel\":\"chat\"", NULL);
        tool_expect(&all, 0, "all channels told to try now\n", NULL);
}

Test(verbs, an_agent_that_does_not_answer) {
        world_tell("Fail", "ss", "GetManagedObjects", "hang");
        RESULT result = RUN("status");
        tool_expect(&result, 7, "agent     wherry-agent does not answer\n", NULL);
}

Test(verbs, monitor) {
        struct tool *child;

        open_chat();
        child = SPAWN("monitor");
        tool_expect_line(child, "daemon    wherry-netmon running: routed; ipv4 eth0 (ethernet), ");
        tool_expect_line(
                child,
                "daemon    wherry-agent running: online, 1 of 1 channels (of all users) connected");
        world_tell("Path", "s", "");
        world_tell("Path", "s", "wlan0");
        tool_expect_line(child,
                         "path      ipv4 eth0 → wlan0 (wifi), 198.51.100.7 via 198.51.100.1; "
                         "carrier route, told after ");
        world_tell("Link", "sb", "eth0", 0);
        tool_expect_line(child, "interface eth0: carrier no, oper_state down, usable no");
        world_tell("Link", "sb", "gone0", 1);
        tool_expect_line(child, "interface gone0 added: virtual, usable");
        world_tell("Link", "sb", "gone0", 0);
        tool_expect_line(child, "interface gone0 removed");
        world_tell("State", "sss", "chat", "backoff", "refused \033[2J");
        tool_expect_line(child,
                         "channel   chat: connected → backoff, attempt 4 in 1 min 1 s: refused "
                         "\\x1b[2J");
        world_tell("State", "sss", "chat", "connected", "");
        tool_expect_line(child, "channel   chat: backoff → connected");
        world_tell("State", "sss", "chat", "connected", ""); /* says nothing new */
        RESULT sent = RUN("send", "chat", "x");
        tool_expect_line(child, "messages  chat: 1 delivered (transport)");
        RESULT opened = RUN("open", "two", "ws://two/");
        tool_expect_line(child, "channel   two opened to ws://two/, connected");
        RESULT closed = RUN("close", "two");
        tool_expect_line(child, "channel   two closed");
        world_tell("Drop", "s", AGENT_BUS_NAME);
        tool_expect_line(child, "daemon    wherry-agent stopped");
        world_tell("Take", "s", AGENT_BUS_NAME);
        tool_expect_line(child, "daemon    wherry-agent started: online, 1 of 1");
        world_tell("State", "sss", "chat", "waiting", "");
        tool_expect_line(child, "channel   chat: connected → waiting");
        world_tell("Drop", "s", NETMON_BUS_NAME);
        tool_expect_line(child, "daemon    wherry-netmon stopped");
        world_tell("Take", "s", NETMON_BUS_NAME);
        tool_expect_line(child, "daemon    wherry-netmon started: routed");
        tool_expect(&sent, 0, NULL, NULL);
        tool_expect(&opened, 0, NULL, NULL);
        tool_expect(&closed, 0, NULL, NULL);
        cr_expect(eq(int, tool_end(child, SIGINT), 0));
}

Test(verbs, monitor_json) {
        static const char *const events[] = {"daemon", "daemon", "path", "interface"};
        struct tool *child = SPAWN("monitor", "--json");

        for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
                if (i == 2)
                        world_tell("Path", "s", "wlan0");
                if (i == 3)
                        world_tell("Link", "sb", "gone0", 1);
                CLEANUP(freep) char *line = tool_line(child);
                CLEANUP(json_object_putp) json_object *value = json_tokener_parse(line);
                cr_expect(eq(str, value_string(value, "event"), events[i]), "%s", line);
                cr_expect(eq(sz, strlen(value_string(value, "time")), 27));
        }
        cr_expect(eq(int, tool_end(child, SIGTERM), 0));
}

Test(verbs, monitor_without_daemons) {
        struct tool *child;

        world_stop();
        world_start((const char *const[]){"org.wherry.Other", NULL});
        child = SPAWN("monitor");
        tool_expect_line(child, "wherry-netmon not running");
        tool_expect_line(child, "wherry-agent not running");
        world_tell("Take", "s", AGENT_BUS_NAME);
        tool_expect_line(child, "wherry-agent started: idle, 0 of 0");
        cr_expect(eq(int, tool_end(child, SIGTERM), 0));
}

Test(verbs, monitor_ends_when_its_reader_does) {
        struct tool *child = SPAWN("monitor");

        tool_expect_line(child, "wherry-netmon running");
        (void)close(child->out);
        child->out = dup(child->err);
        cr_expect(eq(int, tool_end(child, 0), 0)); /* without an event */
}

/* Anybody on a bus can send a signal to one connection. */
Test(verbs, monitor_believes_only_the_daemons) {
        struct tool *child = SPAWN("monitor");
        CLEANUP(sd_bus_flush_close_unrefp) sd_bus *other = NULL;

        tool_expect_line(child, "wherry-netmon running");
        tool_expect_line(child, "wherry-agent running");
        cr_assert(sd_bus_new(&other) >= 0);
        cr_assert(sd_bus_set_address(other, world_address()) >= 0);
        cr_assert(sd_bus_set_bus_client(other, true) >= 0);
        cr_assert(sd_bus_start(other) >= 0);
        for (int i = 1; i < 20; i++) { /* one of these names is the monitor's */
                sd_bus_message *m;
                char name[16];

                (void)snprintf(name, sizeof(name), ":1.%d", i);
                cr_assert(sd_bus_message_new_signal(other, &m, NETMON_PATH, NETMON_INTERFACE,
                                                    "Resumed") >= 0);
                (void)sd_bus_message_set_destination(m, name);
                (void)sd_bus_message_append(m, "t", UINT64_C(5));
                (void)sd_bus_send(other, m, NULL);
                sd_bus_message_unref(m);
        }
        (void)sd_bus_flush(other);
        /* By then the forged ones have arrived: the bus keeps the order of one sender. */
        cr_assert(sd_bus_call_method(other, "org.wherry.Fake", "/fake", "org.wherry.Fake", "Path",
                                     NULL, NULL, "s", "wlan0") >= 0);
        tool_expect_line(child, "path ");
        cr_expect(eq(int, tool_end(child, SIGTERM), 0));
}

Test(verbs, terminal) {
        RESULT opened = RUN("open", "full-of-a-long-name-that-takes-much-room", "ws://full/");
        static const char *const verbs[][2] = {
                {"channels", NULL}, {"queue", NULL}, {"interfaces", NULL}};

        tool_expect(&opened, 0, NULL, NULL);
        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
                static const unsigned short widths[] = {80, 40, 20, 8};

                (void)setenv("NO_COLOR", "1", 1);
                for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
                        RESULT result = tool_run_on_terminal(widths[w], verbs[i]);
                        char *rest = result.out, *line;

                        (void)setlocale(LC_CTYPE, "C.UTF-8");
                        while ((line = strsep(&rest, "\n"))) {
                                line[strcspn(line, "\r")] = '\0';
                                cr_expect(text_columns(line) <= widths[w], "%u: %s", widths[w],
                                          line);
                                cr_expect(strchr(line, '\033') == NULL);
                        }
                }
                (void)unsetenv("NO_COLOR");
                RESULT coloured = tool_run_on_terminal(80, verbs[i]);
                cr_expect(coloured.out && strstr(coloured.out, "\033["));
        }
}

Test(verbs, ascii_terminal) {
        (void)setenv("LC_ALL", "C", 1);
        RESULT result = RUN("status");
        tool_expect(&result, 0, "network   * routed for", NULL);
        for (const char *c = result.out; *c; c++)
                cr_assert(0 < *c, "%s", result.out);
}

Test(verbs, wait_online_that_is_there) {
        RESULT plain = RUN("wait-online");
        RESULT four = RUN("wait-online", "--family=ipv4", "--timeout=0");
        RESULT link = RUN("wait-online", "-i", "eth0", "-i", "wlan0");
        RESULT json = RUN("wait-online", "--any", "--json");
        CLEANUP(json_object_putp) json_object *value = parse(json.out);

        tool_expect(&plain, 0, "online after ", NULL);
        tool_expect(&four, 0, "online after ", NULL);
        tool_expect(&link, 0, "online after ", NULL);
        cr_expect(eq(int, json.status, 0));
        cr_expect(value_bool(value, "online"));
}

Test(verbs, wait_online_that_is_not) {
        RESULT link = RUN("wait-online", "--interface=none0", "--timeout=50ms");
        RESULT six =
                RUN("wait-online", "--family=ipv6", "--interface=eth0", "--timeout=0", "--json");
        RESULT family = RUN("wait-online", "--family=both");
        RESULT timeout = RUN("wait-online", "--timeout=soon");
        RESULT unnamed = RUN("wait-online", "--interface=", "--timeout=0");
        CLEANUP(json_object_putp) json_object *value = parse(six.out);

        tool_expect(&link, 1, "not online after ", NULL);
        cr_expect(eq(int, six.status, 1));
        cr_expect(not(value_bool(value, "online")));
        tool_expect(&family, 2, NULL, "--family=both: expected ipv4 or ipv6");
        tool_expect(&timeout, 2, NULL, "--timeout=soon");
        tool_expect(&unnamed, 2, NULL, "--interface=: expected a name");
}

Test(verbs, wait_online_comes_to_it) {
        struct tool *tool = SPAWN("wait-online", "--interface=gone0");

        world_tell("WaitFor", "s", "Snapshot");
        world_tell("Link", "sb", "gone0", 1);
        tool_expect_line(tool, "online after ");
        cr_expect(eq(int, tool_end(tool, 0), 0));
}

Test(verbs, wait_online_waits_for_netmon) {
        struct tool *tool;

        world_tell("Drop", "s", NETMON_BUS_NAME);
        tool = SPAWN("wait-online");
        RESULT absent = RUN("wait-online", "--timeout=100ms");
        tool_expect(&absent, 1, "not online after ", NULL);
        world_tell("Take", "s", NETMON_BUS_NAME);
        tool_expect_line(tool, "online after ");
        cr_expect(eq(int, tool_end(tool, 0), 0));
}

Test(verbs, wait_online_interrupted_is_not_online) {
        struct tool *tool = SPAWN("wait-online", "--interface=none0");

        world_tell("WaitFor", "s", "Snapshot");
        cr_expect(eq(int, tool_end(tool, SIGTERM), 1));
}
