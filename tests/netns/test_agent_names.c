/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The agent and servers by name: certificates, and name servers that are of no help. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_world.h"
#include "bus_text.h"
#include "certs.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"
#include "netns.h"

#define GOOD "wss://good.test:8443/echo"

static struct agent_world world;
static struct certs certs;
static struct recorder tls = {.output = -1};

static void setup(void) {
        world_start(&world);
        certs_make(&certs);
        netns_replace_file("/etc/hosts", "127.0.0.1 localhost\n203.0.113.1 good.test\n");
}

static void teardown(void) {
        recorder_stop(&tls);
        certs_remove(&certs);
        world_stop(&world);
}

TestSuite(names, .init = setup, .fini = teardown, .timeout = 60);

/* A server with TLS and that certificate. */
static void start_tls(const char *certificate) {
        char file[128];

        certs_path(&certs, certificate, file, sizeof(file));
        world_start_other_server(&world, &tls, WORLD_TLS_PORT, file);
}

static void append_ca(sd_bus_message *m) {
        if (sd_bus_message_open_container(m, 'a', "{sv}") < 0 ||
            sd_bus_message_open_container(m, 'e', "sv") < 0 ||
            sd_bus_message_append(m, "s", "tls-ca") < 0 ||
            sd_bus_message_open_container(m, 'v', "ay") < 0 ||
            sd_bus_message_append_array(m, 'y', certs.ca, certs.ca_len) < 0 ||
            sd_bus_message_close_container(m) < 0 || sd_bus_message_close_container(m) < 0 ||
            sd_bus_message_close_container(m) < 0)
                die("the authority cannot be put");
}

/* Makes the authority of the certificates the one that the channel trusts. */
static void trust_ca(const char *path) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        cr_assert(sd_bus_message_new_method_call(world.app.bus, &m, AGENT_BUS_NAME, path,
                                                 AGENT_CHANNEL_INTERFACE, "SetOptions") >= 0);
        append_ca(m);
        cr_assert(sd_bus_call(world.app.bus, m, WORLD_WAIT_USEC, NULL, NULL) >= 0);
}

/* Opens a channel that trusts that authority. */
static char *open_trusting(const char *uri) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *path;

        cr_assert(sd_bus_message_new_method_call(world.app.bus, &m, AGENT_BUS_NAME, AGENT_PATH,
                                                 AGENT_INTERFACE, "OpenChannel") >= 0);
        cr_assert(sd_bus_message_append(m, "ss", "a", uri) >= 0);
        append_ca(m);
        cr_assert(sd_bus_call(world.app.bus, m, WORLD_WAIT_USEC, NULL, &reply) >= 0);
        cr_assert(sd_bus_message_read(reply, "o", &path) > 0);
        return strdup(path);
}

static void expect_step(const char *path, const char *step, const char *result) {
        CLEANUP(sd_bus_message_unrefp)
        sd_bus_message *reply = client_call(&world.app, path, "Explain", "");
        CLEANUP(freep) char *steps = bus_text(reply);
        char wanted[64];

        (void)snprintf(wanted, sizeof(wanted), "{step=%s result=%s ", step, result);
        cr_assert(strstr(steps, wanted), "no %s in %s", wanted, steps);
}

/* It has stopped, and says why. */
static void expect_distrust(const char *path, const char *part) {
        CLEANUP(freep) char *error = NULL;

        client_wait(&world.app, path, "State", "failed");
        client_wait(&world.app, path, "Error", "(org.wherry.Error.Certificate ");
        client_wait(&world.app, path, "NextAttempt", "0");
        error = client_get(&world.app, path, "Error");
        cr_assert(strstr(error, part), "%s", error);
        expect_step(path, "connect", "ok");
        expect_step(path, "tls", "failed");
        expect_step(path, "open", "pending");
}

Test(names, good_certificate) {
        CLEANUP(freep) char *path = NULL;

        start_tls("good");
        path = open_trusting(GOOD);
        client_wait(&world.app, path, "State", "connected");
        client_send_many(&world.app, path, "m", 0, 100);
        (void)recorder_next_message(&tls, "m 99");
        /* It moves as well. */
        world_cut(&world, "w0");
        client_send_many(&world.app, path, "m", 100, 100);
        (void)recorder_next_message(&tls, "m 199");
}

Test(names, unknown_authority_until_it_is_given) {
        CLEANUP(freep) char *path = NULL;

        start_tls("good");
        path = client_open(&world.app, "a", GOOD, 0);
        expect_distrust(path, "");
        /* The same network again is no news. */
        world_server_shell(&world, "ip link set c0 down && ip link set c0 up");
        world_pass(&world, 200000);
        expect_distrust(path, "");
        trust_ca(path);
        client_wait(&world.app, path, "State", "connected");
        (void)client_send(&world.app, path, "m", 0);
        (void)recorder_next_message(&tls, "m");
}

Test(names, wrong_host_name) {
        CLEANUP(freep) char *path = NULL;

        start_tls("other");
        path = open_trusting(GOOD);
        expect_distrust(path, "good.test");
        (void)client_send(&world.app, path, "m", 0);
        world_pass(&world, 200000);
        cr_assert_eq(recorder_count(&tls, "open"), 0);
}

