/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages of netmon's shapes with any keys, types and values: read whole, or refused and nothing
 * is touched. sd-bus checks the bytes, so ours are made into a message that it would let pass. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bus_options.h"
#include "names.h"
#include "netmon_decode.h"

#define DEPTH_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct feed {
        const uint8_t *data;
        size_t left;
};

static const char *const shapes[] = {
        "a{sv}", "tastta{sv}aa{sv}", "a{oa{sa{sv}}}", "oa{sa{sv}}", "sa{sv}", "s", "",
};

static const char *const variants[] = {
        "s", "u", "i", "b", "t", "a{sv}", "aa{sv}", "a(susas)", "as", "v", "a{ss}", "ay",
};

static const char *const texts[] = {
        "interface", "ifindex",    "gateway",      "usable",
        "nexthops",  "since_usec", "Path",         "Alternatives",
        "Usable",    "Name",       "Addresses",    "192.0.2.1",
        "headers",   "ttl",        "subprotocols", NETMON_LINK_INTERFACE,
};

static void require(bool condition) {
        if (!condition)
                abort();
}

static uint8_t take(struct feed *feed) {
        if (feed->left == 0)
                return 0;
        feed->left--;
        return *feed->data++;
}

/* One of the known texts, or printable bytes. */
static void append_text(sd_bus_message *m, struct feed *feed) {
        uint8_t choice = take(feed);
        char text[128];
        size_t n = choice % sizeof(text);

        if (choice < sizeof(texts) / sizeof(texts[0])) {
                require(sd_bus_message_append_basic(m, 's', texts[choice]) >= 0);
                return;
        }
        for (size_t i = 0; i < n; i++)
                text[i] = (char)(' ' + take(feed) % 95);
        text[n] = '\0';
        require(sd_bus_message_append_basic(m, 's', text) >= 0);
}

static void append_number(sd_bus_message *m, char type, struct feed *feed) {
        uint64_t number = 0;
        int flag = 0;

        for (uint8_t n = take(feed) % 9; n > 0; n--)
                number = number << 8 | take(feed);
        flag = (int)(number & 1);
        require(sd_bus_message_append_basic(m, type, type == 'b' ? (void *)&flag : &number) >= 0);
}

static void append_path(sd_bus_message *m, struct feed *feed) {
        uint8_t number = take(feed);
        char path[64];

        (void)snprintf(path, sizeof(path), "%s/%s%u", NETMON_LINK_PATH, number > 200 ? "x" : "",
                       number);
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

static void append(sd_bus_message *m, const char *signature, struct feed *feed, int depth);

static void append_container(sd_bus_message *m, char type, const char *contents, size_t len,
                             struct feed *feed, int depth) {
        char inner[32];
        size_t n = 1;

        (void)snprintf(inner, sizeof(inner), "%.*s", (int)len, contents);
        if (type == 'a')
                n = depth < DEPTH_MAX ? take(feed) % 20 : 0;
        require(sd_bus_message_open_container(m, type, inner) >= 0);
        for (; n > 0 && (type != 'a' || feed->left > 0); n--)
                append(m, inner, feed, depth + 1);
        require(sd_bus_message_close_container(m) >= 0);
}

static void append_one(sd_bus_message *m, const char *signature, size_t len, struct feed *feed,
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
                variant = variants[depth < DEPTH_MAX
                                           ? take(feed) % (sizeof(variants) / sizeof(variants[0]))
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

static void append(sd_bus_message *m, const char *signature, struct feed *feed, int depth) {
        while (*signature) {
                size_t len = type_len(signature);

                append_one(m, signature, len, feed, depth);
                signature += len;
        }
}

static sd_bus *bus_in_nowhere(void) {
        static sd_bus *bus;
        int pair[2];

        if (bus)
                return bus;
        require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        require(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, pair[0], pair[0]) >= 0);
        require(sd_bus_start(bus) >= 0);
        return bus;
}

static void check_path(const struct path *path) {
        require(strnlen(path->interface, PATH_NAME_MAX) < PATH_NAME_MAX);
        require(strnlen(path->gateway, PATH_ADDRESS_MAX) < PATH_ADDRESS_MAX);
        require(path->n_nexthops <= PATH_NEXTHOPS_MAX);
}

static void check_paths(sd_bus_message *m, int (*decode)(sd_bus_message *, struct paths *)) {
        struct paths paths, untouched;

        (void)memset(&paths, 0x5a, sizeof(paths));
        (void)memset(&untouched, 0x5a, sizeof(untouched));
        if (decode(m, &paths) < 0) {
                require(memcmp(&paths, &untouched, sizeof(paths)) == 0);
                return;
        }
        require(paths.known && paths.n_alternatives <= PATHS_ALTERNATIVES_MAX);
        check_path(&paths.selected);
        for (size_t i = 0; i < paths.n_alternatives; i++)
                check_path(&paths.alternatives[i]);
}

static void check_interfaces(sd_bus_message *m,
                             int (*decode)(sd_bus_message *, struct interfaces *)) {
        struct interfaces list = {};

        require(interfaces_put(&list, 7) != NULL);
        (void)decode(m, &list);
        for (size_t i = 0; i < list.n_items; i++) {
                require(list.items[i].ifindex > 0);
                require(interfaces_find(&list, list.items[i].ifindex) == &list.items[i]);
                for (size_t j = 0; j < list.items[i].n_addresses; j++)
                        require(strlen(list.items[i].addresses[j]) < PATH_ADDRESS_MAX);
        }
        interfaces_clear(&list);
}

static void check_options(sd_bus_message *m) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        struct channel_options options;

        require(channel_options_init(&options) == 0);
        if (bus_options_read_channel(m, &options, &error) < 0)
                require(!sd_bus_error_is_set(&error) || error.message[0] != '\0');
        sd_bus_error_free(&error);
        channel_options_deinit(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct feed feed = {data, size};
        uint8_t reader = take(&feed) % 6, shape = take(&feed);
        sd_bus_message *m = NULL;

        require(sd_bus_message_new_signal(bus_in_nowhere(), &m, NETMON_LINK_PATH "/7",
                                          "org.freedesktop.DBus.Properties",
                                          "PropertiesChanged") >= 0);
        /* Mostly the shape that the reader wants. */
        append(m, shapes[shape < 200 ? reader % 5 : shape % 7], &feed, 0);
        require(sd_bus_message_seal(m, 1, 0) >= 0 && sd_bus_message_rewind(m, true) >= 0);
        switch (reader) {
        case 0:
                check_paths(m, netmon_decode_watch);
                break;
        case 1:
                check_paths(m, netmon_decode_changed);
                break;
        case 2:
                check_interfaces(m, netmon_decode_objects);
                break;
        case 3:
                check_interfaces(m, netmon_decode_object);
                break;
        case 4:
                check_interfaces(m, netmon_decode_properties);
                break;
        case 5:
                check_options(m);
                break;
        }
        sd_bus_message_unref(m);
        return 0;
}
