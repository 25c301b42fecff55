/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rfkill_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define PATH "/devices/pci0000:00/0000:00:14.3/ieee80211/phy0/rfkill1"
#define WLAN "SUBSYSTEM=rfkill\0RFKILL_NAME=phy0\0RFKILL_TYPE=wlan\0"
#define NAMED "DEVPATH=" PATH "\0"

/* Texts that hold zeros; the one at the end is their own. */
#define TEXT(text) text, sizeof(text) - 1

struct row {
        const char *data;
        size_t len;
        struct rfkill_msg msg;
};

static void expect(const struct row *row, size_t number) {
        struct rfkill_msg msg;

        cr_assert(eq(int, rfkill_msg_parse(row->data, row->len, &msg), 0), "row %zu", number);
        cr_assert(eq(u32, msg.index, row->msg.index), "row %zu", number);
        cr_assert(eq(int, msg.is_gone, row->msg.is_gone), "row %zu", number);
        if (msg.is_gone)
                return;
        cr_assert(eq(int, msg.type, row->msg.type), "row %zu", number);
        cr_assert(eq(int, msg.is_blocked, row->msg.is_blocked), "row %zu", number);
}

Test(rfkill_msg, states_and_types) {
        static const struct row rows[] = {
                {TEXT("change@" PATH "\0ACTION=change\0" NAMED WLAN "RFKILL_STATE=0\0SEQNUM=1\0"),
                 {1, LINK_TYPE_WIFI, true, false}},
                {TEXT("change@" PATH "\0ACTION=change\0" NAMED WLAN "RFKILL_STATE=1\0SEQNUM=1\0"),
                 {1, LINK_TYPE_WIFI, false, false}},
                {TEXT("change@" PATH "\0ACTION=change\0" NAMED WLAN "RFKILL_STATE=2\0SEQNUM=1\0"),
                 {1, LINK_TYPE_WIFI, true, false}},
                /* Recorded, of Linux 6.1. */
                {TEXT("change@/devices/virtual/mac80211_hwsim/hwsim0/ieee80211/phy0/rfkill0\0"
                      "ACTION=change\0"
                      "DEVPATH=/devices/virtual/mac80211_hwsim/hwsim0/ieee80211/phy0/rfkill0\0"
                      "SUBSYSTEM=rfkill\0RFKILL_NAME=phy0\0RFKILL_TYPE=wlan\0RFKILL_STATE=0\0"
                      "RFKILL_HW_BLOCK_REASON=0x0\0SEQNUM=1365\0"),
                 {0, LINK_TYPE_WIFI, true, false}},
                {TEXT("add@" PATH "\0ACTION=add\0" NAMED WLAN "RFKILL_STATE=2\0SEQNUM=1\0"),
                 {1, LINK_TYPE_WIFI, true, false}},
                {TEXT("remove@" PATH "\0ACTION=remove\0" NAMED WLAN "RFKILL_STATE=1\0SEQNUM=1\0"),
                 {.index = 1, .is_gone = true}},
                /* Somebody wrote "remove" into its file in sysfs: it is still there. */
                {TEXT("remove@" PATH "\0ACTION=remove\0" NAMED "SUBSYSTEM=rfkill\0SYNTH_UUID=0\0"
                      "RFKILL_NAME=phy0\0RFKILL_TYPE=wlan\0RFKILL_STATE=1\0SEQNUM=1\0"),
                 {1, LINK_TYPE_WIFI, false, false}},
                {TEXT("add@/d/rfkill999999999\0ACTION=add\0DEVPATH=/d/rfkill999999999\0"
                      "SUBSYSTEM=rfkill\0RFKILL_TYPE=wwan\0RFKILL_STATE=1\0"),
                 {999999999, LINK_TYPE_CELLULAR, false, false}},
                {TEXT("add@/d/rfkill0\0ACTION=add\0DEVPATH=/d/rfkill0\0SUBSYSTEM=rfkill\0"
                      "RFKILL_TYPE=bluetooth\0RFKILL_STATE=0\0"),
                 {0, LINK_TYPE_BLUETOOTH, true, false}},
                {TEXT("add@/d/rfkill0\0ACTION=add\0DEVPATH=/d/rfkill0\0SUBSYSTEM=rfkill\0"
                      "RFKILL_TYPE=gps\0RFKILL_STATE=0\0"),
                 {0, LINK_TYPE_UNKNOWN, true, false}},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                expect(&rows[i], i);
}

Test(rfkill_msg, malformed_is_refused_whole) {
        static const struct {
                const char *data;
                size_t len;
                int error;
        } rows[] = {
                {TEXT(""), -ENOENT},
                {TEXT("change@" PATH "\0ACTION=change\0" NAMED "SUBSYSTEM=net\0"), -ENOENT},
                {TEXT("change@" PATH "\0ACTION=change\0" NAMED "SUBSYSTEM=rfkills\0"), -ENOENT},
                {TEXT(NAMED WLAN "RFKILL_STATE=0\0"), -EBADMSG},
                {TEXT("ACTION=change\0" WLAN "RFKILL_STATE=0\0"), -EBADMSG},
                {TEXT("ACTION=change\0DEVPATH=rfkill0\0" WLAN "RFKILL_STATE=0\0"), -EBADMSG},
                {TEXT("ACTION=change\0DEVPATH=/d/phy0\0" WLAN "RFKILL_STATE=0\0"), -EBADMSG},
                {TEXT("ACTION=change\0DEVPATH=/d/rfkill\0" WLAN "RFKILL_STATE=0\0"), -EBADMSG},
                {TEXT("ACTION=change\0DEVPATH=/d/rfkill-1\0" WLAN "RFKILL_STATE=0\0"), -EBADMSG},
                {TEXT("ACTION=change\0DEVPATH=/d/rfkill0x\0" WLAN "RFKILL_STATE=0\0"), -EBADMSG},
                {TEXT("ACTION=change\0DEVPATH=/d/rfkill1000000000\0" WLAN "RFKILL_STATE=0\0"),
                 -EBADMSG},
                {TEXT("ACTION=change\0" NAMED WLAN), -EBADMSG},
                {TEXT("ACTION=change\0" NAMED WLAN "RFKILL_STATE=\0"), -EBADMSG},
                {TEXT("ACTION=change\0" NAMED WLAN "RFKILL_STATE=3\0"), -EBADMSG},
                {TEXT("ACTION=change\0" NAMED WLAN "RFKILL_STATE=10\0"), -EBADMSG},
                {TEXT("ACTION=change\0" NAMED "SUBSYSTEM=rfkill\0RFKILL_STATE=1\0"), -EBADMSG},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct rfkill_msg msg = {.index = 77};

                cr_assert(eq(int, rfkill_msg_parse(rows[i].data, rows[i].len, &msg), rows[i].error),
                          "row %zu", i);
                cr_assert(eq(u32, msg.index, 77), "row %zu", i);
        }
}

Test(rfkill_msg, file) {
        static const char text[] = "RFKILL_NAME=phy0\nRFKILL_TYPE=wlan\nRFKILL_STATE=2\n";
        struct rfkill_msg msg = {};

        cr_assert(eq(int, rfkill_msg_parse_file("rfkill12", text, sizeof(text) - 1, &msg), 0));
        cr_assert(eq(u32, msg.index, 12));
        cr_assert(eq(int, msg.type, LINK_TYPE_WIFI));
        cr_assert(msg.is_blocked && !msg.is_gone);
        /* The end of the last line, and less of it. */
        cr_assert(eq(int, rfkill_msg_parse_file("rfkill12", text, sizeof(text) - 2, &msg), 0));
        cr_assert(
                eq(int, rfkill_msg_parse_file("rfkill12", text, sizeof(text) - 3, &msg), -EBADMSG));
        cr_assert(eq(int, rfkill_msg_parse_file("rfkill", text, sizeof(text) - 1, &msg), -EBADMSG));
        cr_assert(eq(int, rfkill_msg_parse_file("..", text, sizeof(text) - 1, &msg), -EBADMSG));
        cr_assert(eq(int, rfkill_msg_parse_file("rfkill12", "", 0, &msg), -EBADMSG));
}
