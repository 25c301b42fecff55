/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections of other programs when their address goes, and when it does not. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "moment.h"
#include "netmon_process.h"
#include "netns.h"
#include "sockreset_world.h"

#define AT_ONCE "[Reset]\nGraceSec=0\n"
#define ROUNDS 5

static struct sockreset_world world;

static void setup(void) {
        sockreset_world_start(&world);
}

static void teardown(void) {
        sockreset_world_stop(&world);
}

/* The kernel keeps all connections of these namespaces in one place. */
static void setup_crowded(void) {
        if (netns_possible()) {
                netns_enter();
                netns_sysctl("ipv4/tcp_child_ehash_entries", "1");
        }
        setup();
}

TestSuite(sockreset, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(crowded, .init = setup_crowded, .fini = teardown, .timeout = 60);

static void start_ssh(struct waiter *waiter) {
        waiter_start(&world, waiter, AF_INET, SOCK_STREAM, "10.9.0.2", "10.9.0.1");
}

/* Lets everything happen that is about to. */
static void let_pass(uint64_t usec) {
        (void)bus_signals_count(world.netmon.signals, NULL, moment_boottime_usec() + usec);
}

/* Takes the address away; says how long the program then waited. */
static uint64_t end_by_removal(int family, int type, const char *source, const char *destination,
                               const char *prefix) {
        struct waiter waiter;
        uint64_t gone_usec, end_usec;
        int error;

        waiter_start(&world, &waiter, family, type, source, destination);
        shell("ip address del %s dev wan0", prefix);
        gone_usec = moment_boottime_usec();
        error = waiter_end(&waiter, NETMON_WAIT_USEC, &end_usec);
        cr_assert_eq(error, ECONNABORTED, "%s: %s", source, strerror(error));
        waiter_stop(&waiter);
        shell("ip address add %s dev wan0 %s", prefix, strchr(prefix, ':') ? "nodad" : "");
        netmon_settle(&world.netmon);
        return end_usec > gone_usec ? end_usec - gone_usec : 0;
}

Test(sockreset, read_of_another_process_ends_at_once) {
        static const struct {
                int family, type;
                const char *source, *destination, *prefix, *log;
        } rows[] = {
                {AF_INET, SOCK_STREAM, "10.9.0.2", "10.9.0.1", "10.9.0.2/24", "tcp 10.9.0.2:"},
                {AF_INET6, SOCK_STREAM, "::ffff:10.9.0.2", "::ffff:10.9.0.1", "10.9.0.2/24",
                 "tcp 10.9.0.2:"},
                {AF_INET6, SOCK_STREAM, "2001:db8:9::2", "2001:db8:9::1", "2001:db8:9::2/64",
                 "tcp [2001:db8:9::2]:"},
                {AF_INET6, SOCK_STREAM, "fe80::9", "fe80::1", "fe80::9/64", "tcp [fe80::9]:"},
                {AF_INET, SOCK_DGRAM, "10.9.0.2", "10.9.0.1", "10.9.0.2/24", "udp 10.9.0.2:"},
                {AF_INET6, SOCK_DGRAM, "::ffff:10.9.0.2", "::ffff:10.9.0.1", "10.9.0.2/24",
                 "udp 10.9.0.2:"},
                {AF_INET6, SOCK_DGRAM, "2001:db8:9::2", "2001:db8:9::1", "2001:db8:9::2/64",
                 "udp [2001:db8:9::2]:"},
        };

        sockreset_start(&world, AT_ONCE, NULL);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                uint64_t best_usec = UINT64_MAX;

                /* The quickest of some: others use the processor, too. */
                for (unsigned j = 0; j < ROUNDS && best_usec > 50000; j++) {
                        uint64_t usec = end_by_removal(rows[i].family, rows[i].type, rows[i].source,
                                                       rows[i].destination, rows[i].prefix);

                        best_usec = usec < best_usec ? usec : best_usec;
                        sockreset_wait_log(&world, rows[i].log);
                        sockreset_wait_log(&world, "closed");
                }
                cr_log_info("%s %s: ended after %llu us", rows[i].log, rows[i].source,
                            (unsigned long long)best_usec);
                cr_assert_lt(best_usec, 50000, "%s", rows[i].log);
        }
}

