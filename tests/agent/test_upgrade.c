/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upgrade.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define OFFERED "chat\0superchat"

#define OK_HEADERS \
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n"
#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\n"

Test(upgrade, request) {
        static const struct {
                struct uri uri;
                const char *headers;
                size_t headers_len;
                const char *subprotocols;
                size_t subprotocols_len;
                const char *request;
        } rows[] = {
                {.uri = {.host = "example.org", .port = 80, .target = (char *)"/"},
                 .request = "GET / HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
                            "Sec-WebSocket-Version: 13\r\n\r\n"},
                {.uri = {.tls = true,
                         .host = "2001:db8::1",
                         .is_address = true,
                         .port = 80,
                         .target = (char *)"/chat?a=b"},
                 .headers = "Authorization\0Bearer x\0X-Empty\0",
                 .headers_len = sizeof("Authorization\0Bearer x\0X-Empty\0"),
                 .subprotocols = OFFERED,
                 .subprotocols_len = sizeof(OFFERED),
                 .request = "GET /chat?a=b HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n"
                            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Protocol: chat, superchat\r\n"
                            "Authorization: Bearer x\r\nX-Empty: \r\n\r\n"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char *request =
                        upgrade_request(&rows[i].uri, KEY, rows[i].headers, rows[i].headers_len,
                                        rows[i].subprotocols, rows[i].subprotocols_len);

                cr_assert(eq(str, request, (char *)rows[i].request));
                free(request);
        }
}

/* Feeds `text` in pieces of `chunk` bytes (0: of random sizes); `ret_used` counts what was taken.
 */
static enum upgrade_verdict feed(struct upgrade *u, const char *text, size_t len, size_t chunk,
                                 size_t *ret_used) {
        enum upgrade_verdict verdict = UPGRADE_MORE;

        *ret_used = 0;
        *u = (struct upgrade){};
        while (verdict == UPGRADE_MORE && *ret_used < len) {
                size_t size = chunk > 0 ? chunk : 1 + (size_t)rand() % 7;
                size_t left = len - *ret_used, used;
                char *piece;

                if (size > left)
                        size = left;
                piece = malloc(size); /* so that the sanitizer sees a read past it */
                (void)memcpy(piece, text + *ret_used, size);
                verdict = upgrade_feed(u, piece, size, &used);
                cr_assert(verdict == UPGRADE_DONE || used == size || verdict > UPGRADE_DONE);
                *ret_used += used;
                free(piece);
        }
        return verdict;
}

static const struct {
        const char *response;
        const char *behind; /* frames in the same piece */
        enum upgrade_verdict verdict;
        unsigned status;
        bool accepted;
        enum cause_kind kind;
} responses[] = {
        {SWITCHING OK_HEADERS "\r\n", "\x81\x01x", UPGRADE_DONE, 101, true, CAUSE_NONE},
        {SWITCHING OK_HEADERS "\r\n", "", UPGRADE_DONE, 101, true, CAUSE_NONE},
        /* As other servers write it. */
        {"HTTP/1.1 101\nupgrade: WebSocket\nCONNECTION: keep-alive ,\tupgrade\n"
         "sec-websocket-accept:\t" ACCEPT " \nServer: x\n\n",
         "\n", UPGRADE_DONE, 101, true, CAUSE_NONE},
        {SWITCHING OK_HEADERS "Sec-WebSocket-Protocol: superchat\r\n\r\n", "", UPGRADE_DONE, 101,
         true, CAUSE_NONE},
        {SWITCHING OK_HEADERS "Sec-WebSocket-Extensions:\r\n\r\n", "", UPGRADE_DONE, 101, true,
         CAUSE_NONE},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nUpgrade: h2c\r\n"
         "Sec-WebSocket-Accept: no\r\n\r\n" SWITCHING OK_HEADERS "\r\n",
         "", UPGRADE_DONE, 101, true, CAUSE_NONE},
        /* Refused. */
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "hello", UPGRADE_DONE, 200, false,
         CAUSE_PROTOCOL},
        {"HTTP/1.0 401 Unauthorized\r\n\r\n", "", UPGRADE_DONE, 401, false, CAUSE_CREDENTIALS},
        {"HTTP/1.1 302 Found\r\nLocation: ws://x\r\n\r\n", "", UPGRADE_DONE, 302, false,
         CAUSE_REFUSED},
        {"HTTP/1.1 503 \r\nRetry-After: 120\r\n\r\n", "", UPGRADE_DONE, 503, false,
         CAUSE_UNAVAILABLE},
        /* Not quite. */
        {SWITCHING "\r\n", "", UPGRADE_DONE, 101, false, CAUSE_PROTOCOL},
        {SWITCHING "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT
                   "\r\n\r\n",
         "", UPGRADE_DONE, 101, false, CAUSE_PROTOCOL},
        {SWITCHING "Upgrade: websockets\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
         "", UPGRADE_DONE, 101, false, CAUSE_PROTOCOL},
        {SWITCHING "Upgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Accept: " ACCEPT
                   "\r\n\r\n",
         "", UPGRADE_DONE, 101, false, CAUSE_PROTOCOL},
        {SWITCHING "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "", UPGRADE_DONE, 101,
         false, CAUSE_PROTOCOL},
        {SWITCHING "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n",
         "", UPGRADE_DONE, 101, false, CAUSE_PROTOCOL},
        {SWITCHING OK_HEADERS "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n", "", UPGRADE_DONE, 101,
         false, CAUSE_PROTOCOL},
        {SWITCHING "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: " ACCEPT ACCEPT "\r\n\r\n",
         "", UPGRADE_DONE, 101, false, CAUSE_PROTOCOL},
        {SWITCHING OK_HEADERS "Sec-WebSocket-Protocol: Chat\r\n\r\n", "", UPGRADE_DONE, 101, false,
         CAUSE_PROTOCOL},
        {SWITCHING OK_HEADERS "Sec-WebSocket-Protocol: chat, superchat\r\n\r\n", "", UPGRADE_DONE,
         101, false, CAUSE_PROTOCOL},
        {SWITCHING OK_HEADERS
         "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
         "", UPGRADE_DONE, 101, false, CAUSE_PROTOCOL},
        {SWITCHING OK_HEADERS "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "",
         UPGRADE_DONE, 101, false, CAUSE_PROTOCOL},
        /* No HTTP. */
        {"SSH-2.0-OpenSSH\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"\x15\x03\x01", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"HTTP/2.0 101 x\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"\r\nHTTP/1.1 101 x\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"HTTP/1.1 1\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"HTTP/1.1 099 x\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"HTTP/1.1 600 x\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"HTTP/1.1 1010\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"HTTP/1.x 101 x\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {"HTTP/1.1  101\r\n", "", UPGRADE_GARBAGE, 0, false, CAUSE_NONE},
        {SWITCHING "no colon\r\n", "", UPGRADE_GARBAGE, 101, false, CAUSE_NONE},
        {SWITCHING ": no name\r\n", "", UPGRADE_GARBAGE, 101, false, CAUSE_NONE},
        {SWITCHING "Upgrade : websocket\r\n", "", UPGRADE_GARBAGE, 101, false, CAUSE_NONE},
        {SWITCHING "X: folded\r\n line\r\n", "", UPGRADE_GARBAGE, 101, false, CAUSE_NONE},
        /* Not yet. */
        {"HTTP/1.1 101 Switching", "", UPGRADE_MORE, 0, false, CAUSE_NONE},
        {SWITCHING OK_HEADERS "\r", "", UPGRADE_MORE, 101, false, CAUSE_NONE},
        {"", "", UPGRADE_MORE, 0, false, CAUSE_NONE},
};

