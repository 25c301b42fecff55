/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages of netmon's shapes with any keys, types and values: read whole, or refused and nothing
 * is touched. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "any_message.h"
#include "bus_options.h"
#include "names.h"
#include "netmon_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const shapes[] = {
        "a{sv}", "tastta{sv}aa{sv}", "a{oa{sa{sv}}}", "oa{sa{sv}}", "sa{sv}", "s", "",
};

static const char *const variants[] = {
        "s", "u", "i", "b", "t", "a{sv}", "aa{sv}", "a(susas)", "as", "v", "a{ss}", "ay",
};

static const char *const texts[] = {
        "interface",           "ifindex",   "gateway",      "usable", "nexthops",
        "since_usec",          "Path",      "Alternatives", "Usable", "Name",
        "Addresses",           "192.0.2.1", "headers",      "ttl",    "subprotocols",
        NETMON_LINK_INTERFACE, "underlay",
};

static const char *const above[] = {NETMON_LINK_PATH};

static const struct any_words words = {
        .texts = texts,
        .n_texts = sizeof(texts) / sizeof(texts[0]),
        .variants = variants,
        .n_variants = sizeof(variants) / sizeof(variants[0]),
        .paths = above,
        .n_paths = 1,
};

static void require(bool condition) {
        if (!condition)
                abort();
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
        struct any_feed feed = {data, size, &words};
        uint8_t reader = any_take(&feed) % 6, shape = any_take(&feed);
        sd_bus_message *m = NULL;

        require(sd_bus_message_new_signal(any_bus(), &m, NETMON_LINK_PATH "/7",
                                          "org.freedesktop.DBus.Properties",
                                          "PropertiesChanged") >= 0);
        /* Mostly the shape that the reader wants. */
        any_append(m, shapes[shape < 200 ? reader % 5 : shape % 7], &feed);
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
