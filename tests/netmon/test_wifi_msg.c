/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wifi_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/nl80211.h>
#include <stdio.h>
#include <string.h>

#include "nlattr.h"
#include "rtnl_message.h"

static struct rtnl_message message;

static struct nlmsghdr *begin(uint8_t command) {
        struct genlmsghdr header = {.cmd = command};

        return rtnl_message_begin(&message, 32, &header, sizeof(header));
}

static struct nlmsghdr *begin_wlan0(uint8_t command) {
        struct nlmsghdr *nlh = begin(command);

        mnl_attr_put_u32(nlh, NL80211_ATTR_IFINDEX, 2);
        return nlh;
}

/* A line of what a message says. */
static void describe(const struct wifi_msg *msg, char *text, size_t size) {
        static const char *const events[] = {
                [WIFI_EVENT_FACTS] = "facts",           [WIFI_EVENT_GONE] = "gone",
                [WIFI_EVENT_CONNECTED] = "connected",   [WIFI_EVENT_ROAMED] = "roamed",
                [WIFI_EVENT_AUTHORIZED] = "authorized", [WIFI_EVENT_DISCONNECTED] = "disconnected",
                [WIFI_EVENT_BEACONS_LOST] = "beacons",  [WIFI_EVENT_PACKETS_LOST] = "packets",
                [WIFI_EVENT_SIGNAL] = "signal",         [WIFI_EVENT_ACCESS_POINT] = "access point",
                [WIFI_EVENT_OTHER] = "other",
        };
        char bssid[8] = "-";

        if (msg->has_bssid)
                (void)snprintf(bssid, sizeof(bssid), "%02x:%02x", msg->bssid[4], msg->bssid[5]);
        (void)snprintf(text, size, "%s %u bssid %s ssid '%.*s' %d dBm %u MHz %u kbit/s",
                       events[msg->event], msg->ifindex, bssid, msg->ssid_len, msg->ssid,
                       msg->signal_dbm, msg->frequency, msg->bit_rate_kbs);
}

