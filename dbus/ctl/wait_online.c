/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl wait-online: for scripts and units that need the network first. */

#include <errno.h>
#include <string.h>

#include "bus.h"
#include "cleanup.h"
#include "loop.h"
#include "must.h"
#include "names.h"
#include "objects.h"
#include "online.h"
#include "peer.h"
#include "when.h"

#define TIMEOUT_USEC (120 * USEC_PER_SEC)
#define ANSWER_USEC (1 * USEC_PER_SEC) /* then it is asked again */
/* Of interfaces that netmon has no object for, as a bridge of virtual machines, no signal tells. */
#define AGAIN_USEC (1 * USEC_PER_SEC)

struct wait {
        struct ctl *ctl;
        struct loop loop;
        struct peer *netmon;
        struct online_wish wish;
        sd_event_source *look; /* when all that has come is read */
        sd_event_source *again;
        bool online;
        uint64_t began_usec;
};

static void wait_deinit(struct wait *wait) {
        sd_event_source_unref(wait->look);
        sd_event_source_unref(wait->again);
        peer_free(wait->netmon);
        loop_deinit(&wait->loop);
        free(wait->wish.interfaces);
}

/* The default path of one family, or a way around it. */
static int ask_family(struct wait *wait, bool *ret) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(json_object_putp) json_object *path = NULL;
        CLEANUP(json_object_putp) json_object *alternatives = NULL;
        int r;

        m = bus_method(wait->ctl, &netmon_service, "GetPath");
        must(sd_bus_message_append(m, "sa{sv}",
                                   wait->wish.family == ONLINE_IPV4 ? "default4" : "default6", 0));
        r = sd_bus_call(wait->ctl->bus, m, ANSWER_USEC, NULL, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_skip(reply, "t");
        if (r >= 0)
                r = value_read(reply, &path);
        if (r >= 0)
                r = value_read(reply, &alternatives);
        if (r < 0)
                return r;
        *ret = value_bool(path, "usable") || json_object_array_length(alternatives) > 0;
        return 0;
}

static int ask(struct wait *wait, bool *ret) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(json_object_putp) json_object *network = NULL;
        json_object *manager;
        int r;

        if (!online_wants_interfaces(&wait->wish) && wait->wish.family != ONLINE_EITHER)
                return ask_family(wait, ret);
        r = objects_get_network(wait->ctl, true, ANSWER_USEC, &network, &error);
        if (r < 0)
                return r;
        manager = json_object_object_get(network, "properties");
        *ret = online_wants_interfaces(&wait->wish)
                       ? online_by_interfaces(&wait->wish,
                                              json_object_object_get(network, "interfaces"))
                       : strcmp(value_string(manager, "state"), "routed") == 0;
        return 0;
}

static void look_soon(struct wait *wait) {
        must(sd_event_source_set_enabled(wait->look, SD_EVENT_ONESHOT));
}

static void look(struct wait *wait) {
        if (peer_is_there(wait->netmon) && ask(wait, &wait->online) == -ETIMEDOUT)
                look_soon(wait);
        if (wait->online) {
                loop_end(&wait->loop, OUTCOME_OK);
        } else if (wait->wish.n_interfaces > 0) {
                must(sd_event_source_set_time_relative(wait->again, AGAIN_USEC));
                must(sd_event_source_set_enabled(wait->again, SD_EVENT_ONESHOT));
        }
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata) {
        look(userdata);
        return 0;
}

static int on_look(sd_event_source *source, void *userdata) {
        look(userdata);
        return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct wait *wait = userdata;

        if (peer_sent(wait->netmon, m))
                look_soon(wait);
        return 0;
}

static void on_netmon(struct peer *peer, void *userdata) {
        look_soon(userdata);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        struct wait *wait = userdata;

        look(wait);
        loop_end(&wait->loop, OUTCOME_FAILED);
        return 0;
}

