/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* tests/servers/recorder.py as a child of the test, and what it tells. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct recorded {
        char event[16]; /* "open", "message", "close", ... */
        unsigned connection;
        uint64_t usec;
        uint64_t size; /* of a message */
        bool binary;
        unsigned code; /* of a close */
        char peer[46]; /* the client's address, of an open */
        char text[64]; /* the begin of a message, or the path of an open */
};

struct recorder {
        pid_t pid;
        FILE *commands;
        int output;
        char *rest; /* of output: an unfinished line */
        size_t rest_len;
        struct recorded *events; /* all that it told so far */
        size_t n_events;
        size_t cursor; /* what recorder_next() has passed */
};

/* Starts it in the current namespace and waits until it listens. `certificate` NULL: no TLS. */
void recorder_start(struct recorder *r, unsigned port, const char *certificate);
/* Ends it as a crash would. What it told stays. */
void recorder_kill(struct recorder *r);
/* Ends it, if it runs, and forgets what it told. */
void recorder_stop(struct recorder *r);

void recorder_command(struct recorder *r, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* The next event of that kind; those before it are passed over. NULL when none comes by then. It
 * stays valid until the next call. */
const struct recorded *recorder_try(struct recorder *r, const char *event, uint64_t deadline_usec);
/* The same within WORLD_WAIT_USEC; dies when none comes. */
const struct recorded *recorder_next(struct recorder *r, const char *event);
/* The next message with that text. */
const struct recorded *recorder_next_message(struct recorder *r, const char *text);

/* Waits until there has been a message with that text, or one that goes on after it with a space.
 * Passes over nothing. */
void recorder_wait_message(struct recorder *r, const char *text);

/* Takes what was told until now, and says how many events of that kind there were in all. */
size_t recorder_count(struct recorder *r, const char *event);
