/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "capture.h"
#include "cleanup.h"
#include "die.h"
#include "log.h"
#include "moment.h"
#include "names.h"
#include "netmon.h"
#include "recorded_clock.h"
#include "replay_bus.h"
#include "replay_text.h"
#include "settings.h"

#define SLOWLY_USEC (70 * USEC_PER_MSEC) /* longer than it takes to ask for a link again */
#define SOME_STEP 7
#define ROUNDS_MAX 100000             /* who goes on for longer does so for ever */
#define REST_USEC (30 * USEC_PER_SEC) /* after the last moment: until all is quiet */

struct replay {
        struct capture *capture;
        const struct replay_plan *plan;
        size_t position; /* of the next message */
        bool is_early;   /* told something before it could know */
        char directory[32];
        char key[48], state_file[48];
        struct settings settings;
        sd_event *event;
        struct netmon *netmon;
        struct replay_bus *bus;
};

/* Both sides work until neither has anything to do. */
static void settle(struct replay *replay) {
        for (unsigned i = 0; i < ROUNDS_MAX; i++) {
                int event = sd_event_run(replay->event, 0), bus;

                if (event < 0)
                        die("netmon's loop: %s", strerror(-event));
                bus = replay_bus_process(replay->bus);
                if (event == 0 && bus == 0)
                        return;
        }
        die("netmon does not come to rest");
}

static void advance(struct replay *replay, uint64_t until_usec) {
        uint64_t next_usec;

        while ((next_usec = recorded_clock_next_timer()) <= until_usec) {
                recorded_clock_advance(next_usec);
                settle(replay);
        }
        recorded_clock_advance(until_usec);
        settle(replay);
}

static sd_bus_message *ask_path(struct replay *replay, const char *member,
                                const char *destination) {
        replay_bus_call(replay->bus, NETMON_INTERFACE, member, "sa{sv}", destination, 0);
        settle(replay);
        return replay_bus_reply(replay->bus);
}

/* Hands all that stands on the bus over. */
static void with_objects(struct replay *replay,
                         void (*use)(struct replay_bus *bus, sd_bus_message *manager,
                                     sd_bus_message *objects)) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *manager = NULL, *objects = NULL;

        replay_bus_call(replay->bus, "org.freedesktop.DBus.Properties", "GetAll", "s",
                        NETMON_INTERFACE);
        settle(replay);
        manager = replay_bus_reply(replay->bus);
        replay_bus_call(replay->bus, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                        NULL);
        settle(replay);
        objects = replay_bus_reply(replay->bus);
        use(replay->bus, manager, objects);
}

/* A secret that is always the same. */
static void write_key(const struct replay *replay) {
        static const uint8_t key[32] = "the same for all of the replays";
        FILE *file = fopen(replay->key, "we");

        if (!file || fwrite(key, sizeof(key), 1, file) != 1 || fclose(file) != 0)
                die("%s: %s", replay->key, strerror(errno));
}

static void set_type(struct settings *settings, const char *section, const char *type) {
        char expected[64];

        if (settings_set(section, "Type", type, expected, sizeof(expected), settings) < 0)
                die("%s cannot be of type %s", section, type);
}