static void follow(struct wait *wait) {
        static const char *const signals[][2] = {
                {NETMON_INTERFACE, "PathChanged"},
                {"org.freedesktop.DBus.Properties", "PropertiesChanged"},
                {"org.freedesktop.DBus.ObjectManager", "InterfacesAdded"},
                {"org.freedesktop.DBus.ObjectManager", "InterfacesRemoved"},
        };

        must(sd_event_add_defer(wait->loop.event, &wait->look, on_look, wait));
        must(sd_event_add_time(wait->loop.event, &wait->again, CLOCK_BOOTTIME, USEC_NEVER, 0,
                               on_again, wait));
        must(sd_event_source_set_enabled(wait->again, SD_EVENT_OFF));
        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
                must(sd_bus_match_signal(wait->ctl->bus, NULL, NETMON_BUS_NAME, NULL, signals[i][0],
                                         signals[i][1], on_signal, wait));
        wait->netmon = peer_new(wait->ctl, &netmon_service, on_netmon, wait);
        look_soon(wait);
}

static enum outcome read_wish(struct wait *wait) {
        const struct args *args = &wait->ctl->args;
        const char *family = args_get(args, "family");

        wait->wish.any = args_has(args, "any");
        if (family && online_family_from_string(family, &wait->wish.family) < 0) {
                output_complain("--family=%s: expected ipv4 or ipv6", family);
                return OUTCOME_USAGE;
        }
        wait->wish.interfaces =
                MUST_HAVE(calloc(args->n_given + 1, sizeof(*wait->wish.interfaces)));
        for (size_t i = 0; i < args->n_given; i++) {
                if (strcmp(args->given[i].option->name, "interface") != 0)
                        continue;
                if (args->given[i].value[0] == '\0') {
                        output_complain("--interface=: expected a name");
                        return OUTCOME_USAGE;
                }
                wait->wish.interfaces[wait->wish.n_interfaces++] = args->given[i].value;
        }
        return OUTCOME_OK;
}

static void print(const struct wait *wait) {
        const struct output *out = &wait->ctl->out;
        uint64_t waited_usec = moment_now().usec - wait->began_usec;
        char length[WHEN_MAX];
        json_object *value;

        if (out->json) {
                value = value_object();
                value_put(value, "online", MUST_HAVE(json_object_new_boolean(wait->online)));
                value_put_number(value, "waited_usec", waited_usec);
                output_json(out, value);
                return;
        }
        when_length(waited_usec, length);
        output_line(out, wait->online ? STYLE_GOOD : STYLE_BAD, "%s after %s",
                    wait->online ? "online" : "not online", length);
}

static enum outcome run_wait_online(struct ctl *ctl) {
        CLEANUP(wait_deinit) struct wait wait = {.ctl = ctl, .began_usec = moment_now().usec};
        uint64_t timeout_usec;
        enum outcome o;

        o = ctl_duration(ctl, "timeout", TIMEOUT_USEC, &timeout_usec);
        if (o == OUTCOME_OK)
                o = read_wish(&wait);
        if (o == OUTCOME_OK)
                o = bus_open(ctl);
        if (o != OUTCOME_OK)
                return o;
        loop_init(&wait.loop, ctl);
        follow(&wait);
        if (timeout_usec < USEC_NEVER - wait.began_usec)
                must(sd_event_add_time(wait.loop.event, NULL, CLOCK_BOOTTIME,
                                       wait.began_usec + timeout_usec, USEC_PER_MSEC, on_timeout,
                                       &wait));
        o = loop_run(&wait.loop);
        print(&wait);
        /* Interrupted is not online either. */
        return !wait.online && o == OUTCOME_OK ? OUTCOME_FAILED : o;
}

const struct verb wait_online_verb = {
        .name = "wait-online",
        .arguments = "",
        .summary = "waits until the network is there",
        .help = "Online is, without options, that a default path works, or a way around it. With\n"
                "--family a path of that family; with --any that some interface but lo is usable\n"
                "and has an address, wherever it leads; with --interface that this one is, of\n"
                "several all of them, or with --any one of them. Link-local addresses do not\n"
                "count.\n"
                "Exit status 0: online; 1: not within the time. wherry-netmon may start later.\n"
                "\n"
                "JSON: {\"online\", \"waited_usec\"}\n",
        .options =
                (const struct args_option[]){
                        {"any", 0, NULL, "one interface will do"},
                        {"family", 0, "FAMILY", "ipv4 or ipv6"},
                        {"interface", 'i', "NAME", "this interface; can be given several times"},
                        {"timeout", 0, "TIME", "give up then (default: 120s); 0: only look; never"},
                        {},
                },
        .passive = true,
        .run = run_wait_online,
};
