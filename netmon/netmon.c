/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "beneath.h"
#include "cleanup.h"
#include "clock_jump.h"
#include "gateway_watch.h"
#include "hidden.h"
#include "hints.h"
#include "log.h"
#include "moment.h"
#include "netconf_msg.h"
#include "nlattr.h"
#include "pace.h"
#include "places.h"
#include "publisher.h"
#include "radio.h"
#include "reasons.h"
#include "recheck.h"
#include "resync.h"
#include "rfkill.h"
#include "rtnl_dump.h"
#include "rtnl_request.h"
#include "rtnl_socket.h"
#include "world.h"

/* So much of the kernel's announcements is read before anything is published. */
#define TURN_DATAGRAMS_MAX 256
#define TURN_USEC_MAX 2000

/* Why the paths are to be asked for. */
enum ask {
        ASK_NOT,
        ASK_SETTLE,  /* once more, to be sure of what was asked on a message */
        ASK_MESSAGE, /* a message called for it */
};

struct netmon {
        sd_event *event;
        struct world world;
        struct rtnl_socket *rtnl;
        sd_event_source *rtnl_source;
        struct rtnl_request *request;
        struct rtnl_dump *dump;
        struct model fresh; /* what the dump that runs has brought so far */
        struct recheck recheck;
        struct resync resync;
        struct pace pace;
        sd_event_source *timer;
        uint64_t timer_usec; /* what the timer is set to */
        struct hints *hints;
        struct publisher *publisher; /* once the first dump is done it starts */
        struct places *places;
        struct radio *radio;
        struct rfkill *rfkill;
        struct gateway_watch *gateway_watch;
        bool is_drained; /* all announcements so far have been read */
        enum ask ask;
        bool is_settling;    /* the paths are asked for once more: time for what can wait */
        unsigned triggers;   /* enum reason, since the paths last settled */
        uint64_t event_usec; /* when the first message not yet published was read; 0: none */
};

static void fail(struct netmon *netmon, const char *what, int error) {
        log_error("%s: %s", what, strerror(-error));
        (void)sd_event_exit(netmon->event, error);
}

/* Puts a link or address message into a model; true when that makes a difference to anyone. */
static bool apply(struct netmon *netmon, struct model *model, const struct nlmsghdr *nlh,
                  uint64_t now_usec) {
        int r = apply_message(model, nlh, now_usec);

        if (r == -EBADMSG)
                log_warning("rtnl: message of type %u is malformed, ignoring", nlh->nlmsg_type);
        if (r == -ENOMEM)
                resync_want(&netmon->resync, RESYNC_LOST);
        return r == APPLY_MATTERS;
}

/* Settings of interfaces that concern nobody are of no account. */
static bool setting_matters(const struct netmon *netmon, const struct nlmsghdr *nlh) {
        const struct model *model = &netmon->world.model;
        struct netconf_msg msg;
        const struct link *link;

        if (netconf_msg_parse(nlh, &msg) < 0 || msg.ifindex == NETCONFA_IFINDEX_ALL)
                return true;
        link = msg.ifindex > 0 ? model_find(model, (uint32_t)msg.ifindex) : NULL;
        return link && link_matters(model, link);
}

/* A router that renews an address renews its routes without a word, perhaps to end sooner. */
static void look_at_lifetimes(struct netmon *netmon) {
        if (netmon->world.ends_usec != USEC_NEVER && netmon->ask == ASK_NOT)
                netmon->ask = ASK_SETTLE;
}

