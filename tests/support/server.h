/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A server program of tests/servers as a child of the test; it dies with it. */

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct server {
        pid_t pid;
        FILE *output;
        uint16_t port;
};

/* Starts it and waits until it listens. The arguments end with NULL. */
void server_start(struct server *server, const char *program, ...) __attribute__((sentinel));

/* Its next line of output, without the newline. */
void server_read_line(struct server *server, char *line, size_t size);

void server_stop(struct server *server);