/* The messages of a line of the capture; returns its length. */
static size_t read_line(const char *hex, uint8_t *ret, size_t size) {
        size_t n = 0;

        for (unsigned byte; n < size && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
                ret[n] = (uint8_t)byte;
        return n;
}

/* What the capture says, without what is nothing to us. */
Test(wifi_msg, capture) {
        static const char *const expected[] = {
                "facts 2 bssid - ssid '' 0 dBm 0 MHz 0 kbit/s",
                "facts 2 bssid 01:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "connected 2 bssid 01:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "signal 2 bssid - ssid '' -30 dBm 0 MHz 0 kbit/s",
                "facts 2 bssid - ssid '' 0 dBm 2412 MHz 0 kbit/s",
                "facts 2 bssid 01:00 ssid '' -30 dBm 0 MHz 54000 kbit/s",
                "access point 2 bssid - ssid 'Quay' 0 dBm 0 MHz 0 kbit/s",
                "disconnected 2 bssid - ssid '' 0 dBm 0 MHz 0 kbit/s",
                "facts 2 bssid 02:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "connected 2 bssid 02:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "signal 2 bssid - ssid '' -30 dBm 0 MHz 0 kbit/s",
                "facts 2 bssid - ssid '' 0 dBm 2412 MHz 0 kbit/s",
                "facts 2 bssid 02:00 ssid '' -30 dBm 0 MHz 6000 kbit/s",
                "access point 2 bssid - ssid 'Quay' 0 dBm 0 MHz 0 kbit/s",
                "disconnected 2 bssid - ssid '' 0 dBm 0 MHz 0 kbit/s",
                "facts 2 bssid 01:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "connected 2 bssid 01:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "signal 2 bssid - ssid '' -30 dBm 0 MHz 0 kbit/s",
                "beacons 2 bssid - ssid '' 0 dBm 0 MHz 0 kbit/s",
                "disconnected 2 bssid - ssid '' 0 dBm 0 MHz 0 kbit/s",
                "facts 2 bssid 02:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "connected 2 bssid 02:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "signal 2 bssid - ssid '' -30 dBm 0 MHz 0 kbit/s",
                "disconnected 2 bssid - ssid '' 0 dBm 0 MHz 0 kbit/s",
                "facts 2 bssid 01:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
                "facts 2 bssid 02:00 ssid '' 0 dBm 0 MHz 0 kbit/s",
        };
        FILE *file = fopen(CAPTURES_DIR "/nl80211", "re");
        static char line[16384];
        size_t n = 0;

        cr_assert(ne(ptr, file, NULL));
        while (fgets(line, sizeof(line), file)) {
                _Alignas(struct nlmsghdr) static uint8_t bytes[8192];
                size_t len = read_line(strrchr(line, ' ') + 1, bytes, sizeof(bytes));
                const void *data = bytes;
                const struct nlmsghdr *nlh;

                while ((nlh = nlmsg_take(&data, &len))) {
                        struct wifi_msg msg;
                        char text[256];

                        if (nlh->nlmsg_type < NLMSG_MIN_TYPE || wifi_msg_parse(nlh, &msg) < 0 ||
                            msg.event == WIFI_EVENT_OTHER)
                                continue;
                        describe(&msg, text, sizeof(text));
                        cr_assert(lt(sz, n, sizeof(expected) / sizeof(expected[0])));
                        cr_assert(eq(str, text, (char *)expected[n]));
                        n++;
                }
        }
        (void)fclose(file);
        cr_assert(eq(sz, n, sizeof(expected) / sizeof(expected[0])));
}

/* The name among the elements of an access point; those that end too early have none. */
Test(wifi_msg, access_point_of_a_scan) {
        static const struct {
                uint32_t status;
                const char *elements;
                size_t len;
                enum wifi_event event;
                const char *ssid;
        } rows[] = {
                {NL80211_BSS_STATUS_ASSOCIATED, "\x01\x01x\x00\x04Quay", 9, WIFI_EVENT_ACCESS_POINT,
                 "Quay"},
                {NL80211_BSS_STATUS_ASSOCIATED, "\x00\x05Quay", 6, WIFI_EVENT_ACCESS_POINT, ""},
                {NL80211_BSS_STATUS_ASSOCIATED, "\x00", 1, WIFI_EVENT_ACCESS_POINT, ""},
                {NL80211_BSS_STATUS_AUTHENTICATED, "\x00\x04Quay", 6, WIFI_EVENT_OTHER, ""},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct nlmsghdr *nlh = begin_wlan0(NL80211_CMD_NEW_SCAN_RESULTS);
                struct nlattr *nest = mnl_attr_nest_start(nlh, NL80211_ATTR_BSS);
                struct wifi_msg msg;

                mnl_attr_put(nlh, NL80211_BSS_INFORMATION_ELEMENTS, rows[i].len, rows[i].elements);
                mnl_attr_put_u32(nlh, NL80211_BSS_STATUS, rows[i].status);
                mnl_attr_nest_end(nlh, nest);
                cr_assert(eq(int, wifi_msg_parse(nlh, &msg), 0));
                cr_assert(eq(int, msg.event, rows[i].event));
                cr_assert(eq(sz, msg.ssid_len, strlen(rows[i].ssid)));
                cr_assert(eq(int, memcmp(msg.ssid, rows[i].ssid, msg.ssid_len), 0));
        }
}

Test(wifi_msg, events) {
        static const struct {
                uint8_t command;
                enum wifi_event event;
        } rows[] = {
                {NL80211_CMD_NEW_INTERFACE, WIFI_EVENT_FACTS},
                {NL80211_CMD_DEL_INTERFACE, WIFI_EVENT_GONE},
                {NL80211_CMD_CONNECT, WIFI_EVENT_CONNECTED},
                {NL80211_CMD_ROAM, WIFI_EVENT_ROAMED},
                {NL80211_CMD_PORT_AUTHORIZED, WIFI_EVENT_AUTHORIZED},
                {NL80211_CMD_DISCONNECT, WIFI_EVENT_DISCONNECTED},
                {NL80211_CMD_SCAN_ABORTED, WIFI_EVENT_OTHER},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct wifi_msg msg;

                cr_assert(eq(int, wifi_msg_parse(begin_wlan0(rows[i].command), &msg), 0));
                cr_assert(eq(int, msg.event, rows[i].event));
                cr_assert(eq(u32, msg.ifindex, 2));
        }
}

Test(wifi_msg, refused_association_is_none) {
        struct nlmsghdr *nlh = begin_wlan0(NL80211_CMD_CONNECT);
        struct wifi_msg msg;

        mnl_attr_put_u16(nlh, NL80211_ATTR_STATUS_CODE, 17);
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), 0));
        cr_assert(eq(int, msg.event, WIFI_EVENT_OTHER));
}

Test(wifi_msg, quality) {
        struct nlmsghdr *nlh = begin_wlan0(NL80211_CMD_NOTIFY_CQM);
        struct nlattr *nest = mnl_attr_nest_start(nlh, NL80211_ATTR_CQM);
        struct wifi_msg msg;

        mnl_attr_put_u32(nlh, NL80211_ATTR_CQM_RSSI_LEVEL, (uint32_t)-71);
        mnl_attr_nest_end(nlh, nest);
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), 0));
        cr_assert(eq(int, msg.event, WIFI_EVENT_SIGNAL));
        cr_assert(eq(i32, msg.signal_dbm, -71));

        nlh = begin_wlan0(NL80211_CMD_NOTIFY_CQM);
        nest = mnl_attr_nest_start(nlh, NL80211_ATTR_CQM);
        mnl_attr_put_u32(nlh, NL80211_ATTR_CQM_PKT_LOSS_EVENT, 50);
        mnl_attr_nest_end(nlh, nest);
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), 0));
        cr_assert(eq(int, msg.event, WIFI_EVENT_PACKETS_LOST));

        nlh = begin_wlan0(NL80211_CMD_NOTIFY_CQM);
        nest = mnl_attr_nest_start(nlh, NL80211_ATTR_CQM);
        mnl_attr_put(nlh, NL80211_ATTR_CQM_BEACON_LOSS_EVENT, 0, NULL);
        mnl_attr_nest_end(nlh, nest);
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), 0));
        cr_assert(eq(int, msg.event, WIFI_EVENT_BEACONS_LOST));
}

