/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "handshake.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "moment.h"

static const struct uri uri = {.host = "example.org", .port = 80, .target = (char *)"/"};

static struct handshake *make(char **ret_request) {
        struct handshake *h;

        cr_assert(eq(int, handshake_new(&uri, NULL, 0, NULL, 0, &h), 0));
        *ret_request = handshake_take_request(h);
        return h;
}

static enum handshake_verdict feed(struct handshake *h, const char *response, struct cause *cause) {
        size_t used;

        return handshake_feed(h, response, strlen(response), &used, cause);
}

/* The right answer to another key is no answer, and no key comes twice. */
Test(handshake, keys_are_random) {
        char *first, *second;
        struct handshake *a = make(&first), *b = make(&second);

        cr_assert(strcmp(first, second) != 0);
        handshake_free(a);
        handshake_free(b);
        free(first);
        free(second);
}

Test(handshake, accept_must_fit) {
        struct cause cause = {};
        char *request;
        struct handshake *h = make(&request);

        cr_assert(eq(int,
                     feed(h,
                          "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                          &cause),
                     HANDSHAKE_REFUSED));
        cr_assert(eq(int, cause.kind, CAUSE_PROTOCOL));
        handshake_free(h);
        free(request);
}

Test(handshake, no_http) {
        static const char *const rows[] = {"SSH-2.0\r\n", "HTTP/1.1 101 x\r\nno colon\r\n"};

        for (size_t i = 0; i < 2; i++) {
                struct cause cause = {};
                char *request;
                struct handshake *h = make(&request);

                cr_assert(eq(int, feed(h, rows[i], &cause), HANDSHAKE_REFUSED));
                cr_assert(eq(int, cause.kind, CAUSE_PROTOCOL));
                cr_assert(eq(u64, cause.retry_after_usec, 0));
                handshake_free(h);
                free(request);
        }
}

Test(handshake, retry_after) {
        char in_an_hour[64];
        const struct {
                const char *text;
                uint64_t least_sec;
                uint64_t most_sec;
        } rows[] = {
                {"120", 120, 120},        {"0", 0, 0},
                {in_an_hour, 3590, 3610}, {"Fri, 31 Dec 1999 23:59:59 GMT", 0, 0},
                {"soon", 0, 0},           {"-1", 0, 0},
                {"120 s", 0, 0},          {"99999999999999999999999999", 0, 0},
        };
        time_t then = time(NULL) + 3600;

        (void)strftime(in_an_hour, sizeof(in_an_hour), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&then));
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct cause cause = {};
                char *request, response[256];
                struct handshake *h = make(&request);

                (void)snprintf(response, sizeof(response),
                               "HTTP/1.1 503 x\r\nRetry-After: %s\r\n\r\n", rows[i].text);
                cr_assert(eq(int, feed(h, response, &cause), HANDSHAKE_REFUSED));
                cr_assert(eq(int, cause.kind, CAUSE_UNAVAILABLE));
                cr_assert(cause.retry_after_usec >= rows[i].least_sec * USEC_PER_SEC &&
                                  cause.retry_after_usec <= rows[i].most_sec * USEC_PER_SEC,
                          "%s: %lu", rows[i].text, cause.retry_after_usec);
                handshake_free(h);
                free(request);
        }
}