Test(upgrade, responses_in_any_pieces) {
        static const size_t chunks[] = {1, 2, 0, 1024 * 1024};
        struct upgrade *u = malloc(sizeof(*u));

        for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
                size_t len = strlen(responses[i].response);
                char text[1024];

                (void)strcpy(text, responses[i].response);
                (void)strcat(text, responses[i].behind);
                for (size_t j = 0; j < sizeof(chunks) / sizeof(chunks[0]); j++) {
                        struct cause cause = {};
                        size_t used;

                        cr_assert(eq(int, feed(u, text, strlen(text), chunks[j], &used),
                                     responses[i].verdict),
                                  "row %zu", i);
                        cr_assert(eq(uint, u->status, responses[i].status), "row %zu", i);
                        if (responses[i].verdict != UPGRADE_DONE)
                                continue;
                        cr_assert(eq(sz, used, len), "row %zu: took frames", i);
                        cr_assert(eq(int,
                                     upgrade_accepted(u, ACCEPT, OFFERED, sizeof(OFFERED), &cause),
                                     responses[i].accepted),
                                  "row %zu: %s", i, cause.text);
                        cr_assert(eq(int, cause.kind, responses[i].kind), "row %zu", i);
                        cr_assert(eq(int, cause.text[0] == '\0', responses[i].accepted));
                }
        }
        free(u);
}