static void take_message(struct netmon *netmon, const struct nlmsghdr *nlh, uint64_t now_usec) {
        switch (nlh->nlmsg_type) {
        case RTM_DELLINK:
                rtnl_request_forget_settings(netmon->request); /* its index may come again */
                /* fall through */
        case RTM_NEWLINK:
                recheck_link_message(&netmon->recheck, now_usec);
                if (!apply(netmon, &netmon->world.model, nlh, now_usec))
                        return;
                break;
        case RTM_NEWADDR:
                if (apply(netmon, &netmon->world.model, nlh, now_usec))
                        break;
                look_at_lifetimes(netmon);
                return;
        case RTM_DELADDR:
        case RTM_NEWNDUSEROPT:
                if (!apply(netmon, &netmon->world.model, nlh, now_usec))
                        return;
                break;
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
        case RTM_NEWNEXTHOP:
        case RTM_DELNEXTHOP:
                netmon->triggers |= REASON_ROUTE;
                break;
        case RTM_NEWNETCONF:
                rtnl_request_forget_settings(netmon->request);
                if (!setting_matters(netmon, nlh))
                        return;
                netmon->triggers |= REASON_ROUTE;
                break;
        case RTM_NEWRULE:
        case RTM_DELRULE:
                rtnl_request_forget_rules(netmon->request);
                netmon->triggers |= REASON_RULE;
                break;
        default:
                return;
        }
        netmon->ask = ASK_MESSAGE;
        if (netmon->event_usec == 0)
                netmon->event_usec = now_usec;
}

/* Reads announcements until there are no more, or the turn has had enough. */
static void drain(struct netmon *netmon) {
        uint64_t began_usec = moment_boottime_usec(), now_usec = began_usec;

        netmon->is_drained = false;
        for (unsigned i = 0; i < TURN_DATAGRAMS_MAX; i++) {
                const struct nlmsghdr *nlh;
                const void *data;
                size_t len;
                int r;

                r = rtnl_socket_receive(netmon->rtnl, &data, &len);
                if (r == 0) {
                        netmon->is_drained = true;
                        return;
                }
                if (r == -ENOBUFS) {
                        netmon->world.overruns++;
                        resync_want(&netmon->resync, RESYNC_LOST);
                        continue;
                }
                if (r < 0) {
                        fail(netmon, "rtnl: cannot read announcements", r);
                        return;
                }
                while ((nlh = nlmsg_take(&data, &len)))
                        take_message(netmon, nlh, now_usec);
                now_usec = moment_boottime_usec();
                if (now_usec - began_usec > TURN_USEC_MAX)
                        return;
        }
}

/* What is found out only now is told on its own, so that nothing else waits for it. */
static void find_out(struct netmon *netmon) {
        bool changed = radio_update(netmon->radio);

        changed |= places_update(netmon->places, &netmon->world);
        changed |= gateway_watch_update(netmon->gateway_watch, &netmon->world);
        if (changed && netmon->ask == ASK_NOT)
                netmon->ask = ASK_SETTLE;
}

/* Publishes the burst: the interfaces before the paths are asked for, so that they wait for
 * nothing. */
static void publish(struct netmon *netmon, uint64_t now_usec) {
        enum ask why = netmon->ask;
        int r;

        if (netmon->event_usec == 0)
                netmon->event_usec = now_usec;
        /* On a busy processor the bus would wait for the paths otherwise. */
        if (publisher_tell_links(netmon->publisher))
                (void)sched_yield();
        rfkill_look(netmon->rfkill);
        netmon->ask = ASK_NOT;
        while ((r = world_ask(&netmon->world, netmon->triggers, now_usec)) > 0) {
                /* What the answers speak of was lost, and comes with the dump that follows. */
                if (resync_deadline(&netmon->resync) <= now_usec)
                        break;
                drain(netmon);
                (void)publisher_tell_links(netmon->publisher);
                netmon->ask = ASK_NOT;
        }
        publisher_tell_paths(netmon->publisher, netmon->event_usec);
        world_published(&netmon->world);
        netmon->event_usec = 0;
        if (why == ASK_MESSAGE || r < 0) {
                recheck_asked(&netmon->recheck, moment_boottime_usec());
        } else {
                netmon->triggers = 0;
                world_forget_reasons(&netmon->world);
        }
        /* The bus gets the processor first, and a client of it. */
        if (why != ASK_MESSAGE || netmon->is_settling ||
            !publisher_has_started(netmon->publisher)) {
                netmon->is_settling = false;
                publisher_write_state(netmon->publisher);
                find_out(netmon);
        }
        pace_worked(&netmon->pace, now_usec, moment_boottime_usec());
}

