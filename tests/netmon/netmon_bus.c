/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon_bus.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bus_netmon.h"
#include "bus_text.h"
#include "die.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define PATIENCE_USEC 10000
#define PATIENCE_ROUNDS 500

/* What netmon asks of the bus. */
static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *name;

        if (sd_bus_message_is_method_call(m, BUS_NAME, "GetConnectionUnixUser")) {
                if (sd_bus_message_read(m, "s", &name) < 0)
                        die("GetConnectionUnixUser without a name");
                return sd_bus_reply_method_return(m, "u", strcmp(name, ROOT) == 0 ? 0 : 1000);
        }
        return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "Not here");
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_bus *nb = userdata;

        if (!sd_bus_message_is_signal(m, NULL, NULL))
                return 0;
        if (nb->n_signals == SIGNALS_MAX)
                die("more than %d signals", SIGNALS_MAX);
        nb->signals[nb->n_signals++] = sd_bus_message_ref(m);
        return 0;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_bus *nb = userdata;

        nb->reply = sd_bus_message_ref(m);
        return 0;
}

/* Both sides work until neither has anything to do. */
static void settle(struct netmon_bus *nb) {
        int ours, theirs;

        do {
                ours = sd_bus_process(nb->ours, NULL);
                theirs = sd_bus_process(nb->theirs, NULL);
                if (ours < 0 || theirs < 0)
                        die("the socket pair: %s", strerror(ours < 0 ? -ours : -theirs));
        } while (ours > 0 || theirs > 0);
}

void netmon_bus_forget(struct netmon_bus *nb) {
        while (nb->n_signals > 0)
                sd_bus_message_unref(nb->signals[--nb->n_signals]);
}

void netmon_bus_start(struct netmon_bus *nb) {
        sd_id128_t id = SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0);
        int pair[2];

        (void)signal(SIGPIPE, SIG_IGN);
        *nb = (struct netmon_bus){};
        fake_net_init(&nb->net);
        fake_net_add_uplinks(&nb->net);
        if (world_ask(&nb->net.world, 0, FAKE_NOW_USEC) != 0)
                die("the made-up machine has no answers");
        world_published(&nb->net.world);
        world_forget_reasons(&nb->net.world);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                die("socketpair");
        if (sd_bus_new(&nb->ours) < 0 || sd_bus_set_fd(nb->ours, pair[0], pair[0]) < 0 ||
            sd_bus_set_server(nb->ours, true, id) < 0 || sd_bus_start(nb->ours) < 0)
                die("netmon's side of the socket pair");
        if (sd_bus_new(&nb->theirs) < 0 || sd_bus_set_fd(nb->theirs, pair[1], pair[1]) < 0 ||
            sd_bus_start(nb->theirs) < 0 ||
            sd_bus_add_object(nb->theirs, NULL, BUS_PATH, on_call, nb) < 0 ||
            sd_bus_add_filter(nb->theirs, NULL, on_message, nb) < 0)
                die("the other side of the socket pair");
        if (bus_netmon_new(nb->ours, &nb->net.world, &nb->bus) < 0)
                die("netmon's objects");
        settle(nb);
        netmon_bus_forget(nb);
}

void netmon_bus_stop(struct netmon_bus *nb) {
        netmon_bus_forget(nb);
        bus_netmon_free(nb->bus);
        sd_bus_close_unref(nb->ours);
        sd_bus_close_unref(nb->theirs);
        fake_net_deinit(&nb->net);
}

sd_bus_message *netmon_bus_call(struct netmon_bus *nb, const char *sender, const char *path,
                                const char *interface, const char *member, sd_bus_error *error,
                                const char *types, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        va_list ap;
        int r;

        r = sd_bus_message_new_method_call(nb->theirs, &m, NULL, path, interface, member);
        if (r >= 0 && sender)
                r = sd_bus_message_set_sender(m, sender);
        va_start(ap, types);
        if (r >= 0)
                r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        if (r >= 0)
                r = sd_bus_call_async(nb->theirs, NULL, m, on_reply, nb, 0);
        if (r < 0)
                die("%s: %s", member, strerror(-r));
        for (int i = 0; !nb->reply; i++) {
                settle(nb);
                if (i == PATIENCE_ROUNDS)
                        die("%s: no answer", member);
                if (!nb->reply)
                        (void)sd_bus_wait(nb->theirs, PATIENCE_USEC);
        }
        reply = STEAL(nb->reply);
        if (sd_bus_message_is_method_error(reply, NULL)) {
                (void)sd_bus_error_copy(error, sd_bus_message_get_error(reply));
                return NULL;
        }
        return STEAL(reply);
}

static void change_owner(struct netmon_bus *nb, const char *name, const char *old,
                         const char *new) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        if (sd_bus_message_new_signal(nb->theirs, &m, BUS_PATH, BUS_NAME, "NameOwnerChanged") < 0 ||
            sd_bus_message_set_sender(m, BUS_NAME) < 0 ||
            sd_bus_message_append(m, "sss", name, old, new) < 0 ||
            sd_bus_send(nb->theirs, m, NULL) < 0)
                die("NameOwnerChanged");
        settle(nb);
}

void netmon_bus_leave(struct netmon_bus *nb, const char *name) {
        change_owner(nb, name, name, "");
}

void netmon_bus_own(struct netmon_bus *nb, const char *name, const char *owner) {
        change_owner(nb, name, "", owner);
}

void netmon_bus_publish(struct netmon_bus *nb) {
        struct world *world = &nb->net.world;

        if (bus_netmon_publish_links(nb->bus) < 0 || world_ask(world, 0, FAKE_NOW_USEC + 1) != 0 ||
            bus_netmon_publish_paths(nb->bus, FAKE_NOW_USEC + 1) < 0)
                die("cannot publish");
        world_published(world);
        settle(nb);
}

sd_bus_message *netmon_bus_take(struct netmon_bus *nb, const char *member) {
        for (size_t i = 0; i < nb->n_signals; i++) {
                sd_bus_message *m = nb->signals[i];

                if (strcmp(sd_bus_message_get_member(m), member) != 0)
                        continue;
                nb->n_signals--;
                (void)memmove(nb->signals + i, nb->signals + i + 1,
                              (nb->n_signals - i) * sizeof(m));
                return m;
        }
        return NULL;
}

char *netmon_bus_text(sd_bus_message *m) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                die("open_memstream");
        while (sd_bus_message_at_end(m, true) == 0) {
                CLEANUP(freep) char *value = bus_text(m);

                (void)fprintf(out, "%s\n", value);
        }
        (void)fclose(out);
        sd_bus_message_unref(m);
        return text;
}

char *netmon_bus_properties(struct netmon_bus *nb, const char *sender, const char *path,
                            const char *interface) {
        return netmon_bus_text(CALL(nb, sender, path, PROPERTIES, "GetAll", "s", interface));
}

char *netmon_bus_watch(struct netmon_bus *nb, const char *sender) {
        sd_bus_message *reply = CALL(nb, sender, NETMON_PATH, NETMON_INTERFACE, "WatchPath",
                                     "sa{sv}", "198.51.100.7", 0);
        char *path = netmon_bus_text(reply);

        path[strcspn(path, "\n")] = '\0';
        return path;
}
