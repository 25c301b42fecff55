/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char directory[] = "/tmp/wherry-config-XXXXXX";
static char path[256];

static void write_file(const char *name, const char *text) {
        char file_path[512];
        FILE *file;

        (void)snprintf(file_path, sizeof(file_path), "%s/%s", directory, name);
        file = fopen(file_path, "we");
        cr_assert(file != NULL);
        (void)fputs(text, file);
        (void)fclose(file);
}

static void setup(void) {
        char drop_ins[256];

        cr_assert(mkdtemp(directory) != NULL);
        (void)snprintf(path, sizeof(path), "%s/agent.conf", directory);
        (void)snprintf(drop_ins, sizeof(drop_ins), "%s/agent.conf.d", directory);
        cr_assert(mkdir(drop_ins, 0700) == 0);
}

static void teardown(void) {
        char command[512];

        (void)snprintf(command, sizeof(command), "rm -r '%s'", directory);
        cr_assert(system(command) == 0);
}

TestSuite(config, .init = setup, .fini = teardown);

static int set_number(const char *section, const char *key, const char *value, char *expected,
                      size_t expected_size, void *userdata) {
        if (strcmp(section, "Limits") != 0 || strcmp(key, "Number") != 0)
                return -ENOENT;
        if (strspn(value, "0123456789") != strlen(value) || value[0] == '\0') {
                (void)snprintf(expected, expected_size, "expected a number");
                return -EINVAL;
        }
        *(int *)userdata = atoi(value);
        return 0;
}

Test(config, missing_file_is_no_error) {
        char problem[256] = "";
        int number = 7;

        cr_assert(eq(int, config_read(path, set_number, &number, problem, sizeof(problem)), 0));
        cr_assert(eq(int, number, 7));
}

Test(config, later_drop_in_wins) {
        char problem[256] = "";
        int number = 0;

        write_file("agent.conf", "[Limits]\nNumber = 1\n");
        write_file("agent.conf.d/10-a.conf", "[Limits]\nNumber = 2\n");
        write_file("agent.conf.d/20-b.conf", "[Limits]\nNumber = 3\n");
        write_file("agent.conf.d/30-c.txt", "[Limits]\nNumber = 4\n");
        cr_assert(eq(int, config_read(path, set_number, &number, problem, sizeof(problem)), 0));
        cr_assert(eq(int, number, 3));
}

/* What is no line of text is as good as any other broken line. */
Test(config, bytes_of_another_file) {
        static const char bytes[] = "[Limits]\nNumber = 1\0\nNumber = 2\n";
        char file_path[300], problem[512] = "";
        FILE *file;
        int number = 0;

        (void)snprintf(file_path, sizeof(file_path), "%s/agent.conf", directory);
        file = fopen(file_path, "we");
        cr_assert(file && fwrite(bytes, 1, sizeof(bytes) - 1, file) == sizeof(bytes) - 1);
        (void)fclose(file);
        cr_assert(
                eq(int, config_read(path, set_number, &number, problem, sizeof(problem)), -EINVAL));
        cr_assert(strstr(problem, "agent.conf:2: expected [section]") != NULL, "%s", problem);
}

Test(config, unreadable) {
        char problem[512] = "";
        int number = 7;

        cr_assert(mkdir(path, 0700) == 0);
        cr_assert(
                eq(int, config_read(path, set_number, &number, problem, sizeof(problem)), -EISDIR));
        cr_assert(strstr(problem, "agent.conf: Is a directory") != NULL, "%s", problem);
        cr_assert(eq(int, number, 7));
}

Test(config, wrong_line_is_named) {
        static char long_line[1000];
        static const struct {
                const char *text;
                const char *problem;
        } rows[] = {
                {"[Limits]\n\nNumber = x\n", "agent.conf:3: Number: expected a number"},
                {"[Limits]\nColour = 1\n", "agent.conf:2: Colour: no such key in section [Limits]"},
                {"[Limits]\nNumber\n", "agent.conf:2: expected [section] or key = value"},
                /* The first of two counts. */
                {"[Limits]\nNumber = x\n\nColour = 1\n", "agent.conf:2: Number: expected a number"},
                {"[Limits]\nColour = 1\nNumber = x\n",
                 "agent.conf:2: Colour: no such key in section [Limits]"},
                {"[Limits\nNumber = x\n", "agent.conf:1: expected [section] or key = value"},
                {"# x\n[Limits]\nNumber\nNumber = x",
                 "agent.conf:3: expected [section] or key = value"},
                {long_line, "agent.conf:3: expected [section] or key = value"},
        };

        (void)snprintf(long_line, sizeof(long_line), "[Limits]\nNumber = 1\n%0900d\n\nNumber\n", 5);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char problem[512] = "";
                int number = 0;

                write_file("agent.conf", rows[i].text);
                cr_assert(eq(int, config_read(path, set_number, &number, problem, sizeof(problem)),
                             -EINVAL));
                cr_assert(strstr(problem, rows[i].problem) != NULL, "row %zu: %s", i, problem);
        }
}

Test(config, file_that_is_named_must_be_there) {
        int number = 0;
        char problem[256];

        cr_assert(eq(int,
                     config_read_named(NULL, path, set_number, &number, problem, sizeof(problem)),
                     0));
        cr_assert(eq(int,
                     config_read_named(path, "/", set_number, &number, problem, sizeof(problem)),
                     -ENOENT));
        cr_assert(strstr(problem, path) == problem, "%s", problem);
}