Test(sockreset, address_that_comes_back_in_time_keeps_its_connections) {
        struct waiter waiter;

        sockreset_start(&world, NULL, NULL);
        start_ssh(&waiter);
        shell("ip address del 10.9.0.2/24 dev wan0");
        netmon_settle(&world.netmon);
        shell("ip address add 10.9.0.2/24 dev wan0");
        let_pass(3500000);
        cr_assert_eq(sockreset_count_log(&world, "closed"), 0);
        waiter_expect_alive(&waiter);
        waiter_stop(&waiter);
}

Test(sockreset, address_that_stays_away_loses_them_after_the_grace) {
        struct waiter waiter;
        uint64_t gone_usec, end_usec;

        sockreset_start(&world, NULL, NULL);
        start_ssh(&waiter);
        gone_usec = moment_boottime_usec();
        shell("ip address del 10.9.0.2/24 dev wan0");
        cr_assert_eq(waiter_end(&waiter, NETMON_WAIT_USEC, &end_usec), ECONNABORTED);
        cr_assert_geq(end_usec - gone_usec, 3000000);
        cr_assert_leq(end_usec - gone_usec, 3500000);
        waiter_stop(&waiter);
}

Test(sockreset, connection_on_another_address_is_untouched) {
        struct waiter gone, stays;
        uint64_t usec;

        sockreset_start(&world, AT_ONCE, NULL);
        start_ssh(&gone);
        waiter_start(&world, &stays, AF_INET, SOCK_STREAM, "10.9.1.2", "10.9.1.1");
        shell("ip address del 10.9.0.2/24 dev wan0");
        cr_assert_eq(waiter_end(&gone, NETMON_WAIT_USEC, &usec), ECONNABORTED);
        sockreset_wait_log(&world, "10.9.0.2: gone; 1 connections closed\n");
        waiter_expect_alive(&stays);
        waiter_stop(&gone);
        waiter_stop(&stays);
}

Test(sockreset, interface_that_goes_takes_its_addresses_along) {
        struct waiter waiter;
        uint64_t usec;

        sockreset_start(&world, AT_ONCE, NULL);
        start_ssh(&waiter);
        shell("ip link del wan0");
        cr_assert_eq(waiter_end(&waiter, NETMON_WAIT_USEC, &usec), ECONNABORTED);
        waiter_stop(&waiter);
}

Test(sockreset, lost_carrier_or_switched_off_interface_closes_nothing) {
        struct waiter waiter;

        sockreset_start(&world, AT_ONCE, NULL);
        start_ssh(&waiter);
        netns_switch(world.server_side);
        shell("ip link set isp0 down");
        netns_switch(world.laptop);
        let_pass(200000);
        shell("ip link set wan0 down");
        let_pass(200000);
        shell("ip link set wan0 up");
        netns_switch(world.server_side);
        shell("ip link set isp0 up");
        netns_switch(world.laptop);
        waiter_expect_alive(&waiter);
        waiter_stop(&waiter);
}

Test(sockreset, dry_run_closes_nothing) {
        struct waiter waiter;

        sockreset_start(&world, AT_ONCE, "--dry-run");
        start_ssh(&waiter);
        shell("ip address del 10.9.0.2/24 dev wan0");
        sockreset_wait_log(&world, "> 10.9.0.1:");
        sockreset_wait_log(&world, ": would be closed, its address is gone (uid 0)\n");
        sockreset_wait_log(&world, "10.9.0.2: gone; 1 connections would be closed\n");
        shell("ip address add 10.9.0.2/24 dev wan0");
        waiter_expect_alive(&waiter);
        waiter_stop(&waiter);
}

/* Of a bridge without ports netmon does not tell. */
Test(sockreset, address_that_another_interface_has_is_not_gone) {
        struct waiter waiter;

        sockreset_start(&world, AT_ONCE, NULL);
        start_ssh(&waiter);
        shell("ip link add br0 type bridge && ip link set br0 up && "
              "ip address add 10.9.0.2/32 dev br0");
        shell("ip address del 10.9.0.2/24 dev wan0 && ip route add 10.9.0.0/24 dev wan0");
        let_pass(300000);
        cr_assert_eq(sockreset_count_log(&world, "closed"), 0);
        waiter_expect_alive(&waiter);
        waiter_stop(&waiter);
}

