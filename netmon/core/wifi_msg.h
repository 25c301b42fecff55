/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What nl80211 says of a WiFi interface, out of bytes; and the questions to it. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIFI_BSSID_LEN 6
#define WIFI_SSID_MAX 32

enum wifi_event {
        WIFI_EVENT_FACTS, /* an interface or a station is described */
        WIFI_EVENT_GONE,  /* the interface is deleted, or leaves the namespace */
        WIFI_EVENT_CONNECTED,
        WIFI_EVENT_ROAMED,
        WIFI_EVENT_AUTHORIZED, /* the handshake is done, frames may pass */
        WIFI_EVENT_DISCONNECTED,
        WIFI_EVENT_BEACONS_LOST,
        WIFI_EVENT_PACKETS_LOST,
        WIFI_EVENT_SIGNAL,       /* it crossed a threshold that somebody set */
        WIFI_EVENT_ACCESS_POINT, /* found by a scan: the one that the interface is with */
        WIFI_EVENT_OTHER,
};

struct wifi_msg {
        enum wifi_event event;
        uint32_t ifindex;
        bool is_client; /* the description is of an interface that is with an access point or none
                         */
        bool has_bssid;
        uint8_t bssid[WIFI_BSSID_LEN];
        uint8_t ssid_len; /* 0: not told */
        uint8_t ssid[WIFI_SSID_MAX];
        int32_t signal_dbm;    /* 0: not told */
        uint32_t frequency;    /* MHz; 0: not told */
        uint32_t bit_rate_kbs; /* of what is sent; 0: not told */
};

/* 0 and *ret filled; -ENOMSG when it speaks of no interface; -EBADMSG. *ret is untouched then. */
int wifi_msg_parse(const struct nlmsghdr *nlh, struct wifi_msg *ret);

/* Whether a message of the controller says that a family of that name came or went. */
enum family_news {
        FAMILY_NO_NEWS,
        FAMILY_CAME,
        FAMILY_WENT,
};
enum family_news family_msg_parse(const struct nlmsghdr *nlh, const char *name);

/* Ask for one interface; for a dump of its stations, of a client the access point; and for a dump
 * of what its last scan found. `buf` has at least 64 bytes. They return the length. */
size_t wifi_msg_build_interface_query(uint16_t family, uint32_t ifindex, uint32_t seq, void *buf);
size_t wifi_msg_build_station_query(uint16_t family, uint32_t ifindex, uint32_t seq, void *buf);
size_t wifi_msg_build_scan_query(uint16_t family, uint32_t ifindex, uint32_t seq, void *buf);
