/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* wherryctl in a world of its own: a private bus, and the fake daemons on it. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

/* A run of wherryctl to its end. */
struct result {
        int status; /* of exit; 128 and more: killed by a signal */
        char *out, *err;
};

/* A wherryctl that runs, and what it has printed. */
struct child {
        pid_t pid;
        int in, out, err;
        char text[65536]; /* of standard output, lines not yet taken */
        size_t len;
};

/* `daemons`: names for the fake to take, NULL at the end; NULL: those of both daemons. */
void world_start(const char *const *daemons);
void world_stop(void);
/* A bus without daemons. */
void world_start_empty(void);

const char *world_address(void);

/* Tells the fake something, see fake.h. */
void world_tell(const char *member, const char *types, ...);
void world_receive(const char *channel, const void *payload, size_t len);

/* Runs wherryctl with these arguments (NULL at the end) and this standard input (NULL: empty). */
struct result world_run(const char *input, const char *const *arguments);
void result_deinit(struct result *result);
/* The same on a terminal so many columns wide; `err` is in `out`. */
struct result world_run_on_terminal(unsigned short columns, const char *const *arguments);

struct child *world_spawn(const char *const *arguments);
/* The next line of its output, without the newline; fails the test when none comes. */
char *child_line(struct child *child);
/* Sends the signal (0: none), waits for the end, and returns the status; reads what is left. */
int child_end(struct child *child, int signal);

#define RUN(...) world_run(NULL, (const char *const[]){__VA_ARGS__, NULL})
#define RUN_WITH(input, ...) world_run(input, (const char *const[]){__VA_ARGS__, NULL})
#define SPAWN(...) world_spawn((const char *const[]){__VA_ARGS__, NULL})
