/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The WiFi side of a link: which access point it is with, how well, and whether it is about to be
 * lost. */

#include <stdbool.h>
#include <stdint.h>

#include "wifi_msg.h"

struct link;

/* A signal is told when it differs by so much from what was told last. */
#define WIFI_SIGNAL_STEP_DBM 3

/* At so weak a signal even the slowest rate begins to fail; it is better again from there on. */
#define WIFI_DEEP_DBM (-82)
#define WIFI_DEEP_END_DBM (-78)

/* Beacons that are heard again are not announced. An access point that is gone has been given up
 * by then. */
#define WIFI_LOSING_USEC 10000000

/* Why a path that works may not do so for long. */
enum losing {
        LOSING_NOT,
        LOSING_BEACONS, /* the access point is not heard any more */
        LOSING_PACKETS, /* or does not hear us */
        LOSING_GATEWAY, /* the gateway does not answer for its address */
        LOSING_SIGNAL,  /* it hardly reaches the access point */
};
#define LOSING_COUNT 5

/* "" for LOSING_NOT. */
const char *losing_to_string(enum losing losing);

struct wifi {
        bool is_asked; /* nl80211 has been asked about this link, and nothing has happened since */
        bool is_wifi;  /* nl80211 knows it */
        bool is_managed; /* a client with an access point: associated */
        bool has_bssid;
        uint8_t bssid[WIFI_BSSID_LEN]; /* also after a disconnect: the last one */
        int32_t signal_dbm;            /* 0: not known, as all of these */
        uint32_t frequency;
        uint32_t bit_rate_kbs;
        unsigned n_roams;   /* from one access point of a network to another */
        enum losing losing; /* as announced */
        uint64_t losing_until_usec;
        bool is_deep; /* the signal is, until another one is told */
};

/* What speaks against the link: what was announced, else its signal. */
enum losing wifi_losing(const struct wifi *wifi);

/* What to do on an event. */
enum wifi_verdict {
        WIFI_NOTHING = 0,
        WIFI_CHANGED = 1 << 0,  /* bits of link->changed are set */
        WIFI_ASK_LINK = 1 << 1, /* for its carrier, which the kernel may hold back; at once */
        WIFI_ASK_FACTS = 1 << 2,
};

/* Takes an event. Returns enum wifi_verdict bits. */
unsigned wifi_take_event(struct link *link, const struct wifi_msg *msg, uint64_t now_usec);
/* Takes what an interface and its station answered; `station` has no bssid when there is none.
 * Returns true when anything differs. */
bool wifi_take_facts(struct link *link, const struct wifi_msg *interface,
                     const struct wifi_msg *station);
/* Ends a warning whose time is over. Returns true when it did. */
bool wifi_expire(struct link *link, uint64_t now_usec);
