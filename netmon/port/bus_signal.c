/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_signal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "bus_caller.h"
#include "bus_error.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "subscribers.h"
#include "world.h"

#define PERIOD_MAX_SEC 3600

struct bus_signal {
        sd_bus *bus;
        const struct world *world;
        struct bus_caller_list *callers;
        struct subscribers subscribers;
        sd_event_source *timer; /* NULL until the first subscription */
};

static void arm_timer(struct bus_signal *signal) {
        uint64_t due_usec = subscribers_deadline(&signal->subscribers);

        if (!signal->timer)
                return;
        (void)sd_event_source_set_time(signal->timer, due_usec);
        (void)sd_event_source_set_enabled(signal->timer,
                                          due_usec == USEC_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct bus_signal *signal = userdata;
        const struct world *world = signal->world;
        uint64_t now_usec = moment_boottime_usec(), id;
        uint32_t ifindex;

        while ((ifindex = subscribers_take(&signal->subscribers, now_usec, &id)) != 0) {
                const struct link *link = model_find(&world->model, ifindex);

                if (!link || link->id != id)
                        subscribers_forget_link(&signal->subscribers, id);
                else if (world->signals.ask)
                        world->signals.ask(world->signals.userdata, ifindex);
        }
        arm_timer(signal);
        return 0;
}

static void on_caller_gone(const char *sender, void *userdata) {
        struct bus_signal *signal = userdata;

        subscribers_forget(&signal->subscribers, sender);
        arm_timer(signal);
}

int bus_signal_new(sd_bus *bus, const struct world *world, struct bus_signal **ret) {
        CLEANUP(bus_signal_freep) struct bus_signal *signal = calloc(1, sizeof(*signal));
        int r;

        if (!signal)
                return -ENOMEM;
        signal->bus = bus;
        signal->world = world;
        r = bus_caller_list_new(bus, on_caller_gone, signal, &signal->callers);
        if (r < 0)
                return r;
        *ret = STEAL(signal);
        return 0;
}

void bus_signal_free(struct bus_signal *signal) {
        if (!signal)
                return;
        sd_event_source_disable_unref(signal->timer);
        bus_caller_list_free(signal->callers);
        subscribers_deinit(&signal->subscribers);
        free(signal);
}

/* The interface may have gone while the caller was looked at. */
static const struct link *find_link(const struct bus_signal *signal, sd_bus_message *m) {
        const char *number = sd_bus_message_get_path(m) + strlen(NETMON_LINK_PATH "/");

        return model_find(&signal->world->model, (uint32_t)strtoul(number, NULL, 10));
}

/* Several who want the same at about the same time are served at once. */
static int add_timer(struct bus_signal *signal) {
        if (signal->timer)
                return 0;
        return sd_event_add_time(sd_bus_get_event(signal->bus), &signal->timer, CLOCK_BOOTTIME,
                                 USEC_NEVER, USEC_PER_SEC / 4, on_timer, signal);
}

static int subscribe(sd_bus_message *m, uint32_t uid, void *userdata, sd_bus_error *ret_error) {
        struct bus_signal *signal = userdata;
        const struct link *link = find_link(signal, m);
        uint32_t seconds;
        int r;

        r = sd_bus_message_read_basic(m, 'u', &seconds);
        if (r < 0)
                return r;
        if (seconds == 0 || seconds > PERIOD_MAX_SEC)
                return bus_error_setf(ret_error, -EINVAL, "Every %u seconds: 1 to %u can be had",
                                      seconds, PERIOD_MAX_SEC);
        if (!link)
                return bus_error_setf(ret_error, -ENOENT, "The interface is gone");
        if (!link->wifi.is_wifi)
                return bus_error_setf(ret_error, -EOPNOTSUPP, "%s has no signal to ask for",
                                      link->facts.name);
        r = add_timer(signal);
        if (r < 0)
                return r;
        r = subscribers_set(&signal->subscribers, sd_bus_message_get_sender(m), link->id,
                            link->facts.index, seconds * USEC_PER_SEC, moment_boottime_usec());
        if (r < 0)
                return r;
        arm_timer(signal);
        return sd_bus_reply_method_return(m, NULL);
}

int bus_signal_subscribe(struct bus_signal *signal, sd_bus_message *m, sd_bus_error *ret_error) {
        /* For nobody in particular, but the list tells when the caller leaves. */
        return bus_caller_run(signal->callers, m, subscribe, signal, ret_error);
}

int bus_signal_unsubscribe(struct bus_signal *signal, sd_bus_message *m) {
        const struct link *link = find_link(signal, m);

        if (link)
                (void)subscribers_remove(&signal->subscribers, sd_bus_message_get_sender(m),
                                         link->id);
        arm_timer(signal);
        return sd_bus_reply_method_return(m, NULL);
}
