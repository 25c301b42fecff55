/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "moment.h"
#include "must.h"

void loop_end(struct loop *loop, enum outcome outcome) {
        if (loop->ended)
                return;
        loop->ended = true;
        loop->outcome = outcome;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        loop_end(userdata, OUTCOME_OK);
        return 0;
}

static int on_reader_gone(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        loop_end(userdata, OUTCOME_OK);
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int on_bus_gone(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        output_complain("the bus closed the connection");
        loop_end(userdata, OUTCOME_NOT_RUNNING);
        return 0;
}

void loop_init(struct loop *loop, struct ctl *ctl) {
        sigset_t signals;
        int r;

        *loop = (struct loop){.ctl = ctl};
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGINT);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigprocmask(SIG_BLOCK, &signals, NULL);
        must(sd_event_new(&loop->event));
        must(sd_event_add_signal(loop->event, NULL, SIGINT, on_signal, loop));
        must(sd_event_add_signal(loop->event, NULL, SIGTERM, on_signal, loop));
        must(sd_bus_attach_event(ctl->bus, loop->event, SD_EVENT_PRIORITY_NORMAL));
        must(sd_bus_match_signal(ctl->bus, NULL, "org.freedesktop.DBus.Local",
                                 "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                 "Disconnected", on_bus_gone, loop));
        /* Asks for no event, so only the end of a pipe or a terminal comes; a file has none. */
        r = sd_event_add_io(loop->event, NULL, STDOUT_FILENO, 0, on_reader_gone, loop);
        must(r == -EPERM || r == -EBADF ? 0 : r);
}

void loop_deinit(struct loop *loop) {
        if (loop->event)
                (void)sd_bus_detach_event(loop->ctl->bus);
        loop->event = sd_event_unref(loop->event);
}

/* Not sd_event_exit(): that would close the bus, and a last word may have to be said on it. */
enum outcome loop_run(struct loop *loop) {
        int r = 0;

        while (!loop->ended && r >= 0)
                r = sd_event_run(loop->event, USEC_NEVER);
        if (r < 0)
                output_complain("event loop: %s", strerror(-r));
        return r < 0 ? OUTCOME_FAILED : loop->outcome;
}

bool loop_flush(struct loop *loop) {
        int r = output_flush(&loop->ctl->out);

        if (r < 0 && r != -EPIPE)
                output_complain("standard output: %s", strerror(-r));
        if (r < 0)
                loop_end(loop, r == -EPIPE ? OUTCOME_OK : OUTCOME_FAILED);
        return r >= 0;
}
