/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* wherryctl as a child of the test. The program is WHERRYCTL, a definition. */

#include <sys/types.h>

/* A run to its end. */
struct tool_result {
        int status; /* of exit; 128 and more: killed by a signal */
        char *out, *err;
};

/* One that runs, and what it has printed. */
struct tool {
        pid_t pid;
        int in, out, err;
        char text[65536]; /* of standard output, lines not yet taken */
        size_t len;
};

/* From now on this is its system bus; the locale is UTF-8, the time zone UTC. */
void tool_use_bus(const char *address);

/* Runs it with these arguments (NULL at the end) and this standard input (NULL: empty). */
struct tool_result tool_run(const char *input, const char *const *arguments);
void tool_result_deinit(struct tool_result *result);
/* The same on a terminal so many columns wide; `err` is in `out`. */
struct tool_result tool_run_on_terminal(unsigned short columns, const char *const *arguments);

/* The status, and texts that are in the outputs (NULL: any). A failure is told in one line. */
void tool_expect(const struct tool_result *result, int status, const char *out, const char *err);

struct tool *tool_spawn(const char *const *arguments);
/* Writes all of it to its standard input, then goes on or ends the input. */
void tool_write(struct tool *tool, const char *text, size_t len);
void tool_close_input(struct tool *tool);
/* The next line of its output, without the newline; fails the test when none comes. */
char *tool_line(struct tool *tool);
/* The text is in the next line. */
void tool_expect_line(struct tool *tool, const char *part);
/* Sends the signal (0: none), waits for the end, and returns the status; reads what is left. */
int tool_end(struct tool *tool, int signal);

#define RUN(...) tool_run(NULL, (const char *const[]){__VA_ARGS__, NULL})
#define RUN_WITH(input, ...) tool_run(input, (const char *const[]){__VA_ARGS__, NULL})
#define SPAWN(...) tool_spawn((const char *const[]){__VA_ARGS__, NULL})
#define RESULT __attribute__((cleanup(tool_result_deinit))) struct tool_result
