/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "any_message.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DEPTH_MAX 8

static void require(bool condition) {
        if (!condition)
                abort();
}

uint8_t any_take(struct any_feed *feed) {
        if (feed->left == 0)
                return 0;
        feed->left--;
        return *feed->data++;
}

/* One of the known texts, or printable bytes. */
static void append_text(sd_bus_message *m, struct any_feed *feed) {
        uint8_t choice = any_take(feed);
        char text[128];
        size_t n = choice % sizeof(text);

        if (choice < feed->words->n_texts) {
                require(sd_bus_message_append_basic(m, 's', feed->words->texts[choice]) >= 0);
                return;
        }
        for (size_t i = 0; i < n; i++)
                text[i] = (char)(' ' + any_take(feed) % 95);
        text[n] = '\0';
        require(sd_bus_message_append_basic(m, 's', text) >= 0);
}

static void append_number(sd_bus_message *m, char type, struct any_feed *feed) {
        uint64_t number = 0;
        int flag = 0;

        for (uint8_t n = any_take(feed) % 9; n > 0; n--)
                number = number << 8 | any_take(feed);
        flag = (int)(number & 1);
        require(sd_bus_message_append_basic(m, type, type == 'b' ? (void *)&flag : &number) >= 0);
}

static void append_path(sd_bus_message *m, struct any_feed *feed) {
        const struct any_words *words = feed->words;
        uint8_t choice = any_take(feed);
        size_t number = choice / words->n_paths;
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s%zu", words->paths[choice % words->n_paths],
                       choice > 200 ? "x" : "", number);
        require(sd_bus_message_append_basic(m, 'o', path) >= 0);
}

/* How long the first complete type of a signature is. */
static size_t type_len(const char *signature) {
        int depth = 0;
        size_t n = 0;

        do {
                while (signature[n] == 'a')
                        n++;
                depth += signature[n] == '(' || signature[n] == '{';
                depth -= signature[n] == ')' || signature[n] == '}';
                n++;
        } while (depth > 0);
        return n;
}

static void append(sd_bus_message *m, const char *signature, struct any_feed *feed, int depth);

static void append_container(sd_bus_message *m, char type, const char *contents, size_t len,
                             struct any_feed *feed, int depth) {
        char inner[32];
        size_t n = 1;

        (void)snprintf(inner, sizeof(inner), "%.*s", (int)len, contents);
        if (type == 'a')
                n = depth < DEPTH_MAX ? any_take(feed) % 20 : 0;
        require(sd_bus_message_open_container(m, type, inner) >= 0);
        for (; n > 0 && (type != 'a' || feed->left > 0); n--)
                append(m, inner, feed, depth + 1);
        require(sd_bus_message_close_container(m) >= 0);
}

static void append_one(sd_bus_message *m, const char *signature, size_t len, struct any_feed *feed,
                       int depth) {
        const char *variant;

        switch (signature[0]) {
        case 's':
                append_text(m, feed);
                break;
        case 'o':
                append_path(m, feed);
                break;
        case 'v':
                variant = feed->words->variants[depth < DEPTH_MAX
                                                        ? any_take(feed) % feed->words->n_variants
                                                        : 0];
                append_container(m, 'v', variant, strlen(variant), feed, depth);
                break;
        case 'a':
                append_container(m, 'a', signature + 1, len - 1, feed, depth);
                break;
        case '(':
                append_container(m, 'r', signature + 1, len - 2, feed, depth);
                break;
        case '{':
                append_container(m, 'e', signature + 1, len - 2, feed, depth);
                break;
        default:
                append_number(m, signature[0], feed);
        }
}

static void append(sd_bus_message *m, const char *signature, struct any_feed *feed, int depth) {
        while (*signature) {
                size_t len = type_len(signature);

                append_one(m, signature, len, feed, depth);
                signature += len;
        }
}

void any_append(sd_bus_message *m, const char *signature, struct any_feed *feed) {
        append(m, signature, feed, 0);
}

sd_bus *any_bus(void) {
        static sd_bus *bus;
        int pair[2];

        if (bus)
                return bus;
        require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        require(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, pair[0], pair[0]) >= 0);
        require(sd_bus_start(bus) >= 0);
        return bus;
}
