/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* NetworkManager, ModemManager and logind say anything, in any order: what is kept of it can be
 * told on the bus, and is gone when they are. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "any_message.h"
#include "hints.h"
#include "suspend.h"

#define SERVICES ":1.5" /* owns all the names */
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
        SERVICES,
};

static const char *const variants[] = {"s", "o", "u", "b", "a(su)", "ao", "(ub)", "v"};

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

static sd_bus *ours, *theirs;
static struct any_feed feed;

static void require(bool condition) {
        if (!condition)
                abort();
}

/* Whatever is asked of the bus and the services. */
static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *answer = "v";
        sd_bus_message *reply;

        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        if (sd_bus_message_is_method_call(m, NULL, "GetNameOwner"))
                return sd_bus_reply_method_return(m, "s", SERVICES);
        if (feed.left == 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NO_REPLY, "Enough");
        if (sd_bus_message_is_method_call(m, NULL, "GetManagedObjects"))
                answer = "a{oa{sa{sv}}}";
        if (sd_bus_message_is_method_call(m, NULL, "GetAll"))
                answer = "a{sv}";
        require(sd_bus_message_new_method_return(m, &reply) >= 0);
        any_append(reply, any_take(&feed) < 240 ? answer : "s", &feed);
        require(sd_bus_send(NULL, reply, NULL) >= 0);
        sd_bus_message_unref(reply);
        return 1;
}

static void settle(void) {
        int r, s;

        do {
                r = sd_bus_process(ours, NULL);
                s = sd_bus_process(theirs, NULL);
                require(r >= 0 && s >= 0);
        } while (r > 0 || s > 0);
}

static void send_signal(void) {
        static const struct {
                const char *sender;
                const char *path;
                const char *interface;
                const char *member;
                const char *signature;
        } signals[] = {
                {SERVICES, "/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}"},
                {SERVICES, "/", OBJECT_MANAGER, "InterfacesRemoved", "oas"},
                {SERVICES, NM_DEVICE, PROPERTIES, "PropertiesChanged", "sa{sv}as"},
                {SERVICES, MM_MODEM, PROPERTIES, "PropertiesChanged", "sa{sv}as"},
                {SERVICES, "/org/freedesktop/login1", LOGIND ".Manager", "PrepareForSleep", "b"},
                {BUS, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", "sss"},
        };
        size_t i = any_take(&feed) % (sizeof(signals) / sizeof(signals[0]));
        sd_bus_message *m;

        require(sd_bus_message_new_signal(theirs, &m, signals[i].path, signals[i].interface,
                                          signals[i].member) >= 0);
        require(sd_bus_message_set_sender(m, signals[i].sender) >= 0);
        any_append(m, signals[i].signature, &feed);
        require(sd_bus_send(theirs, m, NULL) >= 0);
        sd_bus_message_unref(m);
}

static void check_hint(struct hints *hints, const char *name) {
        struct hint_source source = hints_source(hints);
        sd_bus_message *m = NULL;
        struct hint hint;

        source.find(source.userdata, name, &hint);
        require(hint.metered < HINT_METERED_COUNT && hint.registration < REGISTRATION_COUNT);
        require(hint.signal_quality <= 100);
        require(sd_bus_message_new_signal(any_bus(), &m, "/", "a.b", "C") >= 0);
        require(sd_bus_message_append(m, "sss", hint.connection, hint.operator_name,
                                      hint.technology) >= 0);
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

static void start(void) {
        int pair[2];

        if (ours)
                return;
        require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        require(sd_bus_new(&ours) >= 0 && sd_bus_set_fd(ours, pair[0], pair[0]) >= 0);
        require(sd_bus_set_server(ours, true,
                                  SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0)) >=
                0);
        require(sd_bus_start(ours) >= 0);
        require(sd_bus_new(&theirs) >= 0 && sd_bus_set_fd(theirs, pair[1], pair[1]) >= 0);
        require(sd_bus_start(theirs) >= 0);
        require(sd_bus_add_filter(theirs, NULL, on_call, NULL) >= 0);
        settle();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct hints_owner owner = {on_preparing, on_resumed, on_links};
        static sd_event *event;
        bool is_preparing = false;
        struct hints *hints;

        start();
        if (!event)
                require(sd_event_new(&event) >= 0);
        feed = (struct any_feed){data, size, &words};
        require(hints_new(event, &owner, &is_preparing, read_clocks, &hints) >= 0);
        require(hints_attach(hints, ours) >= 0);
        settle();
        for (int i = 0; i < SIGNALS_MAX && feed.left > 0; i++) {
                send_signal();
                settle();
        }
        check_hint(hints, "wwan0");
        check_hint(hints, "ttyUSB0");
        hints_detach(hints);
        check_nothing(hints, "wwan0");
        require(!is_preparing);
        settle();
        hints_free(hints);
        return 0;
}
