/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus_signals.h"
#include "child.h"
#include "die.h"
#include "moment.h"

static const char config[] =
        "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN'\n"
        " 'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n"
        "<busconfig>\n"
        "  <listen>%s</listen>\n"
        "  <auth>EXTERNAL</auth>\n"
        "  <policy context='default'>\n"
        "    <allow user='*'/>\n"
        "    <allow own='*'/>\n"
        "    <allow send_destination='*' eavesdrop='true'/>\n"
        "    <allow eavesdrop='true'/>\n"
        "  </policy>\n"
        "</busconfig>\n";

/* The descriptor that dbus-daemon writes its address to when it listens. */
static void wait_until_listening(int fd) {
        char text[256];
        ssize_t n;

        do
                n = read(fd, text, sizeof(text));
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                die("dbus-daemon does not start");
        (void)close(fd);
}

void bus_daemon_restart(struct bus_daemon *daemon) {
        char command[256];
        const char *argv[] = {"sh", "-c", command, NULL};
        int fds[2];

        if (pipe(fds) < 0)
                die("pipe: %s", strerror(errno));
        /* It complains when it may not raise its limit of descriptors. */
        (void)snprintf(command, sizeof(command),
                       "exec dbus-daemon --nofork --nopidfile --nosyslog --config-file=%s/bus.conf "
                       "--print-address=%d 2>/dev/null",
                       daemon->directory, fds[1]);
        daemon->pid = child_start(argv);
        (void)close(fds[1]);
        wait_until_listening(fds[0]);
}

void bus_daemon_start(struct bus_daemon *daemon) {
        char path[96];
        FILE *file;

        *daemon = (struct bus_daemon){.directory = "/tmp/wherry-bus-XXXXXX"};
        if (!mkdtemp(daemon->directory) || chmod(daemon->directory, 0755) < 0)
                die("%s: %s", daemon->directory, strerror(errno));
        (void)snprintf(daemon->address, sizeof(daemon->address), "unix:path=%s/socket",
                       daemon->directory);
        (void)snprintf(path, sizeof(path), "%s/bus.conf", daemon->directory);
        file = fopen(path, "we");
        if (!file)
                die("%s: %s", path, strerror(errno));
        (void)fprintf(file, config, daemon->address);
        (void)fclose(file);
        bus_daemon_restart(daemon);
}

static void remove_file(const struct bus_daemon *daemon, const char *name) {
        char path[96];

        (void)snprintf(path, sizeof(path), "%s/%s", daemon->directory, name);
        (void)unlink(path);
}

void bus_daemon_kill(struct bus_daemon *daemon) {
        (void)child_stop(daemon->pid, SIGKILL);
        daemon->pid = 0;
        remove_file(daemon, "socket");
}

void bus_daemon_stop(struct bus_daemon *daemon) {
        bus_daemon_kill(daemon);
        remove_file(daemon, "bus.conf");
        remove_file(daemon, "netmon.conf");
        remove_file(daemon, "key");
        remove_file(daemon, "sockreset.conf");
        remove_file(daemon, "netmon.state");
        (void)rmdir(daemon->directory);
}

sd_bus *bus_daemon_connect(const struct bus_daemon *daemon) {
        const char *unique_name;
        sd_bus *bus = NULL;

        /* Asking for the own name waits for the Hello. */
        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, daemon->address) < 0 ||
            sd_bus_set_bus_client(bus, true) < 0 || sd_bus_negotiate_fds(bus, true) < 0 ||
            sd_bus_start(bus) < 0 || sd_bus_get_unique_name(bus, &unique_name) < 0)
                die("%s: cannot connect", daemon->address);
        return bus;
}

void bus_wait_for_name(sd_bus *bus, const char *name, uint64_t timeout_usec) {
        uint64_t deadline_usec = moment_boottime_usec() + timeout_usec;
        struct bus_signals *signals;
        char match[256];
        int r;

        /* The match is there before the question, so that the name cannot come in between. */
        (void)snprintf(match, sizeof(match),
                       "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                       "arg0='%s'",
                       name);
        signals = bus_signals_listen(bus, match);
        for (;;) {
                sd_bus_message *m;

                r = sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetNameOwner", NULL, NULL, "s",
                                       name);
                if (r >= 0)
                        break;
                m = bus_signals_next(signals, NULL, deadline_usec);
                if (!m)
                        die("nobody takes the name %s", name);
                sd_bus_message_unref(m);
        }
        bus_signals_free(signals);
}
