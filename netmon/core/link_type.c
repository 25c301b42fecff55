/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link_type.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <stddef.h>
#include <string.h>

#include "link_msg.h"

struct word {
        const char *word;
        enum link_type type;
};

/* Kinds of software links that are more than a virtual link. */
static const struct word kinds[] = {
        {"dsa", LINK_TYPE_ETHERNET}, /* a port of a switch, with a cable in it */
        {"amneziawg", LINK_TYPE_VPN}, {"ovpn-dco", LINK_TYPE_VPN},  {"wireguard", LINK_TYPE_VPN},
        {"ovpn", LINK_TYPE_VPN},      {"ipip", LINK_TYPE_VPN},      {"sit", LINK_TYPE_VPN},
        {"gre", LINK_TYPE_VPN},       {"gretap", LINK_TYPE_VPN},    {"ip6tnl", LINK_TYPE_VPN},
        {"ip6gre", LINK_TYPE_VPN},    {"ip6gretap", LINK_TYPE_VPN}, {"erspan", LINK_TYPE_VPN},
        {"ip6erspan", LINK_TYPE_VPN}, {"vti", LINK_TYPE_VPN},       {"vti6", LINK_TYPE_VPN},
        {"xfrm", LINK_TYPE_VPN},      {"wwan", LINK_TYPE_CELLULAR}, {"rmnet", LINK_TYPE_CELLULAR},
        {"ppp", LINK_TYPE_UNKNOWN},
};

/* DEVTYPE in the device's uevent. */
static const struct word devtypes[] = {
        {"wlan", LINK_TYPE_WIFI},
        {"wwan", LINK_TYPE_CELLULAR},
        {"bluetooth", LINK_TYPE_BLUETOOTH},
};

static const struct word drivers[] = {
        {"rndis_host", LINK_TYPE_TETHER},
        {"ipheth", LINK_TYPE_TETHER},
        {"qmi_wwan", LINK_TYPE_CELLULAR},
        {"cdc_mbim", LINK_TYPE_CELLULAR},
        {"huawei_cdc_ncm", LINK_TYPE_CELLULAR},
        {"sierra_net", LINK_TYPE_CELLULAR},
        {"hso", LINK_TYPE_CELLULAR},
        {"bam-dmux", LINK_TYPE_CELLULAR},
        {"mhi_net", LINK_TYPE_CELLULAR},
        {"ipa", LINK_TYPE_CELLULAR},
        {"bnep", LINK_TYPE_BLUETOOTH},
};

/* How device names begin that udev and the kernel give out: the last resort, for a device that our
 * sysfs does not show. */
static const struct word prefixes[] = {
        {"wlan", LINK_TYPE_WIFI},      {"wlp", LINK_TYPE_WIFI},       {"wlx", LINK_TYPE_WIFI},
        {"wlo", LINK_TYPE_WIFI},       {"wls", LINK_TYPE_WIFI},       {"wwan", LINK_TYPE_CELLULAR},
        {"wwp", LINK_TYPE_CELLULAR},   {"wwx", LINK_TYPE_CELLULAR},   {"wwo", LINK_TYPE_CELLULAR},
        {"rmnet", LINK_TYPE_CELLULAR}, {"bnep", LINK_TYPE_BLUETOOTH},
};

/* Drivers that phones share with docks and network adapters. */
static const char *const usb_network_drivers[] = {"cdc_ether", "cdc_ncm", "cdc_eem", "cdc_subset"};

static bool find(const struct word *words, size_t n, const char *word, enum link_type *ret) {
        for (size_t i = 0; i < n; i++) {
                if (strcmp(words[i].word, word) != 0)
                        continue;
                *ret = words[i].type;
                return true;
        }
        return false;
}

static bool find_prefix(const char *name, enum link_type *ret) {
        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
                if (strncmp(prefixes[i].word, name, strlen(prefixes[i].word)) != 0)
                        continue;
                *ret = prefixes[i].type;
                return true;
        }
        return false;
}

/* Adapters have an address given by their maker, a phone makes one up: the kernel names links
 * "usb0" or "eth0" by the same bit. */
static bool is_phone(const struct link_facts *facts, const struct link_device *device) {
        for (size_t i = 0; i < sizeof(usb_network_drivers) / sizeof(usb_network_drivers[0]); i++)
                if (strcmp(device->driver, usb_network_drivers[i]) == 0)
                        return facts->hardware_address_len > 0 &&
                               (facts->hardware_address[0] & 0x02) != 0;
        return false;
}

