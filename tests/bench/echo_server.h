/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A WebSocket server that echoes, as quick as one can be: a process for each connection, blocking
 * calls, every byte back as soon as it is there. It dies with the bench. */

#include <stdint.h>
#include <sys/types.h>

struct echo_server {
        pid_t pid;
        uint16_t port;
};

/* Starts it on every address of the current network namespace. `certificate` (NULL: without TLS)
 * is a file with the key in it. */
void echo_server_start(struct echo_server *server, const char *certificate);
/* The same, and the first byte of each echo becomes the number of its connection: 1 to 255, and
 * again. */
void echo_server_start_numbered(struct echo_server *server);
void echo_server_stop(struct echo_server *server);