Test(upgrade, subprotocol_without_offer) {
        static const char response[] = SWITCHING OK_HEADERS "Sec-WebSocket-Protocol: chat\r\n\r\n";
        struct upgrade *u = malloc(sizeof(*u));
        struct cause cause;
        size_t used;

        cr_assert(eq(int, feed(u, response, strlen(response), 5, &used), UPGRADE_DONE));
        cr_assert(not(upgrade_accepted(u, ACCEPT, NULL, 0, &cause)));
        cr_assert(eq(int, cause.kind, CAUSE_PROTOCOL));
        free(u);
}

Test(upgrade, retry_after) {
        static const char *const rows[][2] = {
                {"120", "120"},
                {"Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT"},
                {"  7 ", "7"},
                {"1111111111111111111111111111111111111111111111111111111111111111", ""},
        };
        struct upgrade *u = malloc(sizeof(*u));

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char response[256];
                size_t used;

                (void)snprintf(response, sizeof(response),
                               "HTTP/1.1 503 x\r\nRetry-After: %s\r\n\r\n", rows[i][0]);
                cr_assert(eq(int, feed(u, response, strlen(response), 0, &used), UPGRADE_DONE));
                cr_assert(eq(str, u->retry_after, (char *)rows[i][1]));
        }
        free(u);
}

Test(upgrade, nul_byte_is_garbage) {
        struct upgrade *u = malloc(sizeof(*u));
        size_t used;

        cr_assert(eq(int, feed(u, SWITCHING "a: \0\r\n", sizeof(SWITCHING) + 6, 3, &used),
                     UPGRADE_GARBAGE));
        free(u);
}

Test(upgrade, limits) {
        struct upgrade *u = calloc(1, sizeof(*u));
        enum upgrade_verdict verdict = UPGRADE_MORE;
        size_t used, total = 0;

        /* One line without an end. */
        cr_assert(eq(int, upgrade_feed(u, SWITCHING "a: ", strlen(SWITCHING "a: "), &used),
                     UPGRADE_MORE));
        while (verdict == UPGRADE_MORE && total++ < 2 * UPGRADE_LINE_MAX_BYTES)
                verdict = upgrade_feed(u, "x", 1, &used);
        cr_assert(eq(int, verdict, UPGRADE_TOO_LONG));
        cr_assert(eq(sz, total, UPGRADE_LINE_MAX_BYTES - strlen("a: ")));

        /* Headers without an end, and interim responses without an end. */
        for (int interim = 0; interim < 2; interim++) {
                const char *again = interim ? "HTTP/1.1 103 x\r\n\r\n" : "a: b\r\n";

                *u = (struct upgrade){};
                verdict = interim ? UPGRADE_MORE
                                  : upgrade_feed(u, SWITCHING, strlen(SWITCHING), &used);
                for (total = 0; verdict == UPGRADE_MORE && total < 2 * UPGRADE_MAX_BYTES;) {
                        verdict = upgrade_feed(u, again, strlen(again), &used);
                        total += used;
                }
                cr_assert(eq(int, verdict, UPGRADE_TOO_LONG));
                cr_assert(total <= UPGRADE_MAX_BYTES + 1);
        }
        free(u);
}