Test(names, address_is_no_host_name_of_the_certificate) {
        CLEANUP(freep) char *path = NULL;

        start_tls("good");
        path = open_trusting("wss://203.0.113.1:8443/echo");
        expect_distrust(path, "");
}

Test(names, expired_certificate) {
        CLEANUP(freep) char *path = NULL;

        start_tls("expired");
        path = open_trusting(GOOD);
        expect_distrust(path, "expired");
        /* The server gets a new one, and the user says so. */
        recorder_stop(&tls);
        start_tls("good");
        client_do(&world.app, path, "Reconnect", "");
        client_wait(&world.app, path, "State", "connected");
}

Test(names, plain_server_where_tls_is_wanted) {
        CLEANUP(freep) char *path = open_trusting("wss://good.test:8080/echo");

        client_wait(&world.app, path, "Error", "(org.wherry.Error.");
        client_wait(&world.app, path, "State", "backoff");
        expect_step(path, "tls", "failed");
}

Test(names, name_that_moves) {
        CLEANUP(freep) char *path = NULL;

        netns_replace_file("/etc/hosts", WORLD_BLACK_HOLE " good.test\n");
        path = client_open(&world.app, "a", "ws://good.test:8080/echo", 2, "connect-timeout", "t",
                           UINT64_C(200000), "backoff-first", "t", UINT64_C(50000));
        client_wait(&world.app, path, "Error", "(org.wherry.Error.Timeout ");
        netns_replace_file("/etc/hosts", "203.0.113.1 good.test\n");
        client_wait(&world.app, path, "State", "connected");
}

/* The addresses that worked are kept: on another network the name server may be out of reach. */
Test(names, reconnects_without_a_name_server) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", "ws://good.test:8080/echo");

        (void)world_expect_open(&world, "10.1.0.2");
        netns_replace_file("/etc/hosts", "127.0.0.1 localhost\n");
        netns_replace_file("/etc/resolv.conf", "nameserver " WORLD_BLACK_HOLE "\n");
        world_cut(&world, "w0");
        (void)world_expect_open(&world, "10.2.0.2");
        client_wait(&world.app, path, "State", "connected");
}

/* A neighbour needs no default path, and may be known only later. */
Test(names, neighbour_without_default_path) {
        CLEANUP(freep) char *path = NULL, *later = NULL;

        netns_replace_file("/etc/hosts", "10.1.0.1 good.test\n");
        shell("ip -4 route flush default && ip -6 route flush default");
        path = client_open(&world.app, "a", "ws://good.test:8080/echo", 0);
        client_wait(&world.app, path, "State", "connected");
        later = client_open(&world.app, "b", "ws://late.test:8080/echo", 0);
        client_wait(&world.app, later, "State", "waiting");
        netns_replace_file("/etc/hosts", "10.1.0.1 late.test\n");
        world_server_shell(&world, "ip link set c0 down");
        client_wait(&world.app, later, "State", "connected");
}

Test(names, unknown_name) {
        CLEANUP(freep) char *path = NULL;

        /* Nobody serves names there: it is known at once. */
        netns_replace_file("/etc/resolv.conf", "nameserver 203.0.113.1\noptions attempts:1\n");
        path = client_open(&world.app, "a", "ws://nowhere.test/", 1, "backoff-first", "t",
                           UINT64_C(50000));
        client_wait(&world.app, path, "Error", "(org.wherry.Error.Resolve ");
        client_wait(&world.app, path, "Attempt", "3");
}

/* Nothing waits for a name server that does not answer. */
Test(names, silent_name_server_stops_nobody) {
        CLEANUP(freep) char *path = NULL, *other = NULL;
        uint64_t longest_usec = 0, end_usec;
        unsigned n = 0;

        netns_replace_file("/etc/resolv.conf", "nameserver " WORLD_BLACK_HOLE "\n");
        other = world_open_connected(&world, "b", WORLD_ECHO);
        path = client_open(&world.app, "a", "ws://nowhere.test/", 2, "connect-timeout", "t",
                           UINT64_C(300000), "backoff-first", "t", UINT64_C(50000));
        end_usec = moment_boottime_usec() + 1500000;
        while (moment_boottime_usec() < end_usec) {
                uint64_t begin_usec = moment_boottime_usec(), took_usec;

                free(client_get(&world.app, path, "State"));
                took_usec = moment_boottime_usec() - begin_usec;
                if (took_usec > longest_usec)
                        longest_usec = took_usec;
                client_send_many(&world.app, other, "m", n++, 1);
        }
        cr_log_info("%u calls, the longest took %llu us", n, (unsigned long long)longest_usec);
        cr_assert_lt(longest_usec, 100000);
        client_wait(&world.app, path, "Error", "(org.wherry.Error.Resolve ");
        cr_assert_gt(client_number(&world.app, path, "Attempt"), 2);
        client_do(&world.app, other, "Flush", "t", WORLD_WAIT_USEC);
        (void)world_expect_in_order(&world, "m", n, 0);
}
