/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_interface.h"

#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>

#include "netmon_bus.h"

#define WLAN NETMON_LINK_PATH "/7"

static struct netmon_bus nb;

static void setup(void) {
        netmon_bus_start(&nb);
}

static void teardown(void) {
        netmon_bus_stop(&nb);
}

TestSuite(bus_interface, .init = setup, .fini = teardown, .timeout = 60);

static struct link *add_wlan(void) {
        struct link *link = fake_net_add_link(&nb.net, 7, "wlan0");

        netmon_bus_publish(&nb);
        return link;
}

static char *properties(const char *path) {
        return netmon_bus_properties(&nb, ALICE, path, NETMON_LINK_INTERFACE);
}

static void expect_property(const char *wanted) {
        CLEANUP(freep) char *all = properties(WLAN);

        cr_assert(strstr(all, wanted) != NULL, "%s: %s", wanted, all);
}

Test(bus_interface, properties) {
        static const uint8_t hardware_address[6] = {2, 0, 0x5e, 0x10, 0, 1};
        struct link *link = add_wlan();
        CLEANUP(freep) char *all = NULL;

        memcpy(link->facts.hardware_address, hardware_address, sizeof(hardware_address));
        link->facts.hardware_address_len = sizeof(hardware_address);
        link->facts.carrier_changes = 3;
        (void)snprintf(link->device.driver, sizeof(link->device.driver), "iwlwifi");
        (void)snprintf(link->device.bus, sizeof(link->device.bus), "pci");
        (void)snprintf(link->network_id, sizeof(link->network_id), "0123");
        link->wifi.signal_dbm = -61;
        link->wifi.frequency = 5180;
        link->wifi.bit_rate_kbs = 866700;
        (void)snprintf(link->hint.operator_name, sizeof(link->hint.operator_name), "Example");
        (void)snprintf(link->hint.technology, sizeof(link->hint.technology), "lte");
        link->hint.signal_quality = 70;
        link->hint.registration = REGISTRATION_ROAMING;
        all = properties(WLAN);
        cr_assert(eq(str, all,
                     "{Name=wlan0 AlternativeNames=[] Index=7 Type=wifi Kind= Driver=iwlwifi "
                     "Bus=pci Up=true Carrier=true OperState=up Usable=true Since=1000 "
                     "CarrierChanges=3 Addresses=[] Mtu=1500 HardwareAddress=02:00:5e:10:00:01 "
                     "Metered=unknown MeteredSource= NetworkId=0123 "
                     "Signal=-61 Frequency=5180 BitRate=866700 CaptivePortal= Nat64Prefix= "
                     "Operator=Example "
                     "AccessTechnology=lte SignalQuality=70 Registration=roaming Roaming=true "
                     "RxBytes=1007 TxBytes=2007}\n"));
}

Test(bus_interface, states) {
        static const char *const words[] = {
                "unknown", "notpresent", "down", "lowerlayerdown",
                "testing", "dormant",    "up",   "unknown",
        };

        (void)add_wlan();
        for (uint8_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                char wanted[64];

                fake_net_set_flags(&nb.net, 7, IFF_UP | IFF_LOWER_UP, i);
                (void)snprintf(wanted, sizeof(wanted), " OperState=%s Usable=%s ", words[i],
                               i == 0 || i == 6 ? "true" : "false");
                expect_property(wanted);
        }
}

Test(bus_interface, addresses) {
        static const struct {
                const char *address;
                const char *scope;
        } scopes[] = {
                {"10.1.2.3", "24 global"}, {"169.254.1.2", "24 link"},   {"fe80::1", "64 link"},
                {"fec0::1", "64 site"},    {"2001:db8::1", "64 global"}, {"127.0.0.9", "24 host"},
                {"fd00::1", "64 global"},
        };
        static const struct {
                uint32_t flag;
                const char *word;
        } flags[] = {
                {IFA_F_TENTATIVE, "tentative"},
                {IFA_F_OPTIMISTIC, "optimistic"},
                {IFA_F_DADFAILED, "dadfailed"},
                {IFA_F_DEPRECATED, "deprecated"},
                {IFA_F_TEMPORARY, "temporary"},
                {IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, "tentative optimistic"},
        };
        struct link *link = add_wlan();
        char wanted[128];

        for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
                fake_net_add_address(&nb.net, 7, scopes[i].address, 0);
                (void)snprintf(wanted, sizeof(wanted), "(%s %s [])", scopes[i].address,
                               scopes[i].scope);
                expect_property(wanted);
        }
        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
                fake_net_add_address(&nb.net, 7, "2001:db8::1", flags[i].flag);
                (void)snprintf(wanted, sizeof(wanted), "(2001:db8::1 64 global [%s])",
                               flags[i].word);
                expect_property(wanted);
        }
        link->addresses[0].flags = 0;
        expect_property("(10.1.2.3 24 global [dynamic])");
}

/* The interfaces' names, and no more. */
Test(bus_interface, comes_and_goes) {
        CLEANUP(freep) char *added = NULL, *removed = NULL, *all = NULL;
        sd_bus_message *m;

        (void)add_wlan();
        m = netmon_bus_take(&nb, "InterfacesAdded");
        cr_assert(m != NULL);
        cr_assert(eq(str, (char *)sd_bus_message_get_path(m), NETMON_PATH));
        added = netmon_bus_text(m);
        all = properties(WLAN);
        cr_assert(eq(int, strncmp(added, WLAN "\n", strlen(WLAN "\n")), 0), "%s", added);
        all[strcspn(all, "\n")] = '\0';
        cr_assert(strstr(added, all) != NULL, "%s", added);
        netmon_bus_forget(&nb);
        fake_net_remove_link(&nb.net, 7);
        netmon_bus_publish(&nb);
        m = netmon_bus_take(&nb, "InterfacesRemoved");
        cr_assert(m != NULL);
        removed = netmon_bus_text(m);
        cr_assert(strstr(removed, NETMON_LINK_INTERFACE) &&
                          strstr(removed, NETMON_LOCATION_INTERFACE),
                  "%s", removed);
        cr_assert(eq(sz, nb.n_signals, 0));
        REFUSED(&nb, SD_BUS_ERROR_UNKNOWN_OBJECT, ALICE, WLAN, PROPERTIES, "GetAll", "s",
                NETMON_LINK_INTERFACE);
}

Test(bus_interface, index_that_comes_again_is_another) {
        CLEANUP(freep) char *all = NULL;

        (void)add_wlan();
        netmon_bus_forget(&nb);
        fake_net_remove_link(&nb.net, 7);
        (void)fake_net_add_link(&nb.net, 7, "wlan1");
        netmon_bus_publish(&nb);
        cr_assert(eq(sz, nb.n_signals, 2));
        cr_assert(eq(str, (char *)sd_bus_message_get_member(nb.signals[0]), "InterfacesRemoved"));
        cr_assert(eq(str, (char *)sd_bus_message_get_member(nb.signals[1]), "InterfacesAdded"));
        all = properties(WLAN);
        cr_assert(strstr(all, "{Name=wlan1 ") != NULL, "%s", all);
}
