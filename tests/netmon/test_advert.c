/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "advert.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "moment.h"
#include "nd_msg.h"

static struct advert advert;

static void teardown(void) {
        (void)advert_clear(&advert);
}

TestSuite(advert, .fini = teardown);

static int portal(const char *uri, const char *router, uint64_t now_usec) {
        struct nd_msg msg = {.option = ND_CAPTIVE_PORTAL};

        (void)snprintf(msg.portal, sizeof(msg.portal), "%s", uri);
        (void)netaddr_from_text(router, &msg.router);
        return advert_apply(&advert, &msg, now_usec);
}

static int prefix(const char *address, uint32_t lifetime_sec, const char *router,
                  uint64_t now_usec) {
        struct nd_msg msg = {
                .option = ND_PREF64, .prefix_len = 96, .prefix_lifetime_sec = lifetime_sec};

        (void)netaddr_from_text(address, &msg.prefix);
        (void)netaddr_from_text(router, &msg.router);
        return advert_apply(&advert, &msg, now_usec);
}

Test(advert, renewal_is_no_change) {
        char text[ADVERT_PREFIX_TEXT_SIZE];

        cr_assert(eq(str, (char *)advert_format_prefix(&advert, text), ""));
        cr_assert(eq(int, portal("https://a.example/", "fe80::1", 1), 1));
        cr_assert(eq(int, portal("https://a.example/", "fe80::1", 2), 0));
        cr_assert(eq(int, portal("https://b.example/", "fe80::1", 3), 1));
        cr_assert(eq(str, advert.portal, "https://b.example/"));
        cr_assert(eq(int, prefix("64:ff9b::", 600, "fe80::1", 1), 1));
        cr_assert(eq(int, prefix("64:ff9b::", 600, "fe80::1", 2), 0));
        cr_assert(eq(str, (char *)advert_format_prefix(&advert, text), "64:ff9b::/96"));
        cr_assert(eq(u64, advert_deadline(&advert), 2 + 600 * USEC_PER_SEC));
}

Test(advert, routers_that_differ_do_not_take_turns) {
        cr_assert(eq(int, portal("https://a.example/", "fe80::1", 1), 1));
        cr_assert(eq(int, portal("https://b.example/", "fe80::2", 2), 0));
        cr_assert(eq(str, advert.portal, "https://a.example/"));
        cr_assert(eq(int, portal("https://b.example/", "fe80::2", 1 + ADVERT_LIFETIME_USEC), 1));
        cr_assert(eq(int, prefix("64:ff9b::", 600, "fe80::1", 1), 1));
        cr_assert(eq(int, prefix("2001:db8::", 600, "fe80::2", 2), 0));
        cr_assert(eq(int, prefix("64:ff9b::", 0, "fe80::2", 2), 0));
}

Test(advert, what_expires) {
        cr_assert(eq(u64, advert_deadline(&advert), USEC_NEVER));
        cr_assert(not(advert_expire(&advert, USEC_NEVER)));
        cr_assert(eq(int, portal("https://a.example/", "fe80::1", 10), 1));
        cr_assert(eq(int, prefix("64:ff9b::", 8, "fe80::1", 10), 1));
        cr_assert(eq(u64, advert_deadline(&advert), 10 + 8 * USEC_PER_SEC));
        cr_assert(not(advert_expire(&advert, 9 + 8 * USEC_PER_SEC)));
        cr_assert(advert_expire(&advert, 10 + 8 * USEC_PER_SEC));
        cr_assert(eq(int, advert.prefix.family, 0));
        cr_assert(eq(u64, advert_deadline(&advert), 10 + ADVERT_LIFETIME_USEC));
        cr_assert(advert_expire(&advert, 10 + ADVERT_LIFETIME_USEC));
        cr_assert(advert.portal == NULL);
        cr_assert(eq(u64, advert_deadline(&advert), USEC_NEVER));
}

Test(advert, what_is_taken_back) {
        cr_assert(eq(int, portal("", "fe80::1", 1), 0));
        cr_assert(eq(int, portal("https://a.example/", "fe80::1", 1), 1));
        cr_assert(eq(int, portal("", "fe80::1", 2), 1));
        cr_assert(advert.portal == NULL);
        cr_assert(eq(int, prefix("64:ff9b::", 0, "fe80::1", 1), 0));
        cr_assert(eq(int, prefix("64:ff9b::", 600, "fe80::1", 1), 1));
        cr_assert(eq(int, prefix("64:ff9b::", 0, "fe80::1", 2), 1));
        cr_assert(not(advert_clear(&advert)));
        cr_assert(eq(int, prefix("64:ff9b::", 600, "fe80::1", 1), 1));
        cr_assert(advert_clear(&advert));
}
