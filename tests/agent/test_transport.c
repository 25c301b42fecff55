/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "agent_bus.h"
#include "cleanup.h"
#include "connector.h"
#include "die.h"
#include "faulty_sqlite.h"
#include "log.h"
#include "moment.h"
#include "names.h"
#include "store_support.h"

/* A whole agent that speaks a protocol of the test's own: this table takes the place of the one in
 * the library. What the agent asks of a connection is told to the test by packets, and packets of
 * the test say what happens to it. */

enum word {
        /* From the connection. */
        OPEN,
        BEGIN,
        WRITE,
        PING,
        ACKNOWLEDGE,
        ABANDON,
        CLOSE,
        /* To it. */
        OPENED,
        MESSAGE,
        PROVED,
        REJECTED,
        CLOSED,
};

struct packet {
        enum word word;
        unsigned connection;
        uint64_t numbers[4];
        size_t n;
        char text[64];
};

#define CONNECTIONS_MAX 8

struct fake {
        struct transport transport;
        unsigned index;
        const struct transport_handlers *handlers;
        void *userdata;
};

static struct agent_bus ab;
static int sockets[2]; /* the agent's end, and the test's */
static struct fake *fakes[CONNECTIONS_MAX];
static unsigned n_fakes;
static sd_event_source *source;

static void tell(int fd, const struct packet *packet) {
        if (send(fd, packet, sizeof(*packet), 0) != sizeof(*packet))
                die("a packet is lost");
}

static int on_packet(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        struct packet packet;
        struct fake *fake;
        struct cause cause;

        if (recv(fd, &packet, sizeof(packet), 0) != sizeof(packet))
                die("half a packet");
        fake = fakes[packet.connection];
        if (!fake)
                die("connection %u is gone", packet.connection);
        if (packet.word == OPENED) {
                struct recovery recovery = {.outcome = (enum recovery_outcome)packet.numbers[0]};

                recovery.counted = packet.numbers[1] > 0;
                recovery.count = (uint32_t)packet.numbers[1];
                (void)snprintf(recovery.reason, sizeof(recovery.reason), "%s", packet.text);
                fake->handlers->opened(&recovery, fake->userdata);
        } else if (packet.word == MESSAGE) {
                struct transport_incoming message = {.payload = packet.text,
                                                     .payload_bytes = strlen(packet.text),
                                                     .token = packet.numbers[0]};

                fake->handlers->received(fake->userdata);
                fake->handlers->message(&message, fake->userdata);
        } else if (packet.word == PROVED) {
                fake->handlers->proved(packet.numbers, packet.n, fake->userdata);
        } else if (packet.word == REJECTED) {
                fake->handlers->rejected(packet.numbers[0], packet.text, fake->userdata);
        } else {
                cause_setf(&cause, CAUSE_LOST, "%s", packet.text);
                fake->handlers->closed(&cause, fake->userdata);
        }
        return 0;
}

static void say(struct transport *transport, enum word word, uint64_t number) {
        struct fake *fake = (struct fake *)transport;
        struct packet packet = {
                .word = word, .connection = fake->index, .numbers = {number}, .n = 1};

        tell(sockets[0], &packet);
}

static const struct transport_ops fake_ops;

static int fake_open(struct connector *connector, const struct transport_config *config,
                     const struct transport_handlers *handlers, void *userdata,
                     struct transport **ret) {
        struct fake *fake = calloc(1, sizeof(*fake));

        if (n_fakes == 0 && sd_event_add_io(connector_event(connector), &source, sockets[0],
                                            EPOLLIN, on_packet, NULL) < 0)
                die("no source");
        fake->transport.ops = &fake_ops;
        fake->index = n_fakes++;
        fake->handlers = handlers;
        fake->userdata = userdata;
        fakes[fake->index] = fake;
        say(&fake->transport, OPEN, 0);
        *ret = &fake->transport;
        return 0;
}

static void fake_begin(struct transport *transport, const struct channel_options *options) {
        say(transport, BEGIN, 0);
}

static int fake_write(struct transport *transport, const struct transport_outgoing *message) {
        if (message->facts->expires_realtime_usec != 0 &&
            (message->ttl_usec == 0 || message->ttl_usec > 3600 * USEC_PER_SEC))
                die("a time to live of %" PRIu64, message->ttl_usec);
        if (memchr(message->payload, '!', message->payload_bytes))
                return -EMSGSIZE;
        say(transport, WRITE, message->facts->id);
        return 0;
}

static int fake_ping(struct transport *transport, uint64_t sequence) {
        say(transport, PING, sequence);
        return 0;
}

static void fake_acknowledge(struct transport *transport, const uint64_t *tokens, size_t n) {
        for (size_t i = 0; i < n; i++)
                say(transport, ACKNOWLEDGE, tokens[i]);
}

static void fake_set(struct transport *transport, bool on) {
}

static void fake_end(struct transport *transport, enum word word) {
        struct fake *fake = (struct fake *)transport;

        say(transport, word, 0);
        fakes[fake->index] = NULL;
        free(fake);
}

