/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "args.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"

static const struct args_option global[] = {{"json", 'j', NULL, ""}, {"bus", 0, "ADDRESS", ""}, {}};
static const struct args_option verb[] = {
        {"count", 'n', "N", ""}, {"option", 'o', "KEY=VALUE", ""}, {"raw", 0, NULL, ""}, {}};

static const struct args_option *const tables[] = {verb, global, NULL};

static int read_all(struct args *args, const char *const *argv, char **problem) {
        int argc = 0, index = 1;

        while (argv[argc])
                argc++;
        args_init(args, argc);
        return args_read(args, tables, false, (char **)argv, &index, problem);
}

Test(args, reads_every_form) {
        static const char *const argv[] = {"wherryctl", "chat",     "--count=5", "-o", "a=b",
                                           "--option",  "c=d",      "-n7",       "-",  "--json",
                                           "--",        "--no-opt", "-x",        NULL};
        CLEANUP(freep) char *problem = NULL;
        CLEANUP(args_deinit) struct args args;

        cr_assert(eq(int, read_all(&args, argv, &problem), 0), "%s", problem);
        cr_assert(eq(sz, args.n_words, 4));
        cr_expect(eq(str, args.words[0], "chat"));
        cr_expect(eq(str, args.words[1], "-"));
        cr_expect(eq(str, args.words[2], "--no-opt"));
        cr_expect(eq(str, args.words[3], "-x"));
        cr_expect(eq(str, args_get(&args, "count"), "7")); /* the last counts */
        cr_expect(eq(sz, args.n_given, 5));
        cr_expect(eq(str, args.given[1].value, "a=b"));
        cr_expect(eq(str, args.given[2].value, "c=d"));
        cr_expect(args_has(&args, "json"));
        cr_expect(args_has(&args, "raw") == false);
        cr_expect(args_get(&args, "bus") == NULL);
}

Test(args, an_empty_value_is_a_value) {
        static const char *const argv[] = {"wherryctl", "--bus=", "--count", "", NULL};
        CLEANUP(freep) char *problem = NULL;
        CLEANUP(args_deinit) struct args args;

        cr_assert(eq(int, read_all(&args, argv, &problem), 0), "%s", problem);
        cr_expect(eq(str, args_get(&args, "bus"), ""));
        cr_expect(eq(str, args_get(&args, "count"), ""));
}

Test(args, stops_at_the_verb) {
        char *argv[] = {(char *)"wherryctl", (char *)"--json", (char *)"status", (char *)"--raw",
                        NULL};
        CLEANUP(freep) char *problem = NULL;
        CLEANUP(args_deinit) struct args args;
        int index = 1;

        args_init(&args, 4);
        cr_assert(eq(int, args_read(&args, tables, true, argv, &index, &problem), 0));
        cr_expect(eq(int, index, 2));
        cr_expect(eq(sz, args.n_words, 0));
        cr_expect(args_has(&args, "json"));
}

Test(args, says_what_is_wrong) {
        static const struct {
                const char *argv[4];
                const char *problem;
        } rows[] = {
                {{"wherryctl", "--cuont=5"}, "unknown option --cuont; did you mean --count?"},
                {{"wherryctl", "--frobnicate"}, "unknown option --frobnicate"},
                {{"wherryctl", "-x"}, "unknown option -x"},
                {{"wherryctl", "--count"}, "--count needs a value: N"},
                {{"wherryctl", "-o"}, "--option needs a value: KEY=VALUE"},
                {{"wherryctl", "--json=1"}, "--json takes no value"},
                {{"wherryctl", "-jx"}, "--json takes no value"},
                {{"wherryctl", "\xff"}, "argument 1 is not UTF-8 text"},
                {{"wherryctl", "--bus", "\xff"}, "the value of --bus is not UTF-8 text"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(freep) char *problem = NULL;
                CLEANUP(args_deinit) struct args args;

                cr_assert(eq(int, read_all(&args, rows[i].argv, &problem), -EINVAL));
                cr_expect(eq(str, problem, rows[i].problem), "row %zu", i);
        }
}
