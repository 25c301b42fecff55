/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sockreset_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "die.h"
#include "moment.h"
#include "netns.h"

struct report {
        int error;
        uint64_t usec;
};

void sockreset_world_start(struct sockreset_world *world) {
        netmon_world_start(&world->netmon, NETMON_AS_ROOT, NULL);
        world->sockreset = 0;
        world->log_len = world->log_at = 0;
        world->log_fd = -1;
        world->laptop = netns_current();
        world->server_side = netns_add();
        shell("ip link add wan0 type veth peer name isp0 netns /proc/%d/fd/%d", getpid(),
              world->server_side);
        shell("ip link set wan0 addrgenmode none up && ip address add 10.9.0.2/24 dev wan0 && "
              "ip address add 10.9.1.2/24 dev wan0 && "
              "ip address add 2001:db8:9::2/64 dev wan0 nodad && "
              "ip address add fe80::9/64 dev wan0 nodad");
        netns_switch(world->server_side);
        shell("ip link set isp0 addrgenmode none up && ip address add 10.9.0.1/24 dev isp0 && "
              "ip address add 10.9.1.1/24 dev isp0 && "
              "ip address add 2001:db8:9::1/64 dev isp0 nodad && "
              "ip address add fe80::1/64 dev isp0 nodad");
        netns_switch(world->laptop);
        netmon_settle(&world->netmon);
}

void sockreset_world_stop(struct sockreset_world *world) {
        int status = child_stop(world->sockreset, SIGTERM);

        if (status != 0)
                die("sockreset ended with status %d", status);
        if (sockreset_count_log(world, "cannot") > 0)
                die("sockreset said: %s", world->log);
        if (world->log_fd >= 0)
                (void)close(world->log_fd);
        (void)close(world->laptop);
        (void)close(world->server_side);
        netmon_world_stop(&world->netmon);
}

/* Its standard error is ours as it starts. */
static pid_t start_with_log(const char *const *argv, int *ret_fd) {
        int fds[2], own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        pid_t pid;

        if (own < 0 || pipe2(fds, O_CLOEXEC) < 0 || dup2(fds[1], STDERR_FILENO) < 0)
                die("pipe: %s", strerror(errno));
        pid = child_start(argv);
        (void)dup2(own, STDERR_FILENO);
        (void)close(own);
        (void)close(fds[1]);
        *ret_fd = fds[0];
        return pid;
}

void sockreset_launch(struct sockreset_world *world, const char *config, const char *argument) {
        char bus_argument[128], path[96], config_argument[128];
        /* As its unit starts it: an ordinary user with the one capability. */
        const char *argv[] = {"setpriv",
                              "--reuid=65534",
                              "--regid=65534",
                              "--clear-groups",
                              "--bounding-set=-all,+net_admin",
                              "--inh-caps=-all,+net_admin",
                              "--ambient-caps=-all,+net_admin",
                              getenv("WHERRY_SOCKRESET"),
                              bus_argument,
                              config_argument,
                              argument,
                              NULL};
        FILE *file;

        if (!getenv("WHERRY_SOCKRESET"))
                die("WHERRY_SOCKRESET does not name the program");
        (void)snprintf(bus_argument, sizeof(bus_argument), "--bus=%s",
                       world->netmon.daemon.address);
        (void)snprintf(path, sizeof(path), "%s/sockreset.conf", world->netmon.daemon.directory);
        (void)snprintf(config_argument, sizeof(config_argument), "--config=%s", path);
        file = fopen(path, "we");
        if (!file || fputs(config ? config : "", file) < 0 || fclose(file) != 0)
                die("%s: cannot be written", path);
        world->sockreset = start_with_log(argv, &world->log_fd);
}

/* Reads more of the log; false when none comes by then. */
static bool read_log(struct sockreset_world *world, int timeout_msec) {
        struct pollfd poll_fd = {.fd = world->log_fd, .events = POLLIN};
        ssize_t n;

        if (poll(&poll_fd, 1, timeout_msec) <= 0)
                return false;
        n = read(world->log_fd, world->log + world->log_len,
                 sizeof(world->log) - 1 - world->log_len);
        if (n <= 0)
                return false;
        world->log_len += (size_t)n;
        world->log[world->log_len] = '\0';
        return true;
}

void sockreset_wait_log(struct sockreset_world *world, const char *text) {
        const char *found;

        while (!(found = strstr(world->log + world->log_at, text)))
                if (!read_log(world, (int)(NETMON_WAIT_USEC / 1000)))
                        die("sockreset does not say '%s' but: %s", text, world->log);
        world->log_at = (size_t)(found - world->log) + strlen(text);
}

