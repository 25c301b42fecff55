/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Makes the captures that netmon is tested with: see README.md. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "die.h"
#include "netns.h"
#include "recording.h"
#include "replay.h"
#include "scenarios.h"

/* In a process of its own: it goes into another namespace. */
static void record(const struct scenario *scenario, const char *path) {
        int status;
        pid_t pid = fork();

        if (pid < 0)
                die("fork");
        if (pid == 0) {
                struct recording *recording;

                netns_enter();
                recording = recording_new();
                scenario->run(recording);
                capture_write(recording_capture(recording), path);
                recording_free(recording);
                _exit(0);
        }
        if (waitpid(pid, &status, 0) < 0 || status != 0)
                die("%s: cannot be recorded", scenario->name);
}

static void write_text(const char *path, const char *text) {
        FILE *file = fopen(path, "we");

        if (!file || fputs(text, file) < 0 || fclose(file) != 0)
                die("%s cannot be written", path);
}

/* Writes what is published. False when netmon does something wrong over it. */
static bool replay_capture(struct capture *capture, const char *path) {
        struct replay_result result;
        char *problem, text[512];
        bool is_good;

        replay(capture, &replay_as_it_was, &result);
        problem = replay_otherwise(capture, &result, 1);
        is_good = !result.problem && !problem && result.n_unanswered == 0;
        if (result.problem)
                (void)fprintf(stderr, "%s: %s\n", path, result.problem);
        if (problem)
                (void)fprintf(stderr, "%s: %s\n", path, problem);
        (void)snprintf(text, sizeof(text), "%s.published", path);
        write_text(text, result.published);
        replay_result_deinit(&result);
        free(problem);
        return is_good;
}

int main(int argc, char **argv) {
        bool is_replayed_only = argc > 1 && strcmp(argv[1], "--replay") == 0;
        int first = is_replayed_only ? 2 : 1, status = EXIT_SUCCESS;

        for (size_t i = 0; i < n_scenarios; i++) {
                bool is_wanted = argc <= first;
                struct capture capture;
                char path[256];

                for (int k = first; k < argc; k++)
                        is_wanted |= strcmp(argv[k], scenarios[i].name) == 0;
                if (!is_wanted)
                        continue;
                (void)snprintf(path, sizeof(path), "%s/netmon/%s", CAPTURES_DIR, scenarios[i].name);
                if (!is_replayed_only)
                        record(&scenarios[i], path);
                capture_read(path, &capture);
                if (!replay_capture(&capture, path))
                        status = EXIT_FAILURE;
                if (!is_replayed_only) {
                        capture_prune(&capture);
                        capture_write(&capture, path);
                }
                capture_deinit(&capture);
        }
        return status;
}