static void fake_abandon(struct transport *transport) {
        fake_end(transport, ABANDON);
}

static void fake_close(struct transport *transport) {
        fake_end(transport, CLOSE);
}

static int fake_endpoints(const struct transport *transport, struct address *ret_source,
                          struct address *ret_peer) {
        return -ENOTCONN;
}

static void fake_get_upload(const struct transport *transport, struct stream_upload *ret) {
        *ret = (struct stream_upload){0};
}

static void fake_get_steps(const struct transport *transport, struct transport_steps *ret) {
        *ret = (struct transport_steps){0};
}

static const struct transport_ops fake_ops = {
        .open = fake_open,
        .begin = fake_begin,
        .write = fake_write,
        .ping = fake_ping,
        .acknowledge = fake_acknowledge,
        .set_held = fake_set,
        .set_paused = fake_set,
        .abandon = fake_abandon,
        .close = fake_close,
        .endpoints = fake_endpoints,
        .get_upload = fake_get_upload,
        .get_steps = fake_get_steps,
};

const struct transport_ops *transport_ops(enum protocol protocol) {
        return &fake_ops;
}

static char *channel;

static void setup(void) {
        sd_bus_message *m;
        const char *path;

        support_init();
        faulty_sqlite_install();
        log_set_level(LOG_CRIT);
        cr_assert(eq(int, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0));
        (void)strcpy(ab.directory, support_directory);
        agent_bus_start(&ab);
        m = agent_bus_call(&ab, NULL, "OpenChannel", NULL, "ssa{sv}", "one", "ws://127.0.0.1/", 2,
                           "backoff-first", "t", 10 * USEC_PER_MSEC, "backoff-cap", "t",
                           10 * USEC_PER_MSEC);
        cr_assert(m && sd_bus_message_read(m, "o", &path) >= 0);
        channel = strdup(path);
        sd_bus_message_unref(m);
}

static void teardown(void) {
        agent_bus_stop(&ab);
        support_deinit();
        free(channel);
        (void)close(sockets[0]);
        (void)close(sockets[1]);
}

TestSuite(transport, .init = setup, .fini = teardown, .timeout = 60);

/* The next packet of a kind that says something about messages or the connection. */
static struct packet hear(void) {
        struct pollfd pollfd = {.fd = sockets[1], .events = POLLIN};
        struct packet packet;

        do {
                if (poll(&pollfd, 1, 10000) != 1)
                        die("the agent does nothing");
                if (recv(sockets[1], &packet, sizeof(packet), 0) != sizeof(packet))
                        die("half a packet");
        } while (packet.word == PING);
        return packet;
}

static void expect(enum word word, unsigned connection, uint64_t number) {
        struct packet packet = hear();

        cr_assert(eq(int, packet.word, word));
        cr_assert(eq(uint, packet.connection, connection));
        cr_assert(eq(u64, packet.numbers[0], number));
}

static bool is_quiet(int msec) {
        struct pollfd pollfd = {.fd = sockets[1], .events = POLLIN};

        return poll(&pollfd, 1, msec) == 0;
}

static void happen(struct packet packet) {
        tell(sockets[1], &packet);
}

static void open_connection(unsigned index, enum recovery_outcome outcome, const char *reason) {
        struct packet packet = {
                .word = OPENED, .connection = index, .numbers = {outcome, reason ? 3 : 0}};

        expect(OPEN, index, 0);
        (void)strcpy(packet.text, reason ? reason : "");
        happen(packet);
        expect(BEGIN, index, 0);
}

static uint64_t send_message(const char *payload, uint64_t ttl_usec) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        uint64_t id;

        m = agent_bus_call(&ab, channel, "Send", NULL, "aya{sv}", 1, payload[0], ttl_usec > 0,
                           "ttl", "t", ttl_usec);
        cr_assert(m && sd_bus_message_read(m, "t", &id) >= 0);
        return id;
}

/* The word and the reason of the last state of a message, as the signals tell it. */
struct states {
        uint64_t id;
        char text[128];
};

static int on_states(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct states *states = userdata;
        const char *word, *reason;
        uint64_t id;

        if (sd_bus_message_enter_container(m, 'a', "(tss)") < 0)
                die("MessageStates");
        while (sd_bus_message_read(m, "(tss)", &id, &word, &reason) > 0)
                if (id == states->id)
                        (void)snprintf(states->text, sizeof(states->text), "%s %s", word, reason);
        return 0;
}

static void process_until(const char *text, const char *wanted) {
        uint64_t deadline_usec = moment_now().usec + 10 * USEC_PER_SEC;

        while (strcmp(text, wanted) != 0) {
                if (moment_now().usec > deadline_usec)
                        die("\"%s\" instead of \"%s\"", text, wanted);
                if (sd_bus_process(ab.bus, NULL) == 0)
                        (void)sd_bus_wait(ab.bus, 10 * USEC_PER_MSEC);
        }
}