size_t sockreset_count_log(struct sockreset_world *world, const char *text) {
        const char *at = world->log;
        size_t n = 0;

        while (read_log(world, 0))
                ;
        world->log[world->log_len] = '\0';
        for (; (at = strstr(at, text)); at += strlen(text))
                n++;
        return n;
}

void sockreset_start(struct sockreset_world *world, const char *config, const char *argument) {
        sockreset_launch(world, config, argument);
        sockreset_wait_log(world, "netmon: there\n");
}

static socklen_t make_address(int family, const char *text, uint16_t port,
                              struct sockaddr_storage *ret) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
        struct sockaddr_in *four = (struct sockaddr_in *)ret;

        *ret = (struct sockaddr_storage){.ss_family = (sa_family_t)family};
        if (family == AF_INET) {
                four->sin_port = htons(port);
                if (inet_pton(AF_INET, text, &four->sin_addr) != 1)
                        die("%s is no address", text);
                return sizeof(*four);
        }
        six->sin6_port = htons(port);
        if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
                die("%s is no address", text);
        if (IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr)) {
                six->sin6_scope_id = if_nametoindex("wan0");
                if (six->sin6_scope_id == 0)
                        six->sin6_scope_id = if_nametoindex("isp0");
        }
        return sizeof(*six);
}

static int open_bound(int family, int type, const char *text, uint16_t port) {
        struct sockaddr_storage address;
        socklen_t len = make_address(family, text, port, &address);
        int fd = socket(family, type | SOCK_CLOEXEC, 0), on = 1;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            bind(fd, (struct sockaddr *)&address, len) < 0)
                die("%s: cannot be bound: %s", text, strerror(errno));
        return fd;
}

static _Noreturn void run_waiter(int family, int type, const char *source, const char *destination,
                                 uint16_t port, int report_fd) {
        struct sockaddr_storage address;
        socklen_t len;
        struct report report = {};
        char byte;
        int fd;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        fd = open_bound(family, type, source, 0);
        len = make_address(family, destination, port, &address);
        if (connect(fd, (struct sockaddr *)&address, len) < 0)
                report.error = errno;
        if (write(report_fd, &report, sizeof(report)) < 0)
                _exit(1);
        if (read(fd, &byte, 1) < 0)
                report.error = errno;
        report.usec = moment_boottime_usec();
        if (write(report_fd, &report, sizeof(report)) < 0)
                _exit(1);
        _exit(0);
}

static struct report read_report(const struct waiter *waiter, uint64_t timeout_usec) {
        struct pollfd poll_fd = {.fd = waiter->report_fd, .events = POLLIN};
        struct report report;

        if (poll(&poll_fd, 1, (int)(timeout_usec / 1000)) <= 0)
                die("the program still waits");
        if (read(waiter->report_fd, &report, sizeof(report)) != sizeof(report))
                die("the program has crashed");
        return report;
}

void waiter_start(struct sockreset_world *world, struct waiter *waiter, int family, int type,
                  const char *source, const char *destination) {
        struct sockaddr_storage address;
        socklen_t len = sizeof(address);
        struct report report;
        int listener, fds[2];
        uint16_t port;

        netns_switch(world->server_side);
        listener = open_bound(family, type, destination, 0);
        if (type == SOCK_STREAM && listen(listener, 1) < 0)
                die("listen: %s", strerror(errno));
        netns_switch(world->laptop);
        if (getsockname(listener, (struct sockaddr *)&address, &len) < 0 ||
            pipe2(fds, O_CLOEXEC) < 0)
                die("no port: %s", strerror(errno));
        port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                       : ((struct sockaddr_in6 *)&address)->sin6_port);
        waiter->pid = fork();
        if (waiter->pid == 0)
                run_waiter(family, type, source, destination, port, fds[1]);
        (void)close(fds[1]);
        waiter->report_fd = fds[0];
        waiter->server_fd = listener;
        report = read_report(waiter, NETMON_WAIT_USEC);
        if (report.error != 0)
                die("%s cannot connect to %s: %s", source, destination, strerror(report.error));
        if (type == SOCK_STREAM) {
                waiter->server_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                (void)close(listener);
        }
}

void waiter_stop(struct waiter *waiter) {
        (void)child_stop(waiter->pid, SIGKILL);
        (void)close(waiter->report_fd);
        (void)close(waiter->server_fd);
}

int waiter_end(struct waiter *waiter, uint64_t timeout_usec, uint64_t *ret_usec) {
        struct report report = read_report(waiter, timeout_usec);

        *ret_usec = report.usec;
        return report.error;
}

void waiter_expect_alive(struct waiter *waiter) {
        uint64_t usec;
        int error;

        if (write(waiter->server_fd, "x", 1) != 1)
                die("the server cannot send: %s", strerror(errno));
        error = waiter_end(waiter, NETMON_WAIT_USEC, &usec);
        if (error != 0)
                die("the connection was closed: %s", strerror(error));
}
