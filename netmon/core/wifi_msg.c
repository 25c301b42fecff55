/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wifi_msg.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/nl80211.h>
#include <string.h>

#include "nlattr.h"

#define ATTR_MAX NL80211_ATTR_CQM
#define ELEMENT_SSID 0
#define KBS_EACH 100 /* rates are told in 100 kbit/s */

static const enum mnl_attr_data_type types[ATTR_MAX + 1] = {
        [NL80211_ATTR_IFINDEX] = MNL_TYPE_U32,     [NL80211_ATTR_IFTYPE] = MNL_TYPE_U32,
        [NL80211_ATTR_MAC] = MNL_TYPE_BINARY,      [NL80211_ATTR_STA_INFO] = MNL_TYPE_NESTED,
        [NL80211_ATTR_WIPHY_FREQ] = MNL_TYPE_U32,  [NL80211_ATTR_SSID] = MNL_TYPE_BINARY,
        [NL80211_ATTR_STATUS_CODE] = MNL_TYPE_U16, [NL80211_ATTR_CQM] = MNL_TYPE_NESTED,
};

static const enum mnl_attr_data_type station_types[NL80211_STA_INFO_TX_BITRATE + 1] = {
        [NL80211_STA_INFO_SIGNAL] = MNL_TYPE_U8,
        [NL80211_STA_INFO_TX_BITRATE] = MNL_TYPE_NESTED,
};

static const enum mnl_attr_data_type rate_types[NL80211_RATE_INFO_BITRATE32 + 1] = {
        [NL80211_RATE_INFO_BITRATE] = MNL_TYPE_U16,
        [NL80211_RATE_INFO_BITRATE32] = MNL_TYPE_U32,
};

static const enum mnl_attr_data_type bss_types[NL80211_BSS_STATUS + 1] = {
        [NL80211_BSS_INFORMATION_ELEMENTS] = MNL_TYPE_BINARY,
        [NL80211_BSS_STATUS] = MNL_TYPE_U32,
};

static const enum mnl_attr_data_type cqm_types[NL80211_ATTR_CQM_RSSI_LEVEL + 1] = {
        [NL80211_ATTR_CQM_PKT_LOSS_EVENT] = MNL_TYPE_U32,
        [NL80211_ATTR_CQM_BEACON_LOSS_EVENT] = MNL_TYPE_FLAG,
        [NL80211_ATTR_CQM_RSSI_LEVEL] = MNL_TYPE_U32,
};

static int parse_station(const struct nlattr *info, struct wifi_msg *msg) {
        const struct nlattr *tb[NL80211_STA_INFO_TX_BITRATE + 1];
        const struct nlattr *rate[NL80211_RATE_INFO_BITRATE32 + 1];
        int r;

        r = nlattr_parse_nested(info, station_types, NL80211_STA_INFO_TX_BITRATE + 1, tb);
        if (r < 0)
                return r;
        msg->signal_dbm = (int8_t)nlattr_u8(tb[NL80211_STA_INFO_SIGNAL], 0);
        r = nlattr_parse_nested(tb[NL80211_STA_INFO_TX_BITRATE], rate_types,
                                NL80211_RATE_INFO_BITRATE32 + 1, rate);
        if (r < 0)
                return r;
        if (rate[NL80211_RATE_INFO_BITRATE])
                msg->bit_rate_kbs = KBS_EACH * mnl_attr_get_u16(rate[NL80211_RATE_INFO_BITRATE]);
        if (rate[NL80211_RATE_INFO_BITRATE32])
                msg->bit_rate_kbs = KBS_EACH * mnl_attr_get_u32(rate[NL80211_RATE_INFO_BITRATE32]);
        return 0;
}

static int parse_quality(const struct nlattr *cqm, struct wifi_msg *msg) {
        const struct nlattr *tb[NL80211_ATTR_CQM_RSSI_LEVEL + 1];
        int r;

        r = nlattr_parse_nested(cqm, cqm_types, NL80211_ATTR_CQM_RSSI_LEVEL + 1, tb);
        if (r < 0)
                return r;
        if (tb[NL80211_ATTR_CQM_BEACON_LOSS_EVENT]) {
                msg->event = WIFI_EVENT_BEACONS_LOST;
        } else if (tb[NL80211_ATTR_CQM_PKT_LOSS_EVENT]) {
                msg->event = WIFI_EVENT_PACKETS_LOST;
        } else if (tb[NL80211_ATTR_CQM_RSSI_LEVEL]) {
                msg->event = WIFI_EVENT_SIGNAL;
                msg->signal_dbm = (int32_t)mnl_attr_get_u32(tb[NL80211_ATTR_CQM_RSSI_LEVEL]);
        }
        return 0;
}

