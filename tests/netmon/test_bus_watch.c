/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "moment.h"
#include "netmon_bus.h"

static struct netmon_bus nb;

static void setup(void) {
        netmon_bus_start(&nb);
}

static void teardown(void) {
        netmon_bus_stop(&nb);
}

TestSuite(bus_watch, .init = setup, .fini = teardown, .timeout = 60);

static char *property(const char *watch, const char *name) {
        return netmon_bus_text(
                CALL(&nb, ALICE, watch, PROPERTIES, "Get", "ss", NETMON_WATCH_INTERFACE, name));
}

static void lose_carrier(void) {
        fake_net_set_flags(&nb.net, 2, IFF_UP, 2);
        netmon_bus_publish(&nb);
}

Test(bus_watch, destinations_are_told_in_one_form) {
        static const struct {
                const char *destination;
                const char *told;
        } cases[] = {
                {"default", "default\n"},
                {"default4", "default4\n"},
                {"default6", "default6\n"},
                {"198.51.100.7", "198.51.100.7\n"},
                {"::ffff:198.51.100.7", "198.51.100.7\n"},
                {"2001:DB8:0::0:7", "2001:db8::7\n"},
                {"fe80::7%eth0", "fe80::7%eth0\n"},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                CLEANUP(freep) char *watch = NULL, *told = NULL;

                watch = netmon_bus_text(CALL(&nb, ALICE, NETMON_PATH, NETMON_INTERFACE, "WatchPath",
                                             "sa{sv}", cases[i].destination, 0));
                watch[strcspn(watch, "\n")] = '\0';
                told = property(watch, "Destination");
                cr_assert(eq(str, told, (char *)cases[i].told));
        }
}

Test(bus_watch, changed_is_what_the_properties_say) {
        CLEANUP(freep) char *watch = netmon_bus_watch(&nb, ALICE);
        CLEANUP(freep) char *head = NULL, *values = NULL, *path = NULL, *alternatives = NULL;
        CLEANUP(freep) char *serial = NULL, *both = NULL;
        uint64_t event_usec, published_usec;
        sd_bus_message *m;

        lose_carrier();
        m = netmon_bus_take(&nb, "Changed");
        cr_assert(m != NULL);
        cr_assert(eq(str, (char *)sd_bus_message_get_signature(m, true), "tastta{sv}aa{sv}"));
        serial = property(watch, "Serial");
        path = property(watch, "Path");
        alternatives = property(watch, "Alternatives");
        cr_assert(eq(str, serial, "2\n"));
        cr_assert(asprintf(&head, "%s[carrier]\n", serial) > 0);
        cr_assert(asprintf(&both, "%s%s", path, alternatives) > 0);
        values = netmon_bus_text(m);
        cr_assert(eq(int, strncmp(values, head, strlen(head)), 0), "%s", values);
        cr_assert(eq(int,
                     sscanf(values + strlen(head), "%" SCNu64 "\n%" SCNu64, &event_usec,
                            &published_usec),
                     2));
        cr_assert(eq(u64, event_usec, FAKE_NOW_USEC + 1));
        cr_assert(le(u64, published_usec, moment_boottime_usec()));
        cr_assert(eq(str, strchr(values, '{'), both));
        cr_assert(strstr(path, " interface=eth0 ") && strstr(path, " usable=false ") &&
                          strstr(path, " why=carrier}"),
                  "%s", path);
        cr_assert(strstr(alternatives, " interface=wwan0 ") &&
                          strstr(alternatives, " usable=true "),
                  "%s", alternatives);
        cr_assert(netmon_bus_take(&nb, "Changed") == NULL);
}

Test(bus_watch, options_are_part_of_the_question) {
        CLEANUP(freep) char *watch = NULL, *path = NULL, *alternatives = NULL;

        watch = netmon_bus_text(CALL(&nb, ALICE, NETMON_PATH, NETMON_INTERFACE, "WatchPath",
                                     "sa{sv}", "default", 1, "interface", "s", "wwan0"));
        watch[strcspn(watch, "\n")] = '\0';
        path = property(watch, "Path");
        alternatives = property(watch, "Alternatives");
        cr_assert(strstr(path, " interface=wwan0 ") != NULL, "%s", path);
        cr_assert(eq(str, alternatives, "[]\n"));
        lose_carrier();
        cr_assert(netmon_bus_take(&nb, "Changed") == NULL);
}

Test(bus_watch, two_of_one_question) {
        CLEANUP(freep)
        char *one = netmon_bus_watch(&nb, ALICE), *two = netmon_bus_watch(&nb, ALICE);
        CLEANUP(freep) char *path = NULL;
        sd_bus_message *m;

        cr_assert(ne(str, one, two));
        sd_bus_message_unref(CALL(&nb, ALICE, one, NETMON_WATCH_INTERFACE, "Release", ""));
        lose_carrier();
        m = netmon_bus_take(&nb, "Changed");
        cr_assert(m != NULL);
        cr_assert(eq(str, (char *)sd_bus_message_get_path(m), two));
        sd_bus_message_unref(m);
        cr_assert(netmon_bus_take(&nb, "Changed") == NULL);
        path = property(two, "Path");
        cr_assert(strstr(path, " why=carrier}") != NULL, "%s", path);
}

Test(bus_watch, is_nobodys_object) {
        CLEANUP(freep) char *watch = netmon_bus_watch(&nb, ALICE), *objects = NULL;

        cr_assert(eq(sz, nb.n_signals, 0));
        objects =
                netmon_bus_text(CALL(&nb, ALICE, NETMON_PATH, "org.freedesktop.DBus.ObjectManager",
                                     "GetManagedObjects", ""));
        cr_assert(strstr(objects, NETMON_LINK_PATH "/2=") != NULL, "%s", objects);
        cr_assert(strstr(objects, NETMON_WATCH_PATH) == NULL, "%s", objects);
}
