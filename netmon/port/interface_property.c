/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interface_property.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "hardware_address.h"
#include "model.h"
#include "names.h"
#include "property.h"
#include "stats_msg.h"
#include "world.h"

static int append_name(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', link->facts.name);
}

static int append_altnames(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        if (r < 0)
                return r;
        for (size_t at = 0; at < link->altnames_len; at += strlen(link->altnames + at) + 1) {
                r = sd_bus_message_append_basic(m, 's', link->altnames + at);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static int append_index(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append(m, "i", (int32_t)link->facts.index);
}

static int append_type(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', link_type_to_string(link->type));
}

static int append_kind(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', link->facts.kind);
}

static int append_driver(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', link->device.driver);
}

static int append_bus(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;
        const char *bus = link->facts.parent_bus;

        return sd_bus_message_append_basic(m, 's', bus[0] != '\0' ? bus : link->device.bus);
}

static int append_up(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append(m, "b", (int)link_is_up(link));
}

static int append_carrier(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append(m, "b", (int)link_has_carrier(link));
}

static int append_operstate(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;
        static const char *const words[] = {
                "unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up",
        };
        uint8_t state = link->facts.operstate;

        if (state >= sizeof(words) / sizeof(words[0]))
                state = 0;
        return sd_bus_message_append_basic(m, 's', words[state]);
}

static int append_usable(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append(m, "b", (int)link->usable);
}

static int append_since(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 't', &link->since_usec);
}

static int append_carrier_changes(sd_bus_message *m, const void *subject,
                                  const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 'u', &link->facts.carrier_changes);
}

static const char *scope_to_string(enum netaddr_scope scope) {
        switch (scope) {
        case NETADDR_HOST:
                return "host";
        case NETADDR_LINK:
                return "link";
        case NETADDR_SITE:
                return "site";
        case NETADDR_GLOBAL:
                return "global";
        }
        return "global";
}

static int append_flags(sd_bus_message *m, const struct address *address) {
        const struct {
                const char *word;
                bool set;
        } flags[] = {
                {"tentative", address->flags & IFA_F_TENTATIVE},
                {"optimistic", address->flags & IFA_F_OPTIMISTIC},
                {"dadfailed", address->flags & IFA_F_DADFAILED},
                {"deprecated", address->flags & IFA_F_DEPRECATED},
                {"temporary", address->flags & IFA_F_TEMPORARY},
                {"dynamic", !(address->flags & IFA_F_PERMANENT)},
        };
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        if (r < 0)
                return r;
        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
                if (!flags[i].set)
                        continue;
                r = sd_bus_message_append_basic(m, 's', flags[i].word);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static int append_addresses(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;
        int r;

        r = sd_bus_message_open_container(m, 'a', "(susas)");
        if (r < 0)
                return r;
        for (size_t i = 0; i < link->n_addresses; i++) {
                const struct address *address = &link->addresses[i];
                char text[NETADDR_TEXT_SIZE];

                r = sd_bus_message_open_container(m, 'r', "susas");
                if (r < 0)
                        return r;
                r = sd_bus_message_append(m, "sus", netaddr_format(&address->local, text),
                                          (uint32_t)address->prefix_len,
                                          scope_to_string(address_scope(address)));
                if (r < 0)
                        return r;
                r = append_flags(m, address);
                if (r < 0)
                        return r;
                r = sd_bus_message_close_container(m);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static int append_mtu(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 'u', &link->facts.mtu);
}

static int append_hardware_address(sd_bus_message *m, const void *subject,
                                   const struct world *world) {
        const struct link *link = subject;
        char text[HARDWARE_ADDRESS_TEXT_SIZE];

        return sd_bus_message_append_basic(m, 's',
                                           hardware_address_format(link->facts.hardware_address,
                                                                   link->facts.hardware_address_len,
                                                                   text));
}

static int append_metered(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', metered_to_string(link->metered));
}

static int append_metered_source(sd_bus_message *m, const void *subject,
                                 const struct world *world) {
        const struct link *link = subject;
        const char *word = "";

        switch (link->metered_source) {
        case METERED_SOURCE_NONE:
                break;
        case METERED_SOURCE_CONFIG:
                word = "config";
                break;
        case METERED_SOURCE_TYPE:
                word = "type";
                break;
        case METERED_SOURCE_NETWORK_MANAGER:
                word = "networkmanager";
                break;
        }
        return sd_bus_message_append_basic(m, 's', word);
}

static int append_network_id(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', link->network_id);
}

static int append_operator(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', link->hint.operator_name);
}

static int append_technology(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', link->hint.technology);
}

static int append_signal_quality(sd_bus_message *m, const void *subject,
                                 const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 'u', &link->hint.signal_quality);
}

static int append_registration(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 's', registration_to_string(link->hint.registration));
}