/* An access point of our own has a name and stations, too. */
static bool is_client(const struct nlattr *type) {
        uint32_t number = nlattr_u32(type, NL80211_IFTYPE_UNSPECIFIED);

        return number == NL80211_IFTYPE_STATION || number == NL80211_IFTYPE_P2P_CLIENT;
}

static int set_ssid(const void *ssid, size_t len, struct wifi_msg *msg) {
        if (len > WIFI_SSID_MAX)
                return -EBADMSG;
        msg->ssid_len = (uint8_t)len;
        memcpy(msg->ssid, ssid, len);
        return 0;
}

/* The name is one of the elements that the access point sends (IEEE 802.11, 9.4.2): a number, a
 * length, the content. */
static int parse_elements(const struct nlattr *elements, struct wifi_msg *msg) {
        const uint8_t *at = mnl_attr_get_payload(elements);
        size_t left = mnl_attr_get_payload_len(elements);

        while (left >= 2 && (size_t)at[1] + 2 <= left) {
                size_t size = (size_t)at[1] + 2;

                if (at[0] == ELEMENT_SSID)
                        return set_ssid(at + 2, at[1], msg);
                at += size;
                left -= size;
        }
        return 0;
}

/* Of what a scan found only the access point that we are with is of interest. */
static int parse_bss(const struct nlattr *bss, struct wifi_msg *msg) {
        const struct nlattr *tb[NL80211_BSS_STATUS + 1];
        int r;

        r = nlattr_parse_nested(bss, bss_types, NL80211_BSS_STATUS + 1, tb);
        if (r < 0)
                return r;
        if (!tb[NL80211_BSS_STATUS] ||
            mnl_attr_get_u32(tb[NL80211_BSS_STATUS]) != NL80211_BSS_STATUS_ASSOCIATED)
                return 0;
        msg->event = WIFI_EVENT_ACCESS_POINT;
        if (!tb[NL80211_BSS_INFORMATION_ELEMENTS])
                return 0;
        return parse_elements(tb[NL80211_BSS_INFORMATION_ELEMENTS], msg);
}

static int parse_bssid(const struct nlattr *mac, struct wifi_msg *msg) {
        if (mnl_attr_get_payload_len(mac) != WIFI_BSSID_LEN)
                return -EBADMSG;
        memcpy(msg->bssid, mnl_attr_get_payload(mac), WIFI_BSSID_LEN);
        msg->has_bssid = true;
        return 0;
}

static enum wifi_event event_of(uint8_t command, const struct nlattr *status) {
        switch (command) {
        case NL80211_CMD_NEW_INTERFACE:
        case NL80211_CMD_NEW_STATION:
        case NL80211_CMD_CH_SWITCH_NOTIFY:
                return WIFI_EVENT_FACTS;
        case NL80211_CMD_DEL_INTERFACE:
                return WIFI_EVENT_GONE;
        case NL80211_CMD_CONNECT:
                return status && mnl_attr_get_u16(status) != 0 ? WIFI_EVENT_OTHER
                                                               : WIFI_EVENT_CONNECTED;
        case NL80211_CMD_ROAM:
                return WIFI_EVENT_ROAMED;
        case NL80211_CMD_PORT_AUTHORIZED:
                return WIFI_EVENT_AUTHORIZED;
        case NL80211_CMD_DISCONNECT:
                return WIFI_EVENT_DISCONNECTED;
        default:
                return WIFI_EVENT_OTHER;
        }
}

