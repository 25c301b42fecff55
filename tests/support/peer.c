/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"

struct peer {
        int fd;
        peer_serve serve;
        void *userdata;
};

static sem_t told;

static void init_told(void) {
        if (sem_init(&told, 0, 0) < 0)
                die("sem_init: %s", strerror(errno));
}

static pthread_once_t told_once = PTHREAD_ONCE_INIT;

void peer_tell(void) {
        (void)sem_post(&told);
}

void peer_wait(void) {
        while (sem_wait(&told) < 0 && errno == EINTR)
                ;
}

static void *run(void *userdata) {
        struct peer peer = *(struct peer *)userdata;
        int fd;

        free(userdata);
        while ((fd = accept4(peer.fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
                peer.serve(fd, peer.userdata);
                (void)close(fd);
                peer_tell();
        }
        return NULL;
}

static struct sockaddr_in loopback(uint16_t port) {
        return (struct sockaddr_in){
                .sin_family = AF_INET,
                .sin_port = htons(port),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
}

uint16_t peer_start(peer_serve serve, void *userdata) {
        struct peer *peer = malloc(sizeof(*peer));
        struct sockaddr_in address = loopback(0);
        socklen_t len = sizeof(address);
        pthread_t thread;

        (void)pthread_once(&told_once, init_told);
        *peer = (struct peer){socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), serve, userdata};
        if (bind(peer->fd, (struct sockaddr *)&address, len) < 0 || listen(peer->fd, 16) < 0 ||
            getsockname(peer->fd, (struct sockaddr *)&address, &len) < 0 ||
            pthread_create(&thread, NULL, run, peer) != 0)
                die("no peer: %s", strerror(errno));
        (void)pthread_detach(thread);
        return ntohs(address.sin_port);
}

void peer_write(int fd, const void *data, size_t len) {
        while (len > 0) {
                ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

                if (n < 0)
                        return; /* the test looks at the client's side */
                data = (const char *)data + n;
                len -= (size_t)n;
        }
}

void peer_read_request(int fd, char *request, size_t size) {
        size_t len = 0;

        request[0] = '\0';
        while (!strstr(request, "\r\n\r\n") && len + 1 < size && read(fd, request + len, 1) == 1)
                request[++len] = '\0';
}

size_t peer_answer(const char *request, char response[PEER_RESPONSE_SIZE]) {
        static const char name[] = "Sec-WebSocket-Key: ";
        unsigned char digest[EVP_MAX_MD_SIZE];
        char text[128], accept[64];
        const char *key;

        key = strstr(request, name);
        if (!key)
                die("no WebSocket key in the request");
        (void)snprintf(text, sizeof(text), "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
                       key + strlen(name));
        (void)EVP_Digest(text, strlen(text), digest, NULL, EVP_sha1(), NULL);
        (void)EVP_EncodeBlock((unsigned char *)accept, digest, 20);
        return (size_t)snprintf(response, PEER_RESPONSE_SIZE,
                                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                                accept);
}

void peer_upgrade(int fd, const void *more, size_t more_len) {
        char request[8192], head[PEER_RESPONSE_SIZE], *response;
        size_t len;

        peer_read_request(fd, request, sizeof(request));
        if (request[0] == '\0') /* given up meanwhile */
                return;
        len = peer_answer(request, head);
        response = malloc(len + more_len);
        (void)memcpy(response, head, len);
        if (more_len > 0)
                (void)memcpy(response + len, more, more_len);
        peer_write(fd, response, len + more_len);
        free(response);
}

int peer_read_end(int fd, size_t *ret_n) {
        char buffer[65536];
        ssize_t n;

        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                *ret_n += (size_t)n;
        return n == 0 ? 0 : errno;
}

void peer_reset(int fd) {
        struct linger reset = {.l_onoff = 1};

        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

void peer_relay(int fd, void *userdata) {
        struct peer_relay *relay = userdata;
        struct sockaddr_in address = loopback(relay->port);
        int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        char buffer[65536];

        (void)connect(server, (struct sockaddr *)&address, sizeof(address));
        relay->client_end = -1;
        while (poll(fds, 2, -1) > 0) {
                ssize_t n;

                if (fds[0].revents) {
                        n = read(fd, buffer, sizeof(buffer));
                        if (n <= 0) {
                                relay->client_end = n == 0 ? 0 : errno;
                                break;
                        }
                        relay->n_from_client += (size_t)n;
                        peer_write(server, buffer, (size_t)n);
                }
                if (fds[1].revents) {
                        n = read(server, buffer, sizeof(buffer));
                        if (n <= 0)
                                break;
                        peer_write(fd, buffer, (size_t)n);
                }
        }
        (void)close(server);
}
