/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "radio_switches.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "rfkill_msg.h"

#define NOW_USEC 5000000

static struct radio_switches switches;

static bool take(uint32_t index, enum link_type type, bool is_blocked) {
        const struct rfkill_msg msg = {.index = index, .type = type, .is_blocked = is_blocked};

        return radio_switches_take(&switches, &msg, NOW_USEC);
}

static bool drop(uint32_t index) {
        const struct rfkill_msg msg = {.index = index, .is_gone = true};

        return radio_switches_take(&switches, &msg, NOW_USEC);
}

static void setup(void) {
        switches = (struct radio_switches){};
}

TestSuite(radio_switches, .init = setup);

Test(radio_switches, every_radio_there_is_must_be_blocked) {
        cr_assert(not(radio_switches_all_blocked(&switches)));
        cr_assert(take(0, LINK_TYPE_WIFI, true));
        cr_assert(radio_switches_all_blocked(&switches));
        cr_assert(take(3, LINK_TYPE_UNKNOWN, false)); /* a radio without links counts too */
        cr_assert(not(radio_switches_all_blocked(&switches)));
        cr_assert(take(3, LINK_TYPE_UNKNOWN, true));
        cr_assert(radio_switches_all_blocked(&switches));
        cr_assert(not(take(3, LINK_TYPE_UNKNOWN, true)));
        cr_assert(take(1, LINK_TYPE_BLUETOOTH, false));
        cr_assert(not(radio_switches_all_blocked(&switches)));
        cr_assert(drop(1));
        cr_assert(radio_switches_all_blocked(&switches));
        cr_assert(not(drop(1)));
        cr_assert(drop(0) && drop(3));
        cr_assert(not(radio_switches_all_blocked(&switches)));
}

Test(radio_switches, recent_for_a_while) {
        (void)take(0, LINK_TYPE_WIFI, false);
        (void)take(1, LINK_TYPE_CELLULAR, true);
        (void)take(2, LINK_TYPE_UNKNOWN, true);
        /* That there is one is no switching. */
        cr_assert(eq(u32, radio_switches_recent(&switches, NOW_USEC), 0));
        (void)take(0, LINK_TYPE_WIFI, true);
        (void)take(2, LINK_TYPE_UNKNOWN, false);
        cr_assert(eq(u32, radio_switches_recent(&switches, NOW_USEC), 1 << LINK_TYPE_WIFI));
        (void)take(1, LINK_TYPE_CELLULAR, false);
        cr_assert(eq(u32, radio_switches_recent(&switches, NOW_USEC + RADIO_SWITCHED_USEC - 1),
                     1 << LINK_TYPE_WIFI | 1 << LINK_TYPE_CELLULAR));
        cr_assert(eq(u32, radio_switches_recent(&switches, NOW_USEC + RADIO_SWITCHED_USEC), 0));
}

Test(radio_switches, read_anew) {
        struct radio_switches fresh = {
                .list = {{0, LINK_TYPE_WIFI, true}, {2, LINK_TYPE_BLUETOOTH, true}},
                .n = 2,
        };

        (void)take(0, LINK_TYPE_WIFI, false);
        (void)take(1, LINK_TYPE_CELLULAR, false);
        cr_assert(radio_switches_replace(&switches, &fresh, NOW_USEC));
        cr_assert(radio_switches_all_blocked(&switches));
        cr_assert(eq(u32, radio_switches_recent(&switches, NOW_USEC), 1 << LINK_TYPE_WIFI));
        cr_assert(not(radio_switches_replace(&switches, &fresh, NOW_USEC)));
        fresh.list[1].index = 5; /* another one of the kind */
        cr_assert(radio_switches_replace(&switches, &fresh, NOW_USEC));
        fresh.n = 0;
        cr_assert(radio_switches_replace(&switches, &fresh, NOW_USEC));
        cr_assert(not(radio_switches_all_blocked(&switches)));
}

Test(radio_switches, no_more_than_there_is_room_for) {
        for (uint32_t i = 0; i < RADIO_SWITCHES_MAX; i++)
                cr_assert(take(i, LINK_TYPE_WIFI, true));
        cr_assert(not(take(RADIO_SWITCHES_MAX, LINK_TYPE_WIFI, true)));
        cr_assert(eq(sz, switches.n, RADIO_SWITCHES_MAX));
        cr_assert(drop(7) && take(RADIO_SWITCHES_MAX, LINK_TYPE_WIFI, true));
}

/* The datagrams in a file of tests/captures, one after the other; 0 at its end. */
static size_t next_datagram(FILE *file, char *ret, size_t size) {
        char line[4096], *at;
        unsigned byte;
        size_t len = 0;

        if (!fgets(line, sizeof(line), file))
                return 0;
        at = strchr(line, ' ');
        cr_assert(at != NULL);
        for (at++; len < size && sscanf(at, "%2x", &byte) == 1; at += 2)
                ret[len++] = (char)byte;
        return len;
}

/* `rfkill block` and `unblock` where two radios are. */
Test(radio_switches, recorded) {
        static const bool all_blocked[] = {true, true, false,
                                           false}; /* the first one comes alone */
        FILE *file = fopen(CAPTURES_DIR "/uevent", "re");
        char datagram[2048];
        size_t len, n = 0;

        cr_assert(file != NULL);
        while ((len = next_datagram(file, datagram, sizeof(datagram))) > 0) {
                struct rfkill_msg msg;

                cr_assert(eq(int, rfkill_msg_parse(datagram, len, &msg), 0));
                cr_assert(radio_switches_take(&switches, &msg, NOW_USEC));
                cr_assert(eq(int, radio_switches_all_blocked(&switches), all_blocked[n++]));
        }
        cr_assert(eq(sz, n, 4));
        cr_assert(eq(sz, switches.n, 2));
        cr_assert(eq(u32, radio_switches_recent(&switches, NOW_USEC), 1 << LINK_TYPE_WIFI));
        (void)fclose(file);
}