static void start(struct replay *replay) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *watch = NULL;
        CLEANUP(freep) char *address = NULL;
        struct netmon_options options = {.rtnl_fd = -1};
        int r;

        (void)snprintf(replay->directory, sizeof(replay->directory), "/tmp/wherry-replay-XXXXXX");
        if (!mkdtemp(replay->directory))
                die("%s: %s", replay->directory, strerror(errno));
        (void)snprintf(replay->key, sizeof(replay->key), "%s/key", replay->directory);
        (void)snprintf(replay->state_file, sizeof(replay->state_file), "%s/state",
                       replay->directory);
        write_key(replay);
        replay->bus = replay_bus_new(replay->directory, &address);
        settings_init(&replay->settings);
        set_type(&replay->settings, "Interface wifi*", "wifi");
        set_type(&replay->settings, "Interface cell*", "cellular");
        options.bus_address = address;
        options.settings = &replay->settings;
        options.state_directory = replay->directory;
        options.state_file = replay->state_file;
        recorded_kernel_start(replay->capture);
        if (replay->plan->interrupts)
                recorded_kernel_interrupt();
        r = sd_event_new(&replay->event);
        if (r >= 0)
                r = netmon_new(replay->event, &options, &replay->netmon);
        if (r < 0)
                die("netmon does not start: %s", strerror(-r));
        replay_bus_head(replay->bus, replay->capture->moments[0].label);
        settle(replay);
        /* What is not known yet is told to no script either. */
        replay->is_early = replay->plan->interrupts && access(replay->state_file, F_OK) == 0;
        advance(replay, recorded_clock_now() + 10 * USEC_PER_SEC);
        watch = ask_path(replay, "WatchPath", REPLAY_WATCHED);
        with_objects(replay, replay_bus_learn);
}

static void stop(struct replay *replay) {
        netmon_free(replay->netmon);
        sd_event_unref(replay->event);
        recorded_kernel_stop();
        replay_bus_free(replay->bus);
        (void)unlink(replay->key);
        (void)unlink(replay->state_file);
        (void)rmdir(replay->directory);
}

static void announce(struct replay *replay, const struct capture_event *event) {
        enum recorded_delivery delivery = RECORDED_WHOLE;

        if (replay->position++ == replay->plan->position) {
                delivery = replay->plan->delivery;
                if (replay->plan->interrupts)
                        recorded_kernel_interrupt();
        }
        recorded_kernel_announce(event, delivery);
        if (replay->plan->pace == REPLAY_ONE_BY_ONE)
                settle(replay);
        if (replay->plan->pace == REPLAY_SLOWLY)
                advance(replay, recorded_clock_now() + SLOWLY_USEC);
}

static void play(struct replay *replay, uint64_t began_usec, size_t number) {
        const struct capture_moment *moment = &replay->capture->moments[number];

        if (moment->slept_usec > 0)
                recorded_clock_sleep(moment->slept_usec);
        else
                advance(replay, began_usec + moment->usec);
        if (moment->label[0] != '\0')
                replay_bus_head(replay->bus, moment->label);
        recorded_kernel_set_moment(number);
        for (size_t i = 0; i < moment->n_events; i++)
                announce(replay, &moment->events[i]);
        settle(replay);
}

static char *read_state(struct replay *replay) {
        static const char *const destinations[] = {"default4", "default6", "default",
                                                   REPLAY_WATCHED};
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *snapshot = NULL;
        char *state = NULL;
        size_t size;
        FILE *out = open_memstream(&state, &size);

        replay_bus_call(replay->bus, NETMON_INTERFACE, "Snapshot", "a{sv}", 1, "all", "b", 1);
        settle(replay);
        snapshot = replay_bus_reply(replay->bus);
        (void)sd_bus_message_skip(snapshot, "t");
        for (unsigned i = 0; i < 2; i++) {
                CLEANUP(freep) char *text = replay_text(snapshot);

                (void)fprintf(out, "%s\n", text);
        }
        for (size_t i = 0; i < sizeof(destinations) / sizeof(destinations[0]); i++) {
                CLEANUP(sd_bus_message_unrefp)
                sd_bus_message *reply = ask_path(replay, "GetPath", destinations[i]);
                CLEANUP(freep) char *path = NULL, *alternatives = NULL;

                (void)sd_bus_message_skip(reply, "t");
                path = replay_text(reply);
                alternatives = replay_text(reply);
                (void)fprintf(out, "%s\n%s\n", path, alternatives);
        }
        (void)fclose(out);
        return state;
}

