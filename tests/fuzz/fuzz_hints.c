/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* NetworkManager, ModemManager and logind say anything, in any order: what is kept of it can be
 * told on the bus, and is gone when they are. */

#include <stdlib.h>
#include <string.h>

#include "any_message.h"
#include "any_service.h"
#include "hints.h"
#include "suspend.h"

#define BUS "org.freedesktop.DBus"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define NETWORK_MANAGER "org.freedesktop.NetworkManager"
#define MODEM_MANAGER "org.freedesktop.ModemManager1"
#define LOGIND "org.freedesktop.login1"
#define NM_DEVICE "/org/freedesktop/NetworkManager/Devices/0"
#define MM_MODEM "/org/freedesktop/ModemManager1/0"
#define SIGNALS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
        NETWORK_MANAGER ".Device",
        MODEM_MANAGER ".Modem",
        MODEM_MANAGER ".Modem.Modem3gpp",
        MODEM_MANAGER ".Bearer",
        "Interface",
        "IpInterface",
        "Udi",
        "Metered",
        "ActiveConnection",
        "Id",
        "AccessTechnologies",
        "OperatorName",
        "RegistrationState",
        "Connected",
        "Ports",
        "Bearers",
        "SignalQuality",
        "wwan0",
        "ttyUSB0",
        MM_MODEM,
        NETWORK_MANAGER,
        MODEM_MANAGER,
        LOGIND,
        ANY_SERVICE,
        MODEM_MANAGER ".Modem.Location",
        "Location",
};

static const char *const variants[] = {"s", "o", "u", "b", "a(su)", "ao", "(ub)", "v", "a{uv}"};

static const char *const paths[] = {
        "/org/freedesktop/NetworkManager/Devices",
        "/org/freedesktop/ModemManager1",
        "/org/freedesktop",
};

static const struct any_words words = {
        .texts = texts,
        .n_texts = sizeof(texts) / sizeof(texts[0]),
        .variants = variants,
        .n_variants = sizeof(variants) / sizeof(variants[0]),
        .paths = paths,
        .n_paths = sizeof(paths) / sizeof(paths[0]),
};

static void require(bool condition) {
        if (!condition)
                abort();
}

static const struct any_signal signals[] = {
        {ANY_SERVICE, "/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}"},
        {ANY_SERVICE, "/", OBJECT_MANAGER, "InterfacesRemoved", "oas"},
        {ANY_SERVICE, NM_DEVICE, PROPERTIES, "PropertiesChanged", "sa{sv}as"},
        {ANY_SERVICE, MM_MODEM, PROPERTIES, "PropertiesChanged", "sa{sv}as"},
        {ANY_SERVICE, "/org/freedesktop/login1", LOGIND ".Manager", "PrepareForSleep", "b"},
        {BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", "sss"},
};

static void check_hint(struct hints *hints, const char *name) {
        struct hint_source source = hints_source(hints);
        sd_bus_message *m = NULL;
        struct hint hint;

        source.find(source.userdata, name, &hint);
        require(hint.metered < HINT_METERED_COUNT && hint.registration < REGISTRATION_COUNT);
        require(hint.signal_quality <= 100);
        require(sd_bus_message_new_signal(any_bus(), &m, "/", "a.b", "C") >= 0);
        require(sd_bus_message_append(m, "ssss", hint.connection, hint.operator_name,
                                      hint.technology, hint.cell_id) >= 0);
        sd_bus_message_unref(m);
}

static void check_nothing(struct hints *hints, const char *name) {
        static const struct hint nothing;
        struct hint_source source = hints_source(hints);
        struct hint hint;

        source.find(source.userdata, name, &hint);
        require(memcmp(&hint, &nothing, sizeof(hint)) == 0);
}

static void read_clocks(struct suspend_clocks *ret) {
        *ret = (struct suspend_clocks){.boottime_usec = 9000, .monotonic_usec = 8000};
}

static void on_preparing(bool is_preparing, void *userdata) {
        bool *was_preparing = userdata;

        require(is_preparing != *was_preparing);
        *was_preparing = is_preparing;
}

static void on_resumed(uint64_t slept_usec, void *userdata) {
        require(slept_usec == 0);
}

static void on_links(void *userdata) {
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct hints_owner owner = {on_preparing, on_resumed, on_links};
        static sd_event *event;
        struct any_feed feed = {data, size, &words};
        sd_bus *bus = any_service_start(&feed);
        bool is_preparing = false;
        struct hints *hints;

        if (!event)
                require(sd_event_new(&event) >= 0);
        require(hints_new(event, &owner, &is_preparing, read_clocks, &hints) >= 0);
        require(hints_attach(hints, bus) >= 0);
        any_service_settle();
        for (int i = 0; i < SIGNALS_MAX && feed.left > 0; i++) {
                any_service_signal(signals, sizeof(signals) / sizeof(signals[0]));
                any_service_settle();
        }
        check_hint(hints, "wwan0");
        check_hint(hints, "ttyUSB0");
        hints_detach(hints);
        check_nothing(hints, "wwan0");
        require(!is_preparing);
        any_service_settle();
        hints_free(hints);
        return 0;
}
