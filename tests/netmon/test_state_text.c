/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state_text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "summary.h"

static struct summary summary;

static void setup(void) {
        summary_init(&summary);
}

TestSuite(state_text, .init = setup);

static char *format(void) {
        static char text[STATE_TEXT_SIZE];

        cr_assert(eq(sz, state_text_format(&summary, text), strlen(text)));
        return text;
}

Test(state_text, of_nothing) {
        cr_assert(eq(str, format(),
                     "STATE=offline\nMETERED=unknown\n"
                     "INTERFACE4=\nTYPE4=\nSOURCE4=\nGATEWAY4=\nUSABLE4=no\nWHY4=no-route\n"
                     "INTERFACE6=\nTYPE6=\nSOURCE6=\nGATEWAY6=\nUSABLE6=no\nWHY6=no-route\n"));
}

Test(state_text, of_paths) {
        struct path *four = &summary.primary4.selected, *six = &summary.primary6.selected;

        summary.state = NETWORK_ROUTED;
        summary.metered = METERED_YES;
        four->ifindex = six->ifindex = 2;
        (void)snprintf(four->interface, sizeof(four->interface), "wlan0");
        (void)snprintf(six->interface, sizeof(six->interface), "eth0.5");
        four->type = LINK_TYPE_WIFI;
        six->type = LINK_TYPE_VIRTUAL;
        (void)netaddr_from_text("192.0.2.2", &four->source);
        (void)netaddr_from_text("192.0.2.1", &four->gateway);
        (void)netaddr_from_text("2001:db8::2", &six->source);
        four->why = PATH_USABLE;
        six->why = PATH_CARRIER;
        cr_assert(eq(str, format(),
                     "STATE=routed\nMETERED=yes\n"
                     "INTERFACE4=wlan0\nTYPE4=wifi\nSOURCE4=192.0.2.2\nGATEWAY4=192.0.2.1\n"
                     "USABLE4=yes\nWHY4=\n"
                     "INTERFACE6=eth0.5\nTYPE6=virtual\nSOURCE6=2001:db8::2\nGATEWAY6=\n"
                     "USABLE6=no\nWHY6=carrier\n"));
}

/* The kernel takes nearly every name. */
Test(state_text, names_are_harmless_to_a_shell) {
        static const struct {
                const char *name;
                const char *line;
        } rows[] = {
                {"$(reboot)", "INTERFACE4='$(reboot)'\n"},
                {"a;b", "INTERFACE4='a;b'\n"},
                {"a'b", "INTERFACE4='a'\\''b'\n"},
                {"'''''''''''''''", "INTERFACE4=''\\'''\\'''\\''"},
                {"a\"b\\", "INTERFACE4='a\"b\\'\n"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                (void)snprintf(summary.primary4.selected.interface, IFNAMSIZ, "%s", rows[i].name);
                cr_assert(strstr(format(), rows[i].line) != NULL, "%s", rows[i].name);
        }
}