void replay(struct capture *capture, const struct replay_plan *plan, struct replay_result *ret) {
        struct replay replay = {.capture = capture, .plan = plan};
        uint64_t began_usec;

        log_set_level(LOG_ERR);
        start(&replay);
        began_usec = recorded_clock_now();
        for (size_t i = 1; i < capture->n_moments; i++) {
                play(&replay, began_usec, i);
                began_usec += capture->moments[i].slept_usec;
        }
        advance(&replay, recorded_clock_now() + REST_USEC);
        with_objects(&replay, replay_bus_compare);
        *ret = (struct replay_result){
                .published = strdup(replay_bus_published(replay.bus)),
                .state = read_state(&replay),
                .n_unanswered = recorded_kernel_unanswered(),
        };
        if (replay_bus_problem(replay.bus))
                ret->problem = strdup(replay_bus_problem(replay.bus));
        else if (replay.is_early)
                ret->problem = strdup("the state file is there too early");
        stop(&replay);
}

void replay_result_deinit(struct replay_result *result) {
        free(result->published);
        free(result->state);
        free(result->problem);
}

const struct replay_plan replay_as_it_was = {.position = SIZE_MAX};

/* An address is called unknown that netmon would know of but for the loss. (One that is tentative
 * serves as little.) */
static bool speaks_too_soon(const struct replay_result *result, const struct replay_result *whole) {
        static const char word[] = "why=no-source";

        return strstr(result->published, word) && !strstr(whole->published, word) &&
               !strstr(whole->published, "why=tentative");
}

/* A state is told in which the machine never was. */
static bool speaks_wrongly(const struct replay_result *result, const struct replay_result *whole) {
        static const char *const words[] = {"state=offline", "state=local", "state=routed"};

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strstr(result->published, words[i]) && !strstr(whole->published, words[i]))
                        return true;
        return false;
}

static char *try_plan(struct capture *capture, const struct replay_plan *plan,
                      const struct replay_result *whole) {
        static const char *const words[] = {
                [RECORDED_WHOLE] = "message by message",
                [RECORDED_LOST] = "lost",
                [RECORDED_TRUNCATED] = "truncated",
        };
        struct replay_result result;
        char *problem = NULL;

        replay(capture, plan, &result);
        if (result.problem || result.n_unanswered > 0 ||
            (plan->delivery != RECORDED_WHOLE && !plan->interrupts &&
             (speaks_too_soon(&result, whole) || speaks_wrongly(&result, whole))) ||
            strcmp(result.state, whole->state) != 0)
                if (asprintf(&problem, "%s %zu: %s\n%s%s\nnot\n%s", words[plan->delivery],
                             plan->position, result.problem ? result.problem : "", result.published,
                             result.state, whole->state) < 0)
                        die("out of memory");
        replay_result_deinit(&result);
        return problem;
}

char *replay_otherwise(struct capture *capture, const struct replay_result *whole, size_t step) {
        struct replay_plan plan = {.pace = REPLAY_ONE_BY_ONE, .position = SIZE_MAX};
        char *problem = try_plan(capture, &plan, whole);
        size_t n_events = 0;

        for (size_t i = 0; i < capture->n_moments; i++)
                n_events += capture->moments[i].n_events;
        if (!problem) {
                plan.pace = REPLAY_SLOWLY;
                problem = try_plan(capture, &plan, whole);
        }
        plan.pace = REPLAY_BURSTS;
        plan.delivery = RECORDED_LOST;
        for (plan.position = 0; plan.position < n_events && !problem; plan.position += step)
                problem = try_plan(capture, &plan, whole);
        /* Which netmon takes for lost. */
        plan.delivery = RECORDED_TRUNCATED;
        for (plan.position = 0; plan.position < n_events && !problem;
             plan.position += SOME_STEP * step)
                problem = try_plan(capture, &plan, whole);
        plan.delivery = RECORDED_LOST;
        plan.interrupts = true;
        for (plan.position = 0; plan.position < n_events && !problem;
             plan.position += SOME_STEP * step)
                problem = try_plan(capture, &plan, whole);
        return problem;
}
