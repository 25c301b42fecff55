/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon over what a kernel once said, see tests/captures/README.md. */

#include "replay.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "cleanup.h"
#include "die.h"

#define DIRECTORY CAPTURES_DIR "/netmon/"

#ifdef __SANITIZE_ADDRESS__
#define STEP 5 /* of the messages only every fifth is lost once, or the test takes minutes */
#else
#define STEP 1
#endif

static char *read_file(const char *path) {
        FILE *file = fopen(path, "re");
        char *text = NULL;
        size_t size = 0;

        if (!file || getdelim(&text, &size, '\0', file) < 0)
                die("%s cannot be read", path);
        (void)fclose(file);
        return text;
}

/* The first line in which two texts differ. */
static const char *find_difference(const char *a, const char *b) {
        size_t line = 0;

        for (size_t i = 0; a[i] && a[i] == b[i]; i++)
                if (a[i] == '\n')
                        line = i + 1;
        return a + line;
}

static void check(const char *name) {
        CLEANUP(freep) char *expected = NULL, *problem = NULL;
        struct replay_result result;
        struct capture capture;
        char path[512];

        (void)snprintf(path, sizeof(path), DIRECTORY "%s.published", name);
        expected = read_file(path);
        (void)snprintf(path, sizeof(path), DIRECTORY "%s", name);
        capture_read(path, &capture);
        replay(&capture, &replay_as_it_was, &result);
        cr_assert(strcmp(result.published, expected) == 0, "published is:\n%.2000s\nnot:\n%.2000s",
                  find_difference(result.published, expected),
                  find_difference(expected, result.published));
        cr_assert(eq(u32, result.n_unanswered, 0));
        cr_assert(zero(ptr, result.problem), "%s", result.problem);
        problem = replay_otherwise(&capture, &result, STEP);
        cr_assert(zero(ptr, problem), "%s", problem);
        replay_result_deinit(&result);
        capture_deinit(&capture);
}

#define CAPTURE(name)         \
        Test(replay, name) {  \
                check(#name); \
        }

CAPTURE(address)
CAPTURE(admin)
CAPTURE(advertisement)
CAPTURE(bridge)
CAPTURE(carrier)
CAPTURE(containers)
CAPTURE(duplicate)
CAPTURE(forbidden)
CAPTURE(gateway)
CAPTURE(linkdown)
CAPTURE(links)
CAPTURE(nexthops)
CAPTURE(objects)
CAPTURE(resume)
CAPTURE(reuse)
CAPTURE(rfkill)
CAPTURE(routes)
CAPTURE(settings)
CAPTURE(storm)
CAPTURE(tentative)
CAPTURE(vpn)
CAPTURE(wifi)
