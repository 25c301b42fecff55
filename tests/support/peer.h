/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The other end of a connection, scripted by the test: a thread that accepts connections on the
 * loopback and serves one after the other with blocking calls. It ends with the process. */

#include <stddef.h>
#include <stdint.h>

typedef void (*peer_serve)(int fd, void *userdata);

/* Returns the port. The descriptor is closed when `serve` comes back. */
uint16_t peer_start(peer_serve serve, void *userdata);

/* A peer calls the one when there is news of it, which is also done when it has served a
 * connection; the other waits for that. What was told before nobody waited is not lost: look again
 * after each return. */
void peer_tell(void);
void peer_wait(void);

void peer_write(int fd, const void *data, size_t len);

/* Reads an HTTP request to its empty line. */
void peer_read_request(int fd, char *request, size_t size);

/* The response of a WebSocket server to the request; returns its length. */
#define PEER_RESPONSE_SIZE 256
size_t peer_answer(const char *request, char response[PEER_RESPONSE_SIZE]);

/* Reads the request and answers it as a WebSocket server does, with `more` behind it in the same
 * write. */
void peer_upgrade(int fd, const void *more, size_t len);

/* Reads to the end: 0 if it was closed in order, else the errno. `ret_n` counts the bytes. */
int peer_read_end(int fd, size_t *ret_n);

/* Closes by reset. */
void peer_reset(int fd);

/* Passes bytes on to and from a server, and notes how the client's side ends. */
struct peer_relay {
        uint16_t port;
        size_t n_from_client;
        int client_end; /* -1 not yet, 0 in order, or an errno */
};

void peer_relay(int fd, void *relay);