static int append_roaming(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "b", (int)link_is_roaming(subject));
}

static int append_signal(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 'i', &link->wifi.signal_dbm);
}

static int append_frequency(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 'u', &link->wifi.frequency);
}

static int append_bit_rate(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;

        return sd_bus_message_append_basic(m, 'u', &link->wifi.bit_rate_kbs);
}

static int append_captive_portal(sd_bus_message *m, const void *subject,
                                 const struct world *world) {
        const struct link *link = subject;
        const char *portal = link->advert.portal;

        return sd_bus_message_append_basic(m, 's', portal ? portal : "");
}

static int append_nat64_prefix(sd_bus_message *m, const void *subject, const struct world *world) {
        const struct link *link = subject;
        char text[ADVERT_PREFIX_TEXT_SIZE];

        return sd_bus_message_append_basic(m, 's', advert_format_prefix(&link->advert, text));
}

static struct link_stats ask_stats(const struct link *link, const struct world *world) {
        struct link_stats stats = {};

        (void)world->kernel.stats(world->kernel.userdata, link->facts.index, &stats);
        return stats;
}

static int append_rx_bytes(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "t", ask_stats(subject, world).rx_bytes);
}

static int append_tx_bytes(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "t", ask_stats(subject, world).tx_bytes);
}

static const struct property properties[] = {
        {"Name", "s", append_name, LINK_CHANGE_NAME},
        {"AlternativeNames", "as", append_altnames, LINK_CHANGE_ALTNAMES},
        {"Index", "i", append_index, 0},
        {"Type", "s", append_type, LINK_CHANGE_TYPE},
        {"Kind", "s", append_kind, 0},
        {"Driver", "s", append_driver, 0},
        {"Bus", "s", append_bus, 0},
        {"Up", "b", append_up, LINK_CHANGE_UP},
        {"Carrier", "b", append_carrier, LINK_CHANGE_CARRIER},
        {"OperState", "s", append_operstate, LINK_CHANGE_OPERSTATE},
        {"Usable", "b", append_usable, LINK_CHANGE_USABLE},
        {"Since", "t", append_since, LINK_CHANGE_USABLE},
        {"CarrierChanges", "u", append_carrier_changes, LINK_CHANGE_CARRIER_CHANGES},
        {"Addresses", "a(susas)", append_addresses, LINK_CHANGE_ADDRESSES},
        {"Mtu", "u", append_mtu, LINK_CHANGE_MTU},
        {"HardwareAddress", "s", append_hardware_address, LINK_CHANGE_HARDWARE_ADDRESS},
        {"Metered", "s", append_metered, LINK_CHANGE_METERED},
        {"MeteredSource", "s", append_metered_source, LINK_CHANGE_METERED},
        {"NetworkId", "s", append_network_id, LINK_CHANGE_NETWORK_ID},
        {"Signal", "i", append_signal, LINK_CHANGE_SIGNAL},
        {"Frequency", "u", append_frequency, LINK_CHANGE_FREQUENCY},
        {"BitRate", "u", append_bit_rate, 0},
        {"CaptivePortal", "s", append_captive_portal, LINK_CHANGE_ADVERT},
        {"Nat64Prefix", "s", append_nat64_prefix, LINK_CHANGE_ADVERT},
        {"Operator", "s", append_operator, LINK_CHANGE_BEARER},
        {"AccessTechnology", "s", append_technology, LINK_CHANGE_BEARER},
        {"SignalQuality", "u", append_signal_quality, LINK_CHANGE_SIGNAL_QUALITY},
        {"Registration", "s", append_registration, LINK_CHANGE_BEARER},
        {"Roaming", "b", append_roaming, LINK_CHANGE_ROAMING},
        {"RxBytes", "t", append_rx_bytes, 0},
        {"TxBytes", "t", append_tx_bytes, 0},
};

const struct property_table interface_properties = {
        .interface = NETMON_LINK_INTERFACE,
        .properties = properties,
        .n = sizeof(properties) / sizeof(properties[0]),
};
