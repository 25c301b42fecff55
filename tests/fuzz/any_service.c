/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "any_service.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "any_message.h"

static sd_bus *ours, *theirs;
static struct any_feed *feed;

static void require(bool condition) {
        if (!condition)
                abort();
}

static const char *answer_signature(sd_bus_message *m) {
        static const struct {
                const char *member;
                const char *signature;
        } answers[] = {
                {"GetManagedObjects", "a{oa{sa{sv}}}"}, {"GetAll", "a{sv}"},
                {"GetConnectionCredentials", "a{sv}"},  {"GetConnectionUnixUser", "u"},
                {"ListSessions", "a(susso)"},           {"WatchPath", "o"},
        };

        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
                if (sd_bus_message_is_method_call(m, NULL, answers[i].member))
                        return answers[i].signature;
        return "v";
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        sd_bus_message *reply;

        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        if (sd_bus_message_get_expect_reply(m) == 0)
                return 1;
        if (sd_bus_message_is_method_call(m, NULL, "GetNameOwner"))
                return sd_bus_reply_method_return(m, "s", ANY_SERVICE);
        if (feed->left == 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NO_REPLY, "Enough");
        require(sd_bus_message_new_method_return(m, &reply) >= 0);
        require(sd_bus_message_set_sender(reply, ANY_SERVICE) >= 0);
        any_append(reply, any_take(feed) < 240 ? answer_signature(m) : "s", feed);
        require(sd_bus_send(NULL, reply, NULL) >= 0);
        sd_bus_message_unref(reply);
        return 1;
}

void any_service_settle(void) {
        int r, s;

        do {
                r = sd_bus_process(ours, NULL);
                s = sd_bus_process(theirs, NULL);
                require(r >= 0 && s >= 0);
        } while (r > 0 || s > 0);
}

void any_service_signal(const struct any_signal *signals, size_t n) {
        const struct any_signal *signal = &signals[any_take(feed) % n];
        sd_bus_message *m;

        require(sd_bus_message_new_signal(theirs, &m, signal->path, signal->interface,
                                          signal->member) >= 0);
        require(sd_bus_message_set_sender(m, signal->sender) >= 0);
        any_append(m, signal->signature, feed);
        require(sd_bus_send(theirs, m, NULL) >= 0);
        sd_bus_message_unref(m);
}

sd_bus *any_service_start(struct any_feed *new_feed) {
        int pair[2];

        feed = new_feed;
        if (ours)
                return ours;
        require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        require(sd_bus_new(&ours) >= 0 && sd_bus_set_fd(ours, pair[0], pair[0]) >= 0);
        require(sd_bus_set_server(ours, true,
                                  SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0)) >=
                0);
        require(sd_bus_start(ours) >= 0);
        require(sd_bus_new(&theirs) >= 0 && sd_bus_set_fd(theirs, pair[1], pair[1]) >= 0);
        require(sd_bus_start(theirs) >= 0);
        require(sd_bus_add_filter(theirs, NULL, on_call, NULL) >= 0);
        any_service_settle();
        return ours;
}
