/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon where no WiFi is, and gateways that do not answer. The rest of WiFi is in tests/vm. */

#include <criterion/criterion.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "bus_text.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "netmon_world.h"
#include "netns.h"

static struct netmon_world world;

static void setup(void) {
        netmon_world_start(&world, NETMON_AS_ROOT, NULL);
}

static void setup_nobody(void) {
        netmon_world_start(&world, NETMON_AS_NOBODY, NULL);
}

static void teardown(void) {
        netmon_world_stop(&world);
}

TestSuite(wifi, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(gateway, .init = setup_nobody, .fini = teardown, .timeout = 60);

/* Calls SubscribeSignal of an interface; the name of the error, "" for none; to be freed. */
static char *subscribe(const char *name, uint32_t seconds) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char path[64];

        (void)snprintf(path, sizeof(path), NETMON_LINK_PATH "/%u", if_nametoindex(name));
        (void)sd_bus_call_method(world.bus, NETMON_BUS_NAME, path, NETMON_LINK_INTERFACE,
                                 "SubscribeSignal", &error, NULL, "u", seconds);
        return strdup(error.name ? error.name : "");
}

static void expect_refused(uint32_t seconds, const char *name) {
        CLEANUP(freep) char *error = subscribe("wifi0", seconds);

        cr_assert_str_eq(error, name);
}

Test(wifi, all_is_well_without_nl80211) {
        netmon_world_add_wifi(&world);
        expect_refused(5, SD_BUS_ERROR_NOT_SUPPORTED);
        expect_refused(0, SD_BUS_ERROR_INVALID_ARGS);
        expect_refused(UINT32_MAX, SD_BUS_ERROR_INVALID_ARGS);
        CLEANUP(freep) char *all = netmon_snapshot(&world, NETMON_SHOWN_INTERFACES);
        cr_assert(strstr(all, "Signal=0 "), "%s", all);
        cr_assert(strstr(all, "Frequency=0 "), "%s", all);
}

/* What the kernel finds out by itself when nobody answers for an address. */
static void set_gateway(const char *address, const char *state) {
        shell("ip neigh replace %s dev wifi0 %s nud %s", address,
              strcmp(state, "failed") == 0 ? "" : "lladdr 02:00:00:00:00:09", state);
}

static void expect_warning(const char *losing) {
        CLEANUP(freep) char *reasons = NULL;
        sd_bus_message *m = netmon_next(&world, "PathChanged");
        struct netmon_answer answer;

        cr_assert(sd_bus_message_skip(m, "t") >= 0);
        reasons = bus_text(m);
        sd_bus_message_unref(m);
        cr_assert_str_eq(reasons, "[losing]");
        answer = netmon_ask(&world, "default4");
        if (losing)
                cr_assert(strstr(answer.path, losing), "%s", answer.path);
        else
                cr_assert(!strstr(answer.path, "losing"), "%s", answer.path);
        cr_assert(strstr(answer.path, "usable=true"), "%s", answer.path);
        netmon_answer_free(&answer);
}

Test(gateway, failure_warns_until_it_answers) {
        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
        set_gateway("10.1.0.1", "reachable");
        netmon_settle(&world);
        for (unsigned i = 0; i < 3; i++) {
                set_gateway("10.1.0.1", "failed");
                expect_warning("losing=gateway");
                /* That the kernel forgets about it makes it no better. */
                shell("ip neigh flush dev wifi0 nud failed");
                set_gateway("10.1.0.7", "failed");
                cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + 50000),
                             0);
                set_gateway("10.1.0.1", "reachable");
                expect_warning(NULL);
        }
}

/* A gateway that works is none of our business, however often the kernel asks for it. */
Test(gateway, life_of_a_neighbour_is_silent) {
        netmon_world_add_wifi(&world);
        set_gateway("10.1.0.1", "reachable");
        netmon_settle(&world);
        for (unsigned i = 0; i < 20; i++) {
                set_gateway("10.1.0.1", "stale");
                set_gateway("10.1.0.1", "reachable");
        }
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + 50000), 0);
}
