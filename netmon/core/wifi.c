/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wifi.h"

#include <stdlib.h>
#include <string.h>

#include "model.h"

static const char *const losing_words[LOSING_COUNT] = {
        [LOSING_NOT] = "",
        [LOSING_BEACONS] = "beacons",
        [LOSING_PACKETS] = "packets",
        [LOSING_GATEWAY] = "gateway",
        [LOSING_SIGNAL] = "signal",
};

const char *losing_to_string(enum losing losing) {
        return losing_words[losing];
}

enum losing wifi_losing(const struct wifi *wifi) {
        if (wifi->losing != LOSING_NOT)
                return wifi->losing;
        return wifi->is_deep ? LOSING_SIGNAL : LOSING_NOT;
}

static unsigned changed(struct link *link, unsigned bits) {
        link->changed |= bits;
        link->recent |= bits;
        return bits != 0 ? WIFI_CHANGED : WIFI_NOTHING;
}

static unsigned set_losing(struct link *link, enum losing losing, uint64_t until_usec) {
        bool same = link->wifi.losing == losing;

        link->wifi.losing = losing;
        link->wifi.losing_until_usec = until_usec;
        return same ? 0 : LINK_CHANGE_LOSING;
}

static unsigned set_deep(struct wifi *wifi, int32_t signal_dbm) {
        bool was_deep = wifi->is_deep;

        wifi->is_deep = signal_dbm != 0 &&
                        (was_deep ? signal_dbm < WIFI_DEEP_END_DBM : signal_dbm <= WIFI_DEEP_DBM);
        return wifi->is_deep == was_deep ? 0 : LINK_CHANGE_LOSING;
}

static unsigned set_signal(struct link *link, int32_t signal_dbm) {
        struct wifi *wifi = &link->wifi;
        unsigned bits = set_deep(wifi, signal_dbm);

        if (wifi->signal_dbm == signal_dbm ||
            (wifi->signal_dbm != 0 && signal_dbm != 0 &&
             abs(wifi->signal_dbm - signal_dbm) < WIFI_SIGNAL_STEP_DBM))
                return bits;
        wifi->signal_dbm = signal_dbm;
        return bits | LINK_CHANGE_SIGNAL;
}

static unsigned set_frequency(struct link *link, uint32_t frequency) {
        if (link->wifi.frequency == frequency)
                return 0;
        link->wifi.frequency = frequency;
        return LINK_CHANGE_FREQUENCY;
}

/* Is with no access point. Which one it was last is kept: the next may be of the same network. */
static unsigned leave(struct link *link) {
        link->wifi.is_managed = false;
        link->wifi.bit_rate_kbs = 0;
        return set_losing(link, LOSING_NOT, 0) | set_signal(link, 0) | set_frequency(link, 0);
}

/* Another network: what was known of the place is not true of it. */
static bool set_ssid(struct link *link, const struct wifi_msg *msg) {
        struct network_place *place = &link->place;

        if (msg->ssid_len == 0)
                return false;
        if (place->ssid_len == msg->ssid_len && memcmp(place->ssid, msg->ssid, msg->ssid_len) == 0)
                return false;
        *place = (struct network_place){.ssid_len = msg->ssid_len};
        memcpy(place->ssid, msg->ssid, msg->ssid_len);
        return true;
}

bool wifi_take_facts(struct link *link, const struct wifi_msg *interface,
                     const struct wifi_msg *station) {
        struct wifi *wifi = &link->wifi;
        bool was_known = wifi->has_bssid, is_other;
        unsigned bits;

        if (!interface->is_client || !station->has_bssid)
                return changed(link, leave(link)) != WIFI_NOTHING;
        is_other = set_ssid(link, interface);
        bits = set_signal(link, station->signal_dbm);
        if (interface->frequency != 0)
                bits |= set_frequency(link, interface->frequency);
        if (was_known && !is_other && memcmp(wifi->bssid, station->bssid, WIFI_BSSID_LEN) != 0) {
                wifi->n_roams++;
                bits |= LINK_CHANGE_ROAM | set_losing(link, LOSING_NOT, 0);
        }
        memcpy(wifi->bssid, station->bssid, WIFI_BSSID_LEN);
        wifi->has_bssid = true;
        wifi->is_managed = true;
        wifi->bit_rate_kbs = station->bit_rate_kbs;
        return changed(link, bits) != WIFI_NOTHING;
}

unsigned wifi_take_event(struct link *link, const struct wifi_msg *msg, uint64_t now_usec) {
        uint64_t until_usec = now_usec + WIFI_LOSING_USEC;

        switch (msg->event) {
        case WIFI_EVENT_FACTS:
                if (msg->frequency != 0 && link->wifi.is_managed)
                        return changed(link, set_frequency(link, msg->frequency));
                return WIFI_NOTHING;
        case WIFI_EVENT_GONE:
                return changed(link, leave(link));
        case WIFI_EVENT_CONNECTED:
        case WIFI_EVENT_ROAMED:
                return changed(link, set_losing(link, LOSING_NOT, 0)) | WIFI_ASK_LINK |
                       WIFI_ASK_FACTS;
        case WIFI_EVENT_AUTHORIZED:
                return WIFI_ASK_LINK;
        case WIFI_EVENT_DISCONNECTED:
                return changed(link, leave(link)) | WIFI_ASK_LINK;
        case WIFI_EVENT_BEACONS_LOST:
                return changed(link, set_losing(link, LOSING_BEACONS, until_usec)) | WIFI_ASK_LINK;
        case WIFI_EVENT_PACKETS_LOST:
                return changed(link, set_losing(link, LOSING_PACKETS, until_usec)) | WIFI_ASK_LINK;
        case WIFI_EVENT_SIGNAL:
                return link->wifi.is_managed ? changed(link, set_signal(link, msg->signal_dbm))
                                             : WIFI_NOTHING;
        case WIFI_EVENT_ACCESS_POINT:
        case WIFI_EVENT_OTHER:
                return WIFI_NOTHING;
        }
        return WIFI_NOTHING;
}

bool wifi_expire(struct link *link, uint64_t now_usec) {
        if (link->wifi.losing == LOSING_NOT || link->wifi.losing_until_usec > now_usec)
                return false;
        return changed(link, set_losing(link, LOSING_NOT, 0)) != WIFI_NOTHING;
}