static void start_resync(struct netmon *netmon) {
        int r;

        model_init(&netmon->fresh, &netmon->world.settings);
        r = rtnl_dump_start(netmon->dump);
        if (r < 0) {
                log_warning("rtnl: cannot ask for a dump (%s), retrying", strerror(-r));
                (void)resync_ended(&netmon->resync, r, moment_boottime_usec());
        }
}

static uint64_t min_usec(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

static void arm_timer(struct netmon *netmon, uint64_t now_usec) {
        uint64_t due_usec =
                min_usec(recheck_deadline(&netmon->recheck), netmon->world.model.advert_usec);
        int r;

        due_usec = min_usec(due_usec, netmon->world.ends_usec);
        if (netmon->is_drained)
                due_usec = min_usec(due_usec, resync_deadline(&netmon->resync));
        if (netmon->ask != ASK_NOT && !netmon->resync.running)
                due_usec = min_usec(due_usec, pace_ready(&netmon->pace, now_usec));
        if (due_usec == netmon->timer_usec)
                return;
        netmon->timer_usec = due_usec;
        r = sd_event_source_set_time(netmon->timer, due_usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(
                        netmon->timer, due_usec == USEC_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
        if (r < 0)
                fail(netmon, "cannot set the timer", r);
}

static void on_alarm(void *userdata) {
        arm_timer(userdata, moment_boottime_usec());
}

/* Announcements wait in the socket while a dump runs, to be applied to it; and while nothing may be
 * published, so that a storm does not wake us for each of its messages. */
static void set_listening(struct netmon *netmon, uint64_t now_usec) {
        bool waits = netmon->ask != ASK_NOT && pace_ready(&netmon->pace, now_usec) > now_usec;

        (void)sd_event_source_set_enabled(
                netmon->rtnl_source, netmon->resync.running || waits ? SD_EVENT_OFF : SD_EVENT_ON);
}

static void resync_if_due(struct netmon *netmon, uint64_t now_usec) {
        if (netmon->is_drained && resync_begin(&netmon->resync, now_usec))
                start_resync(netmon);
}

/* Does what is due after anything has happened. */
static void turn(struct netmon *netmon) {
        uint64_t now_usec = moment_boottime_usec();

        /* What was lost may be what counts: it comes with the dump, and is told then. */
        resync_if_due(netmon, now_usec);
        if (netmon->ask != ASK_NOT && !netmon->resync.running &&
            pace_ready(&netmon->pace, now_usec) <= now_usec) {
                publish(netmon, now_usec);
                resync_if_due(netmon, now_usec);
        }
        set_listening(netmon, now_usec);
        arm_timer(netmon, now_usec);
}

static int on_announcement(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        drain(userdata);
        turn(userdata);
        return 0;
}

/* Asks for a link: its news may be held back. */
static void ask_link(struct netmon *netmon, uint32_t ifindex) {
        const struct nlmsghdr *nlh;
        uint64_t now_usec;

        if (rtnl_request_link(netmon->request, ifindex, &nlh) < 0)
                return; /* it is gone, which is announced */
        now_usec = moment_boottime_usec();
        if (!apply(netmon, &netmon->world.model, nlh, now_usec))
                return;
        netmon->ask = ASK_MESSAGE;
        if (netmon->event_usec == 0)
                netmon->event_usec = now_usec;
}

/* Asks for the links that matter. It also waits for whatever the kernel is about to change. */
static void ask_links(struct netmon *netmon) {
        struct beneath beneath = {};

        world_collect_links(&netmon->world, &beneath);
        if (beneath.n == 0)
                beneath.indices[beneath.n++] = 1; /* lo: for the wait alone */
        for (size_t i = 0; i < beneath.n; i++)
                ask_link(netmon, beneath.indices[i]);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct netmon *netmon = userdata;
        unsigned due;

        netmon->timer_usec = USEC_NEVER;
        if (!netmon->resync.running)
                drain(netmon);
        due = recheck_take(&netmon->recheck, moment_boottime_usec());
        if (due & RECHECK_LINKS)
                ask_links(netmon);
        if (model_expire_adverts(&netmon->world.model, moment_boottime_usec()))
                netmon->ask = ASK_MESSAGE;
        if (world_take_end(&netmon->world, moment_boottime_usec()))
                due |= RECHECK_PATHS;
        if (due & RECHECK_PATHS) {
                netmon->is_settling = true;
                if (netmon->ask == ASK_NOT)
                        netmon->ask = ASK_SETTLE;
        }
        turn(netmon);
        return 0;
}

static void on_preparing_for_sleep(bool is_preparing, void *userdata) {
        struct netmon *netmon = userdata;

        netmon->world.is_preparing_for_sleep = is_preparing;
        publisher_tell_sleep(netmon->publisher);
}

/* The kernel may have told us nothing of what went meanwhile, or hold it back. */
static void on_resumed(uint64_t slept_usec, void *userdata) {
        struct netmon *netmon = userdata;
        uint64_t now_usec = moment_boottime_usec();

        log_notice("resumed: after %" PRIu64 " s of sleep", slept_usec / USEC_PER_SEC);
        publisher_tell_resumed(netmon->publisher, slept_usec);
        if (netmon->event_usec == 0)
                netmon->event_usec = now_usec;
        resync_want(&netmon->resync, RESYNC_RESUME);
        recheck_link_message(&netmon->recheck, now_usec);
        turn(netmon);
}

/* Its carrier, and those of the links that matter, may be held back from now on. */
static void on_radio_link(uint32_t ifindex, void *userdata) {
        struct netmon *netmon = userdata;

        if (!netmon->resync.running)
                drain(netmon);
        ask_link(netmon, ifindex);
        recheck_link_message(&netmon->recheck, moment_boottime_usec());
}

static void on_radio_changed(void *userdata) {
        struct netmon *netmon = userdata;

        if (netmon->ask == ASK_NOT)
                netmon->ask = ASK_SETTLE;
        turn(netmon);
}

static const struct radio_owner radio_owner = {
        .ask_link = on_radio_link,
        .changed = on_radio_changed,
};

/* What a switch does to links comes a moment later, and may be held back. */
static void on_rfkill(void *userdata) {
        struct netmon *netmon = userdata;

        if (netmon->resync.running)
                return; /* everything is asked after it */
        drain(netmon);
        ask_links(netmon);
        recheck_link_message(&netmon->recheck, moment_boottime_usec());
        if (netmon->ask == ASK_NOT)
                netmon->ask = ASK_SETTLE;
        turn(netmon);
}

static void on_found_out(void *userdata) {
        find_out(userdata);
        turn(userdata);
}

static void on_hints(void *userdata) {
        struct netmon *netmon = userdata;

        if (!model_take_hints(&netmon->world.model))
                return;
        if (netmon->ask == ASK_NOT)
                netmon->ask = ASK_SETTLE; /* no kernel is about to change anything behind it */
        turn(netmon);
}

static const struct hints_owner hints_owner = {
        .preparing_for_sleep = on_preparing_for_sleep,
        .resumed = on_resumed,
        .links = on_hints,
};

/* The model stands for the first time. */
static void start_publisher(struct netmon *netmon) {
        int r;

        publish(netmon, moment_boottime_usec());
        r = publisher_start(netmon->publisher);
        if (r < 0)
                fail(netmon, "bus: no such address", r);
}

static void on_dump_message(const struct nlmsghdr *nlh, void *userdata) {
        struct netmon *netmon = userdata;

        (void)apply(netmon, &netmon->fresh, nlh, moment_boottime_usec());
}

static void on_dump_done(int result, void *userdata) {
        struct netmon *netmon = userdata;
        uint64_t now_usec = moment_boottime_usec();
        unsigned causes = resync_ended(&netmon->resync, result, now_usec);

        if (result < 0) {
                log_info("rtnl: dump interrupted or failed (%s), retrying", strerror(-result));
                model_deinit(&netmon->fresh);
                turn(netmon);
                return;
        }
        (void)model_replace(&netmon->world.model, &netmon->fresh, now_usec);
        rtnl_request_forget_settings(netmon->request);
        rtnl_request_forget_rules(netmon->request);
        netmon->ask = ASK_MESSAGE;
        drain(netmon);
        if (causes & RESYNC_RESUME) {
                netmon->triggers |= REASON_RESUME;
                ask_links(netmon);
        }
        if (!publisher_has_started(netmon->publisher)) {
                start_publisher(netmon);
        } else if (causes & RESYNC_LOST) {
                netmon->world.resyncs++;
                netmon->triggers |= REASON_RESYNC;
        }
        turn(netmon);
}

static const struct rtnl_dump_owner dump_owner = {
        .message = on_dump_message,
        .done = on_dump_done,
};

static int start(struct netmon *netmon, const struct netmon_options *options) {
        struct kernel kernel;
        int r;

        r = rtnl_request_new(&netmon->request);
        if (r < 0)
                return r;
        rtnl_request_kernel(netmon->request, &kernel);
        world_init(&netmon->world, &kernel);
        netmon->world.settings = *options->settings;
        r = rtnl_socket_new(options->rtnl_fd, options->receive_buffer, &netmon->rtnl);
        if (r < 0)
                return r;
        r = sd_event_add_io(netmon->event, &netmon->rtnl_source, rtnl_socket_fd(netmon->rtnl),
                            EPOLLIN, on_announcement, netmon);
        if (r < 0)
                return r;
        /* News before questions about them. */
        r = sd_event_source_set_priority(netmon->rtnl_source, SD_EVENT_PRIORITY_IMPORTANT);
        if (r < 0)
                return r;
        r = sd_event_add_time(netmon->event, &netmon->timer, CLOCK_BOOTTIME, USEC_NEVER,
                              USEC_PER_MSEC, on_timer, netmon);
        if (r < 0)
                return r;
        r = rtnl_dump_new(netmon->event, &dump_owner, netmon, &netmon->dump);
        if (r < 0)
                return r;
        r = hints_new(netmon->event, &hints_owner, netmon, clock_jump_read, &netmon->hints);
        if (r < 0)
                return r;
        r = publisher_new(netmon->event, options->bus_address, options->state_file, &netmon->world,
                          netmon->hints, &netmon->publisher);
        if (r < 0)
                return r;
        r = places_new(netmon->event, netmon->request, options->state_directory, on_found_out,
                       netmon, &netmon->places);
        if (r < 0)
                return r;
        r = radio_new(netmon->event, &netmon->world, &radio_owner, netmon, &netmon->radio);
        if (r < 0)
                return r;
        r = rfkill_new(netmon->event, &netmon->world, on_rfkill, netmon, &netmon->rfkill);
        if (r < 0)
                return r;
        r = gateway_watch_new(netmon->event, netmon->request, on_found_out, netmon,
                              &netmon->gateway_watch);
        if (r < 0)
                return r;
        netmon->world.signals =
                (struct signal_source){.ask = radio_ask_signal, .userdata = netmon->radio};
        netmon->world.alarm = (struct world_alarm){.set = on_alarm, .userdata = netmon};
        netmon->world.model.hints = hints_source(netmon->hints);
        netmon->is_drained = true;
        resync_want(&netmon->resync, RESYNC_LOST);
        turn(netmon);
        return 0;
}

int netmon_new(sd_event *event, const struct netmon_options *options, struct netmon **ret) {
        CLEANUP(netmon_freep) struct netmon *netmon = calloc(1, sizeof(*netmon));
        int r;

        if (!netmon)
                return -ENOMEM;
        netmon->event = sd_event_ref(event);
        netmon->timer_usec = USEC_NEVER;
        recheck_init(&netmon->recheck);
        r = start(netmon, options);
        if (r < 0)
                return r;
        *ret = STEAL(netmon);
        return 0;
}

void netmon_free(struct netmon *netmon) {
        if (!netmon)
                return;
        publisher_free(netmon->publisher);
        hints_free(netmon->hints);
        gateway_watch_free(netmon->gateway_watch);
        rfkill_free(netmon->rfkill);
        radio_free(netmon->radio);
        places_free(netmon->places);
        rtnl_dump_free(netmon->dump);
        sd_event_source_disable_unref(netmon->timer);
        sd_event_source_disable_unref(netmon->rtnl_source);
        rtnl_socket_free(netmon->rtnl);
        rtnl_request_free(netmon->request);
        model_deinit(&netmon->fresh);
        world_deinit(&netmon->world);
        sd_event_unref(netmon->event);
        free(netmon);
}