Test(sockreset, address_of_two_interfaces_goes_with_the_second) {
        struct waiter waiter;
        uint64_t usec;

        sockreset_start(&world, AT_ONCE, NULL);
        start_ssh(&waiter);
        shell("ip link add wan1 type veth && ip link set wan1 up && "
              "ip address add 10.9.0.2/32 dev wan1");
        netmon_settle(&world.netmon);
        shell("ip address del 10.9.0.2/24 dev wan0");
        let_pass(300000);
        cr_assert_eq(sockreset_count_log(&world, "closed"), 0);
        shell("ip address del 10.9.0.2/32 dev wan1");
        cr_assert_eq(waiter_end(&waiter, NETMON_WAIT_USEC, &usec), ECONNABORTED);
        waiter_stop(&waiter);
}

Test(sockreset, address_that_moves_to_another_interface_in_time_is_not_gone) {
        struct waiter waiter;

        sockreset_start(&world, "[Reset]\nGraceSec=0.5\n", NULL);
        start_ssh(&waiter);
        shell("ip link add wan1 type veth && ip link set wan1 up");
        shell("ip address del 10.9.0.2/24 dev wan0");
        netmon_settle(&world.netmon);
        shell("ip address add 10.9.0.2/32 dev wan1 && ip route add 10.9.0.0/24 dev wan0");
        let_pass(1000000);
        cr_assert_eq(sockreset_count_log(&world, "closed"), 0);
        waiter_expect_alive(&waiter);
        waiter_stop(&waiter);
}

Test(sockreset, address_that_expires_is_gone) {
        static const struct {
                int family;
                const char *source, *destination, *prefix;
        } rows[] = {
                {AF_INET, "10.9.0.7", "10.9.0.1", "10.9.0.7/24"},
                {AF_INET6, "2001:db8:9::7", "2001:db8:9::1", "2001:db8:9::7/64"},
        };

        sockreset_start(&world, AT_ONCE, NULL);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct waiter waiter;
                uint64_t usec;

                shell("ip address add %s dev wan0 nodad valid_lft 2 preferred_lft 1",
                      rows[i].prefix);
                waiter_start(&world, &waiter, rows[i].family, SOCK_STREAM, rows[i].source,
                             rows[i].destination);
                cr_assert_eq(waiter_end(&waiter, NETMON_WAIT_USEC, &usec), ECONNABORTED, "%s",
                             rows[i].source);
                waiter_stop(&waiter);
        }
}

Test(sockreset, loopback_is_never_touched) {
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client, server;
        struct sockaddr_in address = {.sin_family = AF_INET};
        socklen_t len = sizeof(address);
        char byte = 0;

        shell("ip address add 127.9.0.1/32 dev wan0 && ip address add 192.0.2.9/32 dev lo");
        netmon_settle(&world.netmon);
        sockreset_start(&world, AT_ONCE, NULL);
        (void)inet_pton(AF_INET, "192.0.2.9", &address.sin_addr);
        cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        cr_assert_eq(listen(listener, 1), 0);
        cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
        server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        shell("ip address del 127.9.0.1/32 dev wan0 && ip address del 192.0.2.9/32 dev lo");
        let_pass(300000);
        cr_assert_eq(sockreset_count_log(&world, "gone"), 0);
        shell("ip address add 192.0.2.9/32 dev lo");
        cr_assert_eq(write(server, "x", 1), 1);
        cr_assert_eq(read(client, &byte, 1), 1);
}

Test(sockreset, waits_for_netmon) {
        struct waiter waiter;
        uint64_t usec;

        (void)child_stop(world.netmon.netmon, SIGTERM);
        sockreset_launch(&world, AT_ONCE, NULL);
        start_ssh(&waiter);
        let_pass(200000);
        world.netmon.netmon = netmon_start(&world.netmon.daemon, NULL, NULL);
        sockreset_wait_log(&world, "netmon: there\n");
        shell("ip address del 10.9.0.2/24 dev wan0");
        cr_assert_eq(waiter_end(&waiter, NETMON_WAIT_USEC, &usec), ECONNABORTED);
        waiter_stop(&waiter);
}

