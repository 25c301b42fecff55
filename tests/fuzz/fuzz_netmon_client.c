/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon says anything to the agent, in any order: what is kept of it is within its bounds, and
 * nothing is known when netmon is gone. */

#include <stdlib.h>
#include <string.h>

#include "any_message.h"
#include "any_service.h"
#include "log.h"
#include "names.h"
#include "netmon_client.h"

#define BUS "org.freedesktop.DBus"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define WATCH "/org/wherry/NetMon1/watch"
#define SIGNALS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
        NETMON_LINK_INTERFACE, "Path",      "Alternatives", "Usable",        "Name",
        "Addresses",           "interface", "ifindex",      "usable",        "nexthops",
        "since_usec",          "192.0.2.1", ANY_SERVICE,    NETMON_BUS_NAME,
};

static const char *const variants[] = {"a{sv}", "aa{sv}", "a(susas)", "s", "b", "i", "u", "t"};

static const char *const paths[] = {NETMON_LINK_PATH, WATCH};

static const struct any_words words = {
        .texts = texts,
        .n_texts = sizeof(texts) / sizeof(texts[0]),
        .variants = variants,
        .n_variants = sizeof(variants) / sizeof(variants[0]),
        .paths = paths,
        .n_paths = sizeof(paths) / sizeof(paths[0]),
};

static const struct any_signal signals[] = {
        {ANY_SERVICE, WATCH "/0", NETMON_WATCH_INTERFACE, "Changed", "tastta{sv}aa{sv}"},
        {ANY_SERVICE, NETMON_LINK_PATH "/2", PROPERTIES, "PropertiesChanged", "sa{sv}as"},
        {ANY_SERVICE, NETMON_PATH, OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}"},
        {ANY_SERVICE, NETMON_PATH, OBJECT_MANAGER, "InterfacesRemoved", "oas"},
        {ANY_SERVICE, NETMON_PATH, NETMON_INTERFACE, "Resumed", "t"},
        {BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", "sss"},
};

static void require(bool condition) {
        if (!condition)
                abort();
}

static void on_watch(void *watch_userdata) {
        struct netmon_watch **watch = watch_userdata;

        require(netmon_watch_paths(*watch)->n_alternatives <= PATHS_ALTERNATIVES_MAX);
}

static void on_anything(void *userdata) {
}

static const struct netmon_handlers handlers = {
        .watch_changed = on_watch,
        .interfaces_changed = on_anything,
        .resumed = on_anything,
};

static void check_interfaces(const struct interfaces *list) {
        require(list->known || list->n_items == 0);
        for (size_t i = 0; i < list->n_items; i++) {
                require(list->items[i].ifindex > 0);
                require(interfaces_find(list, list->items[i].ifindex) == &list->items[i]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct any_feed feed = {data, size, &words};
        sd_bus *bus = any_service_start(&feed);
        struct netmon_watch *watch, *unwanted;
        struct netmon_client *client;

        log_set_level(LOG_ERR);
        require(netmon_client_new(&handlers, NULL, &client) >= 0);
        require(netmon_watch_new(client, "default", &watch, &watch) >= 0);
        require(netmon_watch_new(client, "192.0.2.1", &unwanted, &unwanted) >= 0);
        require(netmon_client_attach(client, bus) >= 0);
        any_service_settle();
        netmon_watch_free(unwanted);
        for (int i = 0; i < SIGNALS_MAX && feed.left > 0; i++) {
                any_service_signal(signals, sizeof(signals) / sizeof(signals[0]));
                any_service_settle();
                check_interfaces(netmon_client_interfaces(client));
        }
        netmon_client_detach(client);
        require(!netmon_client_interfaces(client)->known);
        require(!netmon_watch_paths(watch)->known && !netmon_watch_is_pending(watch));
        netmon_watch_free(watch);
        any_service_settle();
        netmon_client_free(client);
        return 0;
}