int wifi_msg_parse(const struct nlmsghdr *nlh, struct wifi_msg *ret) {
        const struct genlmsghdr *header = nlmsg_header(nlh, sizeof(*header));
        const struct nlattr *tb[ATTR_MAX + 1];
        struct wifi_msg msg = {};
        int r;

        if (!header)
                return -EBADMSG;
        r = nlattr_parse_message(nlh, sizeof(*header), types, ATTR_MAX + 1, tb);
        if (r < 0)
                return r;
        if (!tb[NL80211_ATTR_IFINDEX])
                return -ENOMSG;
        msg.ifindex = nlattr_u32(tb[NL80211_ATTR_IFINDEX], 0);
        msg.event = event_of(header->cmd, tb[NL80211_ATTR_STATUS_CODE]);
        msg.frequency = nlattr_u32(tb[NL80211_ATTR_WIPHY_FREQ], 0);
        if (header->cmd == NL80211_CMD_NOTIFY_CQM)
                r = parse_quality(tb[NL80211_ATTR_CQM], &msg);
        else if (header->cmd == NL80211_CMD_NEW_SCAN_RESULTS)
                r = parse_bss(tb[NL80211_ATTR_BSS], &msg);
        else if (tb[NL80211_ATTR_STA_INFO])
                r = parse_station(tb[NL80211_ATTR_STA_INFO], &msg);
        /* In a description of an interface the address is its own. */
        if (r == 0 && tb[NL80211_ATTR_MAC] && header->cmd != NL80211_CMD_NEW_INTERFACE)
                r = parse_bssid(tb[NL80211_ATTR_MAC], &msg);
        msg.is_client = is_client(tb[NL80211_ATTR_IFTYPE]);
        if (r == 0 && tb[NL80211_ATTR_SSID] && msg.is_client)
                r = set_ssid(mnl_attr_get_payload(tb[NL80211_ATTR_SSID]),
                             mnl_attr_get_payload_len(tb[NL80211_ATTR_SSID]), &msg);
        if (r < 0)
                return r;
        *ret = msg;
        return 0;
}

enum family_news family_msg_parse(const struct nlmsghdr *nlh, const char *name) {
        static const enum mnl_attr_data_type family_types[CTRL_ATTR_FAMILY_NAME + 1] = {
                [CTRL_ATTR_FAMILY_NAME] = MNL_TYPE_NUL_STRING,
        };
        const struct genlmsghdr *header = nlmsg_header(nlh, sizeof(*header));
        const struct nlattr *tb[CTRL_ATTR_FAMILY_NAME + 1];

        if (!header || nlattr_parse_message(nlh, sizeof(*header), family_types,
                                            CTRL_ATTR_FAMILY_NAME + 1, tb) < 0)
                return FAMILY_NO_NEWS;
        if (!tb[CTRL_ATTR_FAMILY_NAME] ||
            strcmp(mnl_attr_get_str(tb[CTRL_ATTR_FAMILY_NAME]), name) != 0)
                return FAMILY_NO_NEWS;
        if (header->cmd == CTRL_CMD_NEWFAMILY)
                return FAMILY_CAME;
        return header->cmd == CTRL_CMD_DELFAMILY ? FAMILY_WENT : FAMILY_NO_NEWS;
}

static size_t build_query(uint16_t family, uint8_t command, uint16_t flags, uint32_t ifindex,
                          uint32_t seq, void *buf) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        struct genlmsghdr *header;

        nlh->nlmsg_type = family;
        nlh->nlmsg_flags = NLM_F_REQUEST | flags;
        nlh->nlmsg_seq = seq;
        header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
        header->cmd = command;
        mnl_attr_put_u32(nlh, NL80211_ATTR_IFINDEX, ifindex);
        return nlh->nlmsg_len;
}

size_t wifi_msg_build_interface_query(uint16_t family, uint32_t ifindex, uint32_t seq, void *buf) {
        return build_query(family, NL80211_CMD_GET_INTERFACE, 0, ifindex, seq, buf);
}

size_t wifi_msg_build_scan_query(uint16_t family, uint32_t ifindex, uint32_t seq, void *buf) {
        return build_query(family, NL80211_CMD_GET_SCAN, NLM_F_DUMP, ifindex, seq, buf);
}

size_t wifi_msg_build_station_query(uint16_t family, uint32_t ifindex, uint32_t seq, void *buf) {
        return build_query(family, NL80211_CMD_GET_STATION, NLM_F_DUMP, ifindex, seq, buf);
}
