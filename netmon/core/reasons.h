/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why an answer changed. */

struct answer;
struct model;

/* In the order in which they are published. */
enum reason {
        REASON_START = 1 << 0,
        REASON_CARRIER = 1 << 1,
        REASON_ADMIN = 1 << 2, /* an interface was switched on or off, came, went or was renamed */
        REASON_ADDRESS = 1 << 3,
        REASON_ROUTE = 1 << 4,
        REASON_RULE = 1 << 5,
        REASON_GATEWAY = 1 << 6, /* the same interface, another gateway */
        REASON_ROAM = 1 << 7,    /* another network of the modem, or access point of the WiFi */
        REASON_BEARER = 1 << 8,  /* a modem's connection, operator or technology */
        REASON_VPN = 1 << 9,     /* into a tunnel, out of it, or what carries it changed */
        REASON_METERED = 1 << 10,
        REASON_LOSING = 1 << 11, /* a path is about to be lost, or no more */
        REASON_NETWORK_ID = 1 << 12,
        REASON_RESUME = 1 << 13, /* the machine has slept, this is the difference */
        REASON_RESYNC = 1 << 14, /* kernel messages were lost, this is the difference */
        REASON_RFKILL = 1 << 15, /* a radio was blocked or released */
};
#define REASON_COUNT 16

const char *reason_to_string(enum reason reason);

/* `triggers` holds REASON_START, ROUTE, RULE, RESUME and RESYNC as the burst brought them; what
 * happened to links stands in their `recent` bits. Never 0. */
unsigned reasons_of(const struct answer *was, const struct answer *now, const struct model *model,
                    unsigned triggers);

/* The same for what follows from the links alone. */
unsigned reasons_of_links(const struct model *model, unsigned triggers);
