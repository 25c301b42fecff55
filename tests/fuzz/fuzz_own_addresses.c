/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon says anything of its interfaces, in any order: what is read of it are addresses of an
 * interface, and what of them is gone can be told. */

#include <stdbool.h>
#include <stdlib.h>

#include "any_message.h"
#include "any_service.h"
#include "departures.h"
#include "log.h"
#include "names.h"
#include "own_addresses.h"

#define BUS "org.freedesktop.DBus"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define SIGNALS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
        NETMON_LINK_INTERFACE, "Addresses", "Name",          "192.0.2.1",      "192.0.2.2",
        "2001:db8::1",         "fe80::1",   "127.0.0.1",     "::ffff:1.2.3.4", "global",
        "tentative",           ANY_SERVICE, NETMON_BUS_NAME, ":1.66",
};

static const char *const variants[] = {"a(susas)", "s", "as", "u", "v"};

static const char *const paths[] = {NETMON_LINK_PATH, NETMON_PATH};

static const struct any_words words = {
        .texts = texts,
        .n_texts = sizeof(texts) / sizeof(texts[0]),
        .variants = variants,
        .n_variants = sizeof(variants) / sizeof(variants[0]),
        .paths = paths,
        .n_paths = sizeof(paths) / sizeof(paths[0]),
};

static const struct any_signal signals[] = {
        {ANY_SERVICE, NETMON_LINK_PATH "/2", PROPERTIES, "PropertiesChanged", "sa{sv}as"},
        {ANY_SERVICE, NETMON_LINK_PATH "/3", PROPERTIES, "PropertiesChanged", "sa{sv}as"},
        {ANY_SERVICE, NETMON_PATH, PROPERTIES, "PropertiesChanged", "sa{sv}as"},
        {ANY_SERVICE, NETMON_PATH, OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}"},
        {ANY_SERVICE, NETMON_PATH, OBJECT_MANAGER, "InterfacesRemoved", "oas"},
        {BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", "sss"},
};

static void require(bool condition) {
        if (!condition)
                abort();
}

static void on_changed(uint32_t ifindex, const struct netaddr *addresses, size_t n,
                       void *userdata) {
        struct departures *departures = userdata;

        require(ifindex > 0 && ifindex <= INT32_MAX);
        (void)departures_set(departures, ifindex, addresses, n, 1);
        for (size_t i = 0; i < departures->n_pending; i++) {
                char text[NETADDR_TEXT_SIZE];

                require(netaddr_format(&departures->pending[i].address.address, text)[0] != '\0');
        }
}

static void on_unknown(void *userdata) {
        departures_clear(userdata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct own_addresses_owner owner = {on_changed, on_unknown};
        struct any_feed feed = {data, size, &words};
        sd_bus *bus = any_service_start(&feed);
        struct departures departures = {};
        struct own_addresses *own;

        log_set_level(LOG_ERR);
        require(own_addresses_new(bus, &owner, &departures, &own) >= 0);
        any_service_settle();
        for (int i = 0; i < SIGNALS_MAX && feed.left > 0; i++) {
                any_service_signal(signals, sizeof(signals) / sizeof(signals[0]));
                any_service_settle();
        }
        own_addresses_free(own);
        any_service_settle();
        departures_clear(&departures);
        return 0;
}