Test(sockreset, netmon_that_ends_or_restarts_closes_nothing) {
        struct waiter waiter;

        sockreset_start(&world, AT_ONCE, NULL);
        start_ssh(&waiter);
        cr_assert_eq(child_stop(world.netmon.netmon, SIGTERM), 0);
        sockreset_wait_log(&world, "netmon: gone\n");
        shell("ip address del 10.9.0.2/24 dev wan0");
        world.netmon.netmon = netmon_start(&world.netmon.daemon, NULL, NULL);
        sockreset_wait_log(&world, "netmon: there\n");
        let_pass(300000);
        cr_assert_eq(sockreset_count_log(&world, "closed"), 0);
        shell("ip address add 10.9.0.2/24 dev wan0");
        waiter_expect_alive(&waiter);
        waiter_stop(&waiter);
}

Test(sockreset, netmon_that_ends_within_the_grace_closes_nothing) {
        struct waiter waiter;

        sockreset_start(&world, "[Reset]\nGraceSec=0.3\n", NULL);
        start_ssh(&waiter);
        shell("ip address del 10.9.0.2/24 dev wan0");
        netmon_settle(&world.netmon);
        (void)child_stop(world.netmon.netmon, SIGKILL);
        world.netmon.netmon = 0;
        let_pass(600000);
        cr_assert_eq(sockreset_count_log(&world, "closed"), 0);
        shell("ip address add 10.9.0.2/24 dev wan0");
        waiter_expect_alive(&waiter);
        waiter_stop(&waiter);
}

Test(sockreset, works_on_when_the_bus_is_back) {
        struct waiter waiter;
        uint64_t usec;

        sockreset_start(&world, AT_ONCE, NULL);
        start_ssh(&waiter);
        netmon_world_kill_bus(&world.netmon);
        sockreset_wait_log(&world, "bus: no connection");
        netmon_world_restart_bus(&world.netmon);
        sockreset_wait_log(&world, "netmon: there\n");
        cr_assert_eq(sockreset_count_log(&world, "closed"), 0);
        shell("ip address del 10.9.0.2/24 dev wan0");
        cr_assert_eq(waiter_end(&waiter, NETMON_WAIT_USEC, &usec), ECONNABORTED);
        waiter_stop(&waiter);
}

static int udp_socket(bool connected) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        (void)inet_pton(AF_INET, "10.9.0.2", &address.sin_addr);
        cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        (void)inet_pton(AF_INET, "10.9.0.1", &address.sin_addr);
        address.sin_port = htons(9);
        if (connected)
                cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static int pending_error(int fd) {
        socklen_t len = sizeof(int);
        int error = -1;

        (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
        return error;
}

static void allow_descriptors(rlim_t n) {
        const struct rlimit limit = {.rlim_cur = n, .rlim_max = n};

        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int tcp_socket(void) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)inet_pton(AF_INET, "10.9.0.2", &address.sin_addr);
        cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* A connection to the server; its other end is in *ret_server. */
static int tcp_connection(int listener, int *ret_server) {
        struct sockaddr_in address = {};
        socklen_t len = sizeof(address);
        int fd = tcp_socket();

        cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
        cr_assert_eq(connect(fd, (struct sockaddr *)&address, len), 0);
        *ret_server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        return fd;
}

static int tcp_listener(void) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        int fd;

        netns_switch(world.server_side);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        netns_switch(world.laptop);
        (void)inet_pton(AF_INET, "10.9.0.1", &address.sin_addr);
        cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        cr_assert_eq(listen(fd, SOMAXCONN), 0);
        return fd;
}

static int tcp_that_nobody_answers(void) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(22)};
        int fd = tcp_socket();

        cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
        (void)inet_pton(AF_INET, "10.9.0.99", &address.sin_addr);
        cr_assert_lt(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        cr_assert_eq(errno, EINPROGRESS);
        return fd;
}

static uint8_t tcp_state(int fd) {
        struct tcp_info info = {};
        socklen_t len = sizeof(info);

        cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
        return info.tcpi_state;
}

static void wait_for_state(int fd, uint8_t state) {
        uint64_t deadline_usec = moment_boottime_usec() + NETMON_WAIT_USEC;

        while (tcp_state(fd) != state) {
                cr_assert_lt(moment_boottime_usec(), deadline_usec, "it is in state %u",
                             tcp_state(fd));
                (void)sched_yield();
        }
}

