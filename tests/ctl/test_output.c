/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "value.h"

static void setup(void) {
        cr_assert(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
}

TestSuite(output, .init = setup);

Test(output, escapes_lines) {
        CLEANUP(freep) char *text = NULL;
        struct output out = {.utf8 = true, .colour = true};
        size_t size;

        out.file = open_memstream(&text, &size);
        output_line(&out, STYLE_BAD, "%s", "evil\033[2J\n");
        (void)fclose(out.file);
        cr_expect(eq(str, text, "\033[31mevil\\x1b[2J\\n\033[0m\n"));
}

Test(output, wraps_pairs) {
        CLEANUP(freep) char *text = NULL;
        struct output out = {.utf8 = true, .columns = 20}, wide = {.utf8 = true, .columns = 40};
        size_t size;

        out.file = open_memstream(&text, &size);
        output_pair(&out, "network", STYLE_PLAIN, "one two three four");
        output_pair(&out, "empty", STYLE_PLAIN, "%s", "");
        wide.file = out.file;
        output_pair(&wide, "wide", STYLE_PLAIN, "%030d %s", 1, "next");
        (void)fclose(out.file);
        cr_expect(eq(str, text,
                     "network   one two\n"
                     "  three four\n"
                     "empty     \n"
                     "wide      000000000000000000000000000001\n"
                     "          next\n"));
}

Test(output, pipe_gets_one_line_a_pair) {
        CLEANUP(freep) char *text = NULL;
        struct output out = {.utf8 = true};
        size_t size;

        out.file = open_memstream(&text, &size);
        output_pair(&out, "label", STYLE_GOOD, "%0200d", 1);
        (void)fclose(out.file);
        cr_expect(eq(sz, strlen(text), 10 + 200 + 1));
}

Test(output, json_is_one_safe_line) {
        CLEANUP(freep) char *text = NULL;
        struct output out = {.json = true};
        json_object *object = value_object();
        size_t size;

        value_put_string(object, "text", "a/b\n\xc2\x9b\x7f");
        value_put(object, "bytes", json_object_new_string_len("\xff\x00\xfe", 3));
        value_put_number(object, "next_attempt", 0);
        value_put_number(object, "created_realtime", 1700000000123456);
        value_put_number(object, "big", UINT64_MAX);
        out.file = open_memstream(&text, &size);
        output_json(&out, object);
        (void)fclose(out.file);
        cr_expect(eq(str, text,
                     "{\"text\":\"a/b\\n\\u009b\\u007f\",\"bytes_base64\":\"/wD+\","
                     "\"next_attempt\":null,\"created\":\"2023-11-14T22:13:20.123456Z\","
                     "\"big\":18446744073709551615}\n"));
}

Test(output, tells_a_closed_pipe) {
        struct output out = {};
        int fds[2];

        (void)signal(SIGPIPE, SIG_IGN);
        cr_assert(pipe(fds) == 0);
        (void)close(fds[0]);
        out.file = fdopen(fds[1], "w");
        for (int i = 0; i < 10000; i++) /* more than a buffer: fails long before the flush */
                output_line(&out, STYLE_PLAIN, "line %d", i);
        cr_expect(eq(int, output_flush(&out), -EPIPE));
        (void)fclose(out.file);
}

Test(output, tells_a_closed_pipe_after_a_large_write) {
        CLEANUP(freep) char *large = calloc(1, 1 << 20);
        struct output out = {};
        int fds[2];

        (void)signal(SIGPIPE, SIG_IGN);
        cr_assert(pipe(fds) == 0);
        (void)close(fds[0]);
        out.file = fdopen(fds[1], "w");
        (void)fwrite(large, 1, 1 << 20, out.file); /* past the buffer: nothing is left to flush */
        cr_expect(eq(int, output_flush(&out), -EPIPE));
        (void)fclose(out.file);
}

Test(output, no_colour_and_no_width_for_a_pipe) {
        struct output out;
        int fds[2];
        FILE *file;

        cr_assert(pipe(fds) == 0);
        file = fdopen(fds[1], "w");
        (void)setenv("COLUMNS", "20", 1);
        output_init(&out, file, true);
        cr_expect(out.columns == 0 && !out.colour && out.utf8 && out.json);
        (void)setlocale(LC_CTYPE, "C");
        output_init(&out, file, false);
        cr_expect(out.json == false && !out.utf8);
        (void)fclose(file);
        (void)close(fds[0]);
}