static void listen_to(const char *member, sd_bus_message_handler_t handler, void *userdata) {
        cr_assert(ge(int,
                     sd_bus_match_signal(ab.bus, NULL, NULL, NULL, AGENT_CHANNEL_INTERFACE, member,
                                         handler, userdata),
                     0));
}

Test(transport, messages_are_proved_and_rejected_one_by_one) {
        struct states first = {.id = 1}, second = {.id = 2}, third = {.id = 3}, last = {.id = 4};

        listen_to("MessageStates", on_states, &first);
        listen_to("MessageStates", on_states, &second);
        listen_to("MessageStates", on_states, &third);
        listen_to("MessageStates", on_states, &last);
        open_connection(0, RECOVERY_UNSUPPORTED, NULL);
        for (uint64_t id = 1; id <= 3; id++) {
                cr_assert(eq(u64, send_message("x", id == 2 ? 60 * USEC_PER_SEC : 0), id));
                expect(WRITE, 0, id);
        }
        happen((struct packet){.word = PROVED, .numbers = {3, 1}, .n = 2});
        process_until(third.text, "delivered server");
        process_until(first.text, "delivered server");
        cr_assert(eq(str, second.text, ""));
        happen((struct packet){.word = REJECTED, .numbers = {2}, .text = "no-such-topic"});
        process_until(second.text, "rejected no-such-topic");
        cr_assert(eq(u64, send_message("!", 0), 4));
        process_until(last.text, "rejected too-large");
        cr_assert(eq(u64, send_message("x", 0), 5));
        expect(WRITE, 0, 5);
}

static int on_recovered(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *outcome, *reason = "";
        uint32_t count = 0;
        int r;

        r = sd_bus_message_read(m, "s", &outcome);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *key;

                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0)
                        r = strcmp(key, "count") == 0 ? sd_bus_message_read(m, "v", "u", &count)
                                                      : sd_bus_message_read(m, "v", "s", &reason);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r < 0)
                die("Recovered");
        (void)snprintf(userdata, 128, "%s %u %s", outcome, count, reason);
        return 0;
}

Test(transport, after_a_loss_only_what_was_not_proved_is_written_again) {
        char recovered[128] = "";
        struct states second = {.id = 2};

        listen_to("MessageStates", on_states, &second);
        listen_to("Recovered", on_recovered, recovered);
        open_connection(0, RECOVERY_LOST, NULL);
        for (uint64_t id = 1; id <= 3; id++) {
                cr_assert(eq(u64, send_message("x", 0), id));
                expect(WRITE, 0, id);
        }
        happen((struct packet){.word = PROVED, .numbers = {2}, .n = 1});
        process_until(second.text, "delivered server");
        happen((struct packet){.word = CLOSED, .text = "cut"});
        expect(ABANDON, 0, 0);
        cr_assert(eq(str, recovered, "")); /* the first connection recovers nothing */
        open_connection(1, RECOVERY_PARTIAL, "too-old");
        expect(WRITE, 1, 1);
        expect(WRITE, 1, 3);
        process_until(recovered, "partial 3 too-old");
        happen((struct packet){.word = CLOSED, .connection = 1, .text = "cut"});
        expect(ABANDON, 1, 0);
        open_connection(2, RECOVERY_RESUMED, NULL);
        process_until(recovered, "resumed 0 ");
}

Test(transport, message_is_acknowledged_once_it_is_on_disk) {
        open_connection(0, RECOVERY_UNSUPPORTED, NULL);
        happen((struct packet){.word = MESSAGE, .numbers = {77}, .text = "hello"});
        expect(ACKNOWLEDGE, 0, 77);
        happen((struct packet){.word = MESSAGE, .text = "waits for nothing"});
        cr_assert(is_quiet(100));
        faulty_sqlite_fail(FAULTY_SYNC, 1, SQLITE_IOERR_FSYNC, true);
        happen((struct packet){.word = MESSAGE, .numbers = {78}, .text = "hello"});
        cr_assert(is_quiet(300));
        faulty_sqlite_fail(FAULTY_SYNC, 0, 0, false);
        expect(ACKNOWLEDGE, 0, 78);
}

Test(transport, message_of_a_connection_that_is_gone_is_not_acknowledged_on_the_next) {
        open_connection(0, RECOVERY_UNSUPPORTED, NULL);
        faulty_sqlite_fail(FAULTY_SYNC, 1, SQLITE_IOERR_FSYNC, true);
        happen((struct packet){.word = MESSAGE, .numbers = {77}, .text = "hello"});
        happen((struct packet){.word = CLOSED, .text = "cut"});
        expect(ABANDON, 0, 0);
        open_connection(1, RECOVERY_ASSUMED, NULL);
        faulty_sqlite_fail(FAULTY_SYNC, 0, 0, false);
        happen((struct packet){
                .word = MESSAGE, .connection = 1, .numbers = {5}, .text = "behind it"});
        expect(ACKNOWLEDGE, 1, 5);
}