enum link_type link_type_guess(const struct link_facts *facts, const struct link_device *device) {
        enum link_type type;

        if (facts->flags & IFF_LOOPBACK)
                return LINK_TYPE_LOOPBACK;
        if (strcmp(facts->kind, "tun") == 0)
                return facts->tun_type == IFF_TAP ? LINK_TYPE_VIRTUAL : LINK_TYPE_VPN;
        if (find(kinds, sizeof(kinds) / sizeof(kinds[0]), facts->kind, &type))
                return type;
        if (facts->kind[0] != '\0')
                return LINK_TYPE_VIRTUAL;
        if (find(devtypes, sizeof(devtypes) / sizeof(devtypes[0]), device->devtype, &type))
                return type;
        if (device->wireless)
                return LINK_TYPE_WIFI;
        if (find(drivers, sizeof(drivers) / sizeof(drivers[0]), device->driver, &type))
                return type;
        if (is_phone(facts, device))
                return LINK_TYPE_TETHER;
        if (!device->physical && find_prefix(facts->name, &type))
                return type;
        switch (facts->arphrd) {
        case ARPHRD_IEEE80211:
        case ARPHRD_IEEE80211_PRISM:
        case ARPHRD_IEEE80211_RADIOTAP:
                return LINK_TYPE_WIFI;
        case ARPHRD_ETHER:
                return device->physical || facts->parent_bus[0] != '\0' ? LINK_TYPE_ETHERNET
                                                                        : LINK_TYPE_VIRTUAL;
        case ARPHRD_RAWIP:
                return LINK_TYPE_CELLULAR;
        case ARPHRD_TUNNEL:
        case ARPHRD_TUNNEL6:
        case ARPHRD_SIT:
        case ARPHRD_IPGRE:
        case ARPHRD_IP6GRE:
                return LINK_TYPE_VPN;
        default:
                return LINK_TYPE_UNKNOWN;
        }
}

enum metered link_type_metered(enum link_type type) {
        switch (type) {
        case LINK_TYPE_ETHERNET:
                return METERED_NO;
        case LINK_TYPE_TETHER:
        case LINK_TYPE_BLUETOOTH:
        case LINK_TYPE_CELLULAR:
                return METERED_YES;
        case LINK_TYPE_WIFI:
        case LINK_TYPE_VPN:
        case LINK_TYPE_VIRTUAL:
        case LINK_TYPE_UNKNOWN:
        case LINK_TYPE_LOOPBACK:
                return METERED_UNKNOWN;
        }
        return METERED_UNKNOWN;
}

static const char *const type_words[LINK_TYPE_COUNT] = {
        [LINK_TYPE_ETHERNET] = "ethernet", [LINK_TYPE_WIFI] = "wifi",
        [LINK_TYPE_TETHER] = "tether",     [LINK_TYPE_BLUETOOTH] = "bluetooth",
        [LINK_TYPE_CELLULAR] = "cellular", [LINK_TYPE_VPN] = "vpn",
        [LINK_TYPE_VIRTUAL] = "virtual",   [LINK_TYPE_UNKNOWN] = "unknown",
        [LINK_TYPE_LOOPBACK] = "loopback",
};

static const char *const metered_words[METERED_COUNT] = {
        [METERED_UNKNOWN] = "unknown",
        [METERED_YES] = "yes",
        [METERED_NO] = "no",
};

const char *link_type_to_string(enum link_type type) {
        return type_words[type];
}

const char *metered_to_string(enum metered metered) {
        return metered_words[metered];
}

int link_type_from_string(const char *word, enum link_type *ret) {
        for (unsigned i = 0; i < LINK_TYPE_COUNT; i++) {
                if (strcmp(type_words[i], word) != 0)
                        continue;
                *ret = (enum link_type)i;
                return 0;
        }
        return -EINVAL;
}

int metered_from_string(const char *word, enum metered *ret) {
        for (unsigned i = 0; i < METERED_COUNT; i++) {
                if (strcmp(metered_words[i], word) != 0)
                        continue;
                *ret = (enum metered)i;
                return 0;
        }
        return -EINVAL;
}
