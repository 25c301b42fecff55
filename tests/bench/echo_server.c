/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "echo_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "die.h"
#include "peer.h"

#define OPCODE_TEXT 1
#define OPCODE_BINARY 2
#define OPCODE_PING 9
#define OPCODE_PONG 10

/* One connection, blocking, with or without TLS. */
struct line {
        int fd;
        SSL *ssl;
        uint8_t number; /* 0: echoes are as they came */
};

/* A frame on its way through. */
struct frame {
        uint8_t opcode;
        uint8_t mask[4];
        size_t offset; /* in the payload */
        uint64_t left;
};

static size_t line_read(struct line *l, void *buffer, size_t size) {
        ssize_t n = l->ssl ? SSL_read(l->ssl, buffer, (int)size) : read(l->fd, buffer, size);

        return n > 0 ? (size_t)n : 0;
}

static void line_write(struct line *l, const void *data, size_t len) {
        if (!l->ssl)
                peer_write(l->fd, data, len);
        else if (len > 0)
                (void)SSL_write(l->ssl, data, (int)len);
}

/* Nothing comes behind it before it is answered. */
static void line_read_request(struct line *l, char *text, size_t size) {
        size_t len = 0, n;

        do {
                n = line_read(l, text + len, size - 1 - len);
                len += n;
                text[len] = '\0';
        } while (n > 0 && !strstr(text, "\r\n\r\n"));
}

/* Reads the header of a masked frame and makes that of the echo. How long it is, 0 if it is not
 * all there; the echo's is shorter by the mask. */
static size_t take_header(const uint8_t *in, size_t len, struct frame *frame, uint8_t *out) {
        size_t n_length = 0;
        uint64_t payload;

        if (len < 2)
                return 0;
        payload = in[1] & 0x7f;
        if (payload >= 126)
                n_length = payload == 126 ? 2 : 8;
        if (len < 2 + n_length + 4)
                return 0;
        if (n_length > 0)
                payload = 0;
        for (size_t i = 0; i < n_length; i++)
                payload = payload << 8 | in[2 + i];
        *frame = (struct frame){.opcode = in[0] & 0x0f, .left = payload};
        (void)memcpy(frame->mask, in + 2 + n_length, 4);
        (void)memcpy(out, in, 2 + n_length);
        out[1] &= 0x7f;
        if (frame->opcode == OPCODE_PING)
                out[0] = (uint8_t)((in[0] & 0xf0) | OPCODE_PONG);
        return 2 + n_length + 4;
}

/* Unmasks what is there of the payload. */
static size_t take_payload(const struct line *l, const uint8_t *in, size_t len, struct frame *frame,
                           uint8_t *out) {
        size_t n = frame->left < len ? (size_t)frame->left : len;

        for (size_t i = 0; i < n; i++)
                out[i] = in[i] ^ frame->mask[(frame->offset + i) % 4];
        if (n > 0 && frame->offset == 0 && l->number != 0 &&
            (frame->opcode == OPCODE_TEXT || frame->opcode == OPCODE_BINARY))
                out[0] = l->number;
        frame->offset += n;
        frame->left -= n;
        return n;
}

static void echo(struct line *l) {
        static uint8_t in[65536], out[65536];
        struct frame frame = {0};
        size_t have = 0, n;

        while ((n = line_read(l, in + have, sizeof(in) - have)) > 0) {
                size_t at = 0, len = 0, header;

                have += n;
                while (at < have) {
                        if (frame.left == 0) {
                                header = take_header(in + at, have - at, &frame, out + len);
                                if (header == 0)
                                        break;
                                at += header;
                                len += header - 4;
                        }
                        n = take_payload(l, in + at, have - at, &frame, out + len);
                        at += n;
                        len += n;
                }
                line_write(l, out, len);
                have -= at;
                (void)memmove(in, in + at, have);
        }
}

static void serve(int fd, SSL_CTX *context, uint8_t number) {
        char request[8192], response[PEER_RESPONSE_SIZE];
        struct line l = {.fd = fd, .number = number};
        int one = 1;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (context) {
                l.ssl = SSL_new(context);
                (void)SSL_set_fd(l.ssl, fd);
                if (SSL_accept(l.ssl) != 1)
                        die("TLS of the server");
        }
        line_read_request(&l, request, sizeof(request));
        if (!strstr(request, "\r\n\r\n"))
                _exit(EXIT_SUCCESS); /* an attempt that was given up */
        line_write(&l, response, peer_answer(request, response));
        echo(&l);
        _exit(EXIT_SUCCESS);
}

static void run(int listen_fd, const char *certificate, bool numbered) {
        SSL_CTX *context = NULL;
        uint8_t number = 0;
        int fd;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGCHLD, SIG_IGN);
        (void)signal(SIGPIPE, SIG_IGN);
        if (certificate) {
                context = SSL_CTX_new(TLS_server_method());
                if (SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1 ||
                    SSL_CTX_use_PrivateKey_file(context, certificate, SSL_FILETYPE_PEM) != 1)
                        die("certificate of the server");
        }
        while ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
                number = (uint8_t)(numbered ? number % 255 + 1 : 0);
                if (fork() == 0)
                        serve(fd, context, number);
                (void)close(fd);
        }
        _exit(EXIT_SUCCESS);
}

static void start(struct echo_server *server, const char *certificate, bool numbered) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t len = sizeof(address);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 128) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &len) < 0)
                die("no server");
        server->port = ntohs(address.sin_port);
        server->pid = fork();
        if (server->pid < 0)
                die("fork");
        if (server->pid == 0)
                run(fd, certificate, numbered);
        (void)close(fd);
}

void echo_server_start(struct echo_server *server, const char *certificate) {
        start(server, certificate, false);
}

void echo_server_start_numbered(struct echo_server *server) {
        start(server, NULL, true);
}

void echo_server_stop(struct echo_server *server) {
        (void)child_stop(server->pid, SIGKILL);
}