Test(wifi_msg, rate_above_what_fits_the_old_attribute) {
        struct nlmsghdr *nlh = begin_wlan0(NL80211_CMD_NEW_STATION);
        struct nlattr *info = mnl_attr_nest_start(nlh, NL80211_ATTR_STA_INFO);
        struct nlattr *rate = mnl_attr_nest_start(nlh, NL80211_STA_INFO_TX_BITRATE);
        struct wifi_msg msg;

        mnl_attr_put_u16(nlh, NL80211_RATE_INFO_BITRATE, 0);
        mnl_attr_put_u32(nlh, NL80211_RATE_INFO_BITRATE32, 115294);
        mnl_attr_nest_end(nlh, rate);
        mnl_attr_nest_end(nlh, info);
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.bit_rate_kbs, 11529400));
}

/* The name that we give others is not that of a network we are on. */
Test(wifi_msg, access_point_of_our_own) {
        static const uint32_t kinds[] = {NL80211_IFTYPE_AP, NL80211_IFTYPE_STATION};

        for (size_t i = 0; i < 2; i++) {
                struct nlmsghdr *nlh = begin_wlan0(NL80211_CMD_NEW_INTERFACE);
                struct wifi_msg msg;

                mnl_attr_put_u32(nlh, NL80211_ATTR_IFTYPE, kinds[i]);
                mnl_attr_put(nlh, NL80211_ATTR_SSID, 4, "Quay");
                cr_assert(eq(int, wifi_msg_parse(nlh, &msg), 0));
                cr_assert(eq(u8, msg.ssid_len, i == 0 ? 0 : 4));
        }
}

Test(wifi_msg, malformed_is_refused_whole) {
        struct wifi_msg msg = {.ifindex = 99};
        struct nlmsghdr *nlh;
        uint8_t ssid[33] = {1};

        cr_assert(eq(int, wifi_msg_parse(begin(NL80211_CMD_CONNECT), &msg), -ENOMSG));
        nlh = begin_wlan0(NL80211_CMD_CONNECT);
        mnl_attr_put(nlh, NL80211_ATTR_MAC, 5, ssid);
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), -EBADMSG));
        nlh = begin_wlan0(NL80211_CMD_NEW_INTERFACE);
        mnl_attr_put_u32(nlh, NL80211_ATTR_IFTYPE, NL80211_IFTYPE_STATION);
        mnl_attr_put(nlh, NL80211_ATTR_SSID, 33, ssid);
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), -EBADMSG));
        nlh = begin_wlan0(NL80211_CMD_CONNECT);
        mnl_attr_put_u8(nlh, NL80211_ATTR_STATUS_CODE, 0);
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), -EBADMSG));
        nlh = begin_wlan0(NL80211_CMD_CONNECT);
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN + 3;
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), -EBADMSG));
        cr_assert(eq(u32, msg.ifindex, 99));
}

Test(wifi_msg, family_that_comes_and_goes) {
        static const struct {
                uint8_t command;
                const char *name;
                enum family_news news;
        } rows[] = {
                {CTRL_CMD_NEWFAMILY, "nl80211", FAMILY_CAME},
                {CTRL_CMD_DELFAMILY, "nl80211", FAMILY_WENT},
                {CTRL_CMD_NEWFAMILY, "nl80211x", FAMILY_NO_NEWS},
                {CTRL_CMD_NEWMCAST_GRP, "nl80211", FAMILY_NO_NEWS},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct nlmsghdr *nlh = begin(rows[i].command);

                mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, rows[i].name);
                cr_assert(eq(int, family_msg_parse(nlh, "nl80211"), rows[i].news));
        }
        cr_assert(eq(int, family_msg_parse(begin(CTRL_CMD_NEWFAMILY), "nl80211"), FAMILY_NO_NEWS));
}

Test(wifi_msg, queries) {
        _Alignas(struct nlmsghdr) uint8_t buf[64] = {};
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
        struct wifi_msg msg;

        cr_assert(eq(sz, wifi_msg_build_station_query(32, 7, 3, buf), nlh->nlmsg_len));
        cr_assert(eq(u16, nlh->nlmsg_type, 32));
        cr_assert(eq(u32, nlh->nlmsg_seq, 3));
        cr_assert(eq(int, nlh->nlmsg_flags &NLM_F_DUMP, NLM_F_DUMP));
        cr_assert(eq(int, wifi_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.ifindex, 7));
        cr_assert(eq(sz, wifi_msg_build_interface_query(32, 7, 4, buf), nlh->nlmsg_len));
        cr_assert(eq(int, nlh->nlmsg_flags &NLM_F_DUMP, 0));
}
