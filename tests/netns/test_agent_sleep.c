/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The agent on a machine that has slept, as its clocks say, without netmon. */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "agent_world.h"
#include "cleanup.h"
#include "moment.h"
#include "netns.h"

static struct agent_world world;
static char slept_path[64], library_path[64];

static void set_slept(unsigned seconds) {
        FILE *file = fopen(slept_path, "we");

        cr_assert(file && fprintf(file, "%u", seconds) > 0 && fclose(file) == 0);
}

/* The clock of the machine is set to what it is, as at the end of a sleep. */
static void wake(void) {
        struct timespec now;

        cr_assert_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
        if (clock_settime(CLOCK_REALTIME, &now) < 0 && errno == EPERM)
                cr_skip_test("needs the right to set the clock");
}

static void setup(void) {
        world_start_network(&world);
        (void)snprintf(slept_path, sizeof(slept_path), "/tmp/wherry-slept-%d", getpid());
        set_slept(0);
        /* The agent's user may not be let into the folder of the build. */
        (void)snprintf(library_path, sizeof(library_path), "/tmp/wherry-slept-%d.so", getpid());
        shell("install -m 755 %s %s", getenv("WHERRY_SLEPT_LIBRARY"), library_path);
        (void)setenv("WHERRY_TEST_SLEPT", slept_path, 1);
        (void)setenv("LD_PRELOAD", library_path, 1);
        world_start_agent(&world);
        (void)unsetenv("LD_PRELOAD");
        world_connect_app(&world);
}

static void teardown(void) {
        world_stop(&world);
        (void)unlink(slept_path);
        (void)unlink(library_path);
}

TestSuite(sleep, .init = setup, .fini = teardown, .timeout = 60);

Test(sleep, silence_after_it_is_a_loss_within_seconds) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        uint64_t woken_usec;

        (void)world_expect_open(&world, "10.1.0.2");
        world_swallow(&world, "w0");
        set_slept(3600);
        woken_usec = moment_boottime_usec();
        wake();
        client_wait(&world.app, path, "Error", "(org.wherry.Error.");
        cr_assert_lt(moment_boottime_usec() - woken_usec, 3 * USEC_PER_SEC);
        world_spit_out(&world, "w0");
        client_wait(&world.app, path, "State", "connected");
}

Test(sleep, clock_that_is_set_is_none) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.1.0.2");
        wake();
        world_send_and_wait(&world, path, "m", 0, 10);
        cr_assert_eq(recorder_count(&world.server, "open"), 1);
}
