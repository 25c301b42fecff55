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
        REFUSED,
        RECOVERED,
        MOVED,
};

struct packet {
        enum word word;
        unsigned connection;
        uint64_t numbers[4];
        size_t n;
        char text[64];
        /* "": none. A cursor is told as "at TEXT". */
        char id[16], cursor[16], epoch[16];
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

static const char *optional(const char *text) {
        return text[0] != '\0' ? text : NULL;
}

static const char *optional_cursor(const struct packet *packet) {
        return packet->cursor[0] != '\0' ? packet->cursor + strlen("at ") : NULL;
}

static void read_recovery(const struct packet *packet, struct recovery *ret) {
        *ret = (struct recovery){.outcome = (enum recovery_outcome)packet->numbers[0]};
        ret->counted = packet->numbers[1] > 0;
        ret->count = (uint32_t)packet->numbers[1];
        (void)snprintf(ret->reason, sizeof(ret->reason), "%s", packet->text);
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
                struct transport_opening opening = {.cursor = optional_cursor(&packet),
                                                    .epoch = optional(packet.epoch),
                                                    .in_flight = (uint32_t)packet.numbers[2]};

                read_recovery(&packet, &opening.recovery);
                fake->handlers->opened(&opening, fake->userdata);
        } else if (packet.word == RECOVERED) {
                struct recovery recovery;

                read_recovery(&packet, &recovery);
                fake->handlers->recovered(&recovery, fake->userdata);
        } else if (packet.word == MOVED) {
                fake->handlers->moved(optional_cursor(&packet), optional(packet.epoch),
                                      fake->userdata);
        } else if (packet.word == MESSAGE) {
                struct transport_incoming message = {.payload = packet.text,
                                                     .payload_bytes = strlen(packet.text),
                                                     .token = packet.numbers[0],
                                                     .id = optional(packet.id),
                                                     .cursor = optional_cursor(&packet),
                                                     .epoch = optional(packet.epoch)};

                fake->handlers->received(fake->userdata);
                fake->handlers->message(&message, fake->userdata);
        } else if (packet.word == PROVED) {
                fake->handlers->proved(packet.numbers, packet.n, fake->userdata);
        } else if (packet.word == REJECTED) {
                fake->handlers->rejected(packet.numbers[0], packet.text, fake->userdata);
        } else {
                cause_setf(&cause, packet.word == REFUSED ? CAUSE_SESSION : CAUSE_LOST, "%s",
                           packet.text);
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
        struct packet packet = {.word = OPEN};

        if (n_fakes == 0 && sd_event_add_io(connector_event(connector), &source, sockets[0],
                                            EPOLLIN, on_packet, NULL) < 0)
                die("no source");
        fake->transport.ops = &fake_ops;
        fake->index = n_fakes++;
        fake->handlers = handlers;
        fake->userdata = userdata;
        fakes[fake->index] = fake;
        if (config->cursor->text)
                (void)snprintf(packet.cursor, sizeof(packet.cursor), "at %s", config->cursor->text);
        if (config->cursor->epoch)
                (void)snprintf(packet.epoch, sizeof(packet.epoch), "%s", config->cursor->epoch);
        packet.connection = fake->index;
        tell(sockets[0], &packet);
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

/* The next connection is being made, and asks for what comes after this. */
static void expect_cursor(unsigned index, const char *cursor, const char *epoch) {
        struct packet packet = hear();

        cr_assert(eq(int, packet.word, OPEN));
        cr_assert(eq(uint, packet.connection, index));
        cr_assert(eq(str, packet.cursor, (char *)cursor));
        cr_assert(eq(str, packet.epoch, (char *)epoch));
}

static void cut(unsigned index, enum word word) {
        happen((struct packet){.word = word, .connection = index, .text = "cut"});
        expect(ABANDON, index, 0);
}

static void receive(unsigned index, const char *id, const char *cursor, const char *epoch) {
        struct packet packet = {
                .word = MESSAGE, .connection = index, .numbers = {7}, .text = "hello"};

        (void)strcpy(packet.id, id);
        (void)strcpy(packet.cursor, cursor);
        (void)strcpy(packet.epoch, epoch);
        happen(packet);
        expect(ACKNOWLEDGE, index, 7);
}

Test(transport, next_connection_goes_on_from_the_cursor) {
        char recovered[128] = "";

        listen_to("Recovered", on_recovered, recovered);
        expect_cursor(0, "", "");
        /* Known, and empty. */
        happen((struct packet){
                .word = OPENED, .numbers = {RECOVERY_ASSUMED}, .cursor = "at ", .epoch = "e1"});
        expect(BEGIN, 0, 0);
        cut(0, CLOSED);
        expect_cursor(1, "at ", "e1");
        happen((struct packet){
                .word = OPENED, .connection = 1, .numbers = {RECOVERY_RESUMED}, .epoch = "e1"});
        expect(BEGIN, 1, 0);
        process_until(recovered, "resumed 0 ");
        receive(1, "a", "at 5", "e1");
        receive(1, "b", "", ""); /* one that moves nothing */
        cut(1, CLOSED);
        expect_cursor(2, "at 5", "e1");
        happen((struct packet){
                .word = OPENED, .connection = 2, .numbers = {RECOVERY_ASSUMED}, .epoch = "e1"});
        expect(BEGIN, 2, 0);
        happen((struct packet){.word = MOVED, .connection = 2, .cursor = "at 6", .epoch = "e1"});
        happen((struct packet){.word = MOVED, .connection = 2, .cursor = "at 7", .epoch = "e1"});
        cut(2, CLOSED);
        expect_cursor(3, "at 7", "e1");
}

Test(transport, cursor_outlives_the_agent) {
        open_connection(0, RECOVERY_UNSUPPORTED, NULL);
        receive(0, "a", "at 5", "e1");
        /* Faster than the disk. */
        for (int i = 0; i < 50; i++)
                happen((struct packet){.word = MOVED, .cursor = "at x", .epoch = "e1"});
        happen((struct packet){.word = MOVED, .cursor = "at 6", .epoch = "e1"});
        happen((struct packet){.word = MESSAGE, .numbers = {8}, .text = "behind it"});
        expect(ACKNOWLEDGE, 0, 8);
        agent_bus_stop(&ab);
        source = sd_event_source_unref(source);
        n_fakes = 0;
        expect(ABANDON, 0, 0);
        agent_bus_start(&ab);
        expect_cursor(0, "at 6", "e1");
}

Test(transport, new_epoch_or_a_refused_cursor_is_a_loss) {
        char recovered[128] = "";

        listen_to("Recovered", on_recovered, recovered);
        open_connection(0, RECOVERY_UNSUPPORTED, NULL);
        receive(0, "a", "at 5", "e1");
        cut(0, CLOSED);
        expect_cursor(1, "at 5", "e1");
        /* It claims that nothing was lost, in another epoch. */
        happen((struct packet){
                .word = OPENED, .connection = 1, .numbers = {RECOVERY_RESUMED}, .epoch = "e2"});
        expect(BEGIN, 1, 0);
        process_until(recovered, "lost 0 new-epoch");
        cut(1, CLOSED);
        expect_cursor(2, "", "");
        happen((struct packet){.word = OPENED,
                               .connection = 2,
                               .numbers = {RECOVERY_ASSUMED},
                               .cursor = "at 1",
                               .epoch = "e2"});
        expect(BEGIN, 2, 0);
        process_until(recovered, "assumed 0 ");
        cut(2, REFUSED);
        expect_cursor(3, "", "");
        happen((struct packet){.word = OPENED, .connection = 3, .numbers = {RECOVERY_ASSUMED}});
        expect(BEGIN, 3, 0);
        process_until(recovered, "lost 0 new-session");
        cut(3, CLOSED);
        open_connection(4, RECOVERY_UNSUPPORTED, NULL);
        process_until(recovered, "unsupported 0 ");
}

static void expect_state(const char *wanted) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(freep) char *state = NULL;

        cr_assert(ge(int,
                     sd_bus_get_property_string(ab.bus, NULL, channel, AGENT_CHANNEL_INTERFACE,
                                                "State", &error, &state),
                     0));
        cr_assert(eq(str, state, (char *)wanted));
}

Test(transport, what_was_missed_is_told_when_it_has_come) {
        char recovered[128] = "";

        listen_to("Recovered", on_recovered, recovered);
        open_connection(0, RECOVERY_NONE, NULL);
        expect_state("connected"); /* the first connection has missed nothing */
        cut(0, CLOSED);
        open_connection(1, RECOVERY_NONE, NULL);
        expect_state("recovering");
        receive(1, "a", "", "");
        receive(1, "b", "", "");
        cr_assert(eq(str, recovered, ""));
        happen((struct packet){
                .word = RECOVERED, .connection = 1, .numbers = {RECOVERY_RECOVERED}});
        process_until(recovered, "recovered 2 ");
        expect_state("connected");
        receive(1, "c", "", "");
        cut(1, CLOSED);
        open_connection(2, RECOVERY_NONE, NULL);
        receive(2, "d", "", "");
        cut(2, CLOSED);
        process_until(recovered, "partial 1 interrupted");
        open_connection(3, RECOVERY_RESUMED, NULL);
        process_until(recovered, "resumed 0 ");
}

static int on_received(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        char *count = userdata;

        count[0]++;
        return 0;
}

Test(transport, repeats_are_dropped_and_acknowledged_all_the_same) {
        char n_received[2] = "0";

        listen_to("Received", on_received, n_received);
        sd_bus_message_unref(agent_bus_call(&ab, channel, "Subscribe", NULL, "ua{sv}", 10, 1,
                                            "mode", "s", "observe"));
        open_connection(0, RECOVERY_UNSUPPORTED, NULL);
        receive(0, "a", "", "");
        receive(0, "b", "", "");
        cut(0, CLOSED);
        open_connection(1, RECOVERY_ASSUMED, NULL);
        receive(1, "a", "", "");
        receive(1, "b", "", "");
        receive(1, "c", "", "");
        receive(1, "a", "", "e2"); /* in another epoch it is another one */
        process_until(n_received, "4");
        cr_assert(eq(int, sd_bus_process(ab.bus, NULL), 0));
        cr_assert(eq(str, n_received, "4"));
}

Test(transport, server_limits_what_is_in_flight) {
        expect(OPEN, 0, 0);
        happen((struct packet){.word = OPENED, .numbers = {RECOVERY_UNSUPPORTED, 0, 2}});
        expect(BEGIN, 0, 0);
        for (uint64_t id = 1; id <= 4; id++)
                cr_assert(eq(u64, send_message("x", 0), id));
        expect(WRITE, 0, 1);
        expect(WRITE, 0, 2);
        cr_assert(is_quiet(100));
        happen((struct packet){.word = PROVED, .numbers = {2}, .n = 1});
        expect(WRITE, 0, 3);
        cr_assert(is_quiet(100));
        cut(0, CLOSED);
        open_connection(1, RECOVERY_UNSUPPORTED, NULL); /* another one has no limit */
        expect(WRITE, 1, 1);
        expect(WRITE, 1, 3);
        expect(WRITE, 1, 4);
}
