/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bus and logind say anything of who calls: every call is decided on once, and nobody has a uid
 * that was not told. */

#include <stdbool.h>
#include <stdlib.h>

#include "any_message.h"
#include "any_service.h"
#include "bus_caller.h"
#include "bus_guard.h"

#define CALLS_MAX (BUS_GUARD_WAITING_MAX + 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
        "UnixUserID", "UnixGroupIDs", "ProcessID", "Active", "Remote",
        "c1",         "seat0",        ":1.7",      "user",
};

static const char *const variants[] = {"u", "au", "b", "s", "ay", "t", "v"};

static const char *const paths[] = {"/org/freedesktop/login1/session"};

static const struct any_words words = {
        .texts = texts,
        .n_texts = sizeof(texts) / sizeof(texts[0]),
        .variants = variants,
        .n_variants = sizeof(variants) / sizeof(variants[0]),
        .paths = paths,
        .n_paths = sizeof(paths) / sizeof(paths[0]),
};

static const struct any_signal signals[] = {
        {"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
         "NameOwnerChanged", "sss"},
};

struct decisions {
        size_t n_guarded;
        size_t n_named;
        bool was_fed; /* somebody has been told something */
};

static void require(bool condition) {
        if (!condition)
                abort();
}

static void on_decided(sd_bus_message *call, bool is_allowed, void *userdata) {
        struct decisions *decisions = userdata;

        require(call != NULL && (!is_allowed || decisions->was_fed));
        decisions->n_guarded++;
}

static int on_named(sd_bus_message *m, uint32_t uid, void *userdata, sd_bus_error *ret_error) {
        struct decisions *decisions = userdata;

        require(decisions->was_fed);
        decisions->n_named++;
        return 1;
}

static void on_gone(const char *sender, void *userdata) {
        require(sender[0] == ':');
}

static sd_bus_message *make_call(sd_bus *bus, uint8_t caller) {
        static const char *const senders[] = {":1.7", ":1.8", ":1.9"};
        sd_bus_message *m = NULL;

        require(sd_bus_message_new_method_call(bus, &m, NULL, "/", "a.b", "C") >= 0);
        require(sd_bus_message_set_sender(m, senders[caller % 3]) >= 0);
        require(sd_bus_message_seal(m, 1, 0) >= 0);
        return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct any_feed feed = {data, size, &words};
        struct decisions decisions = {.was_fed = size > 1};
        sd_bus *bus = any_service_start(&feed);
        struct bus_caller_list *list;
        struct bus_guard *guard;
        size_t n_calls = 1 + any_take(&feed) % CALLS_MAX, n_taken = 0;

        require(bus_guard_new(bus, on_decided, &decisions, &guard) >= 0);
        require(bus_caller_list_new(bus, on_gone, &decisions, &list) >= 0);
        for (size_t i = 0; i < n_calls; i++) {
                sd_bus_message *m = make_call(bus, (uint8_t)i);
                sd_bus_error error = SD_BUS_ERROR_NULL;

                if (bus_guard_check(guard, m, &error) > 0)
                        n_taken++;
                else
                        require(i >= BUS_GUARD_WAITING_MAX && sd_bus_error_is_set(&error));
                require(bus_caller_run(list, m, on_named, &decisions, NULL) > 0);
                sd_bus_error_free(&error);
                sd_bus_message_unref(m);
        }
        any_service_settle();
        require(decisions.n_guarded == n_taken && decisions.n_named <= n_calls);
        while (feed.left > 0) {
                any_service_signal(signals, 1);
                any_service_settle();
        }
        bus_caller_list_free(list);
        bus_guard_free(guard);
        any_service_settle();
        return 0;
}