/* A program has them, whatever became of them; what listens, and what is past, nobody waits for. */
Test(sockreset, all_states_of_a_connection_count) {
        int listener = tcp_listener(), servers[3], local = tcp_socket(), past, fds[3];

        sockreset_start(&world, AT_ONCE, NULL);
        cr_assert_eq(listen(local, 1), 0);
        fds[0] = tcp_that_nobody_answers();
        fds[1] = tcp_connection(listener, &servers[0]);
        (void)shutdown(fds[1], SHUT_WR);
        wait_for_state(fds[1], TCP_FIN_WAIT2);
        fds[2] = tcp_connection(listener, &servers[1]);
        (void)shutdown(servers[1], SHUT_WR);
        wait_for_state(fds[2], TCP_CLOSE_WAIT);
        past = tcp_connection(listener, &servers[2]);
        (void)close(past);
        (void)close(servers[2]);
        shell("ip address del 10.9.0.2/24 dev wan0");
        sockreset_wait_log(&world, "10.9.0.2: gone; 3 connections closed\n");
        for (size_t i = 0; i < 3; i++)
                cr_assert_eq(pending_error(fds[i]), ECONNABORTED, "%zu", i);
        cr_assert_eq(tcp_state(local), TCP_LISTEN);
}

/* More than the kernel tells in one datagram; and beside them what is no connection. */
Test(sockreset, thousands_are_closed_with_a_line_each) {
        enum {
                N = 3000
        };
        struct sockaddr_in address = {.sin_family = AF_INET};
        int fds[N], unconnected, listener;

        allow_descriptors(N + 100);
        sockreset_start(&world, AT_ONCE, NULL);
        for (size_t i = 0; i < N; i++)
                fds[i] = udp_socket(true);
        unconnected = udp_socket(false);
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)inet_pton(AF_INET, "10.9.0.2", &address.sin_addr);
        cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        cr_assert_eq(listen(listener, 1), 0);
        shell("ip address del 10.9.0.2/24 dev wan0");
        sockreset_wait_log(&world, "10.9.0.2: gone; 3000 connections closed\n");
        cr_assert_eq(sockreset_count_log(&world, ": closed, its address is gone"), N);
        for (size_t i = 0; i < N; i++)
                cr_assert_eq(pending_error(fds[i]), ECONNABORTED);
        cr_assert_eq(pending_error(unconnected), 0);
        cr_assert_eq(pending_error(listener), 0);
}

/* What goes moves those that the kernel has not told of yet. */
Test(crowded, none_is_missed) {
        enum {
                N = 2000
        };
        struct sockaddr_in address = {};
        socklen_t len = sizeof(address);
        int fds[N], listener = tcp_listener();

        allow_descriptors(N + 100);
        sockreset_start(&world, AT_ONCE, NULL);
        cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
        for (size_t i = 0; i < N; i++) {
                fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                cr_assert_eq(connect(fds[i], (struct sockaddr *)&address, len), 0, "%zu: %s", i,
                             strerror(errno));
        }
        shell("ip address del 10.9.0.2/24 dev wan0");
        sockreset_wait_log(&world, "10.9.0.2: gone; 2000 connections closed\n");
        for (size_t i = 0; i < N; i++)
                cr_assert_eq(pending_error(fds[i]), ECONNABORTED);
}

Test(sockreset, refuses_to_run_without_the_capability) {
        const char *argv[] = {getenv("WHERRY_SOCKRESET"), "--session", NULL};

        cr_assert_eq(child_wait(child_start_as(65534, 65534, argv), NETMON_WAIT_USEC), 1);
}

Test(sockreset, wrong_configuration_and_arguments_end_it) {
        const char *wrong[] = {getenv("WHERRY_SOCKRESET"), "--colour", NULL};
        const char *missing[] = {getenv("WHERRY_SOCKRESET"), "--config=/nonexistent", NULL};
        const char *help[] = {getenv("WHERRY_SOCKRESET"), "--help", NULL};

        cr_assert_eq(child_wait(child_start(wrong), NETMON_WAIT_USEC), 2);
        cr_assert_eq(child_wait(child_start(missing), NETMON_WAIT_USEC), 1);
        cr_assert_eq(child_wait(child_start(help), NETMON_WAIT_USEC), 0);
}
