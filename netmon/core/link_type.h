/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What kind of thing a link is: from the kernel, sysfs and in the end its configuration. */

#include <stdbool.h>
#include <stdint.h>

struct link_facts;

/* In the order in which alternatives are preferred. */
enum link_type {
        LINK_TYPE_ETHERNET,
        LINK_TYPE_WIFI,
        LINK_TYPE_TETHER, /* a phone on USB */
        LINK_TYPE_BLUETOOTH,
        LINK_TYPE_CELLULAR,
        LINK_TYPE_VPN, /* any tunnel */
        LINK_TYPE_VIRTUAL,
        LINK_TYPE_UNKNOWN,
        LINK_TYPE_LOOPBACK,
};
#define LINK_TYPE_COUNT 9

enum metered {
        METERED_UNKNOWN,
        METERED_YES,
        METERED_NO,
};
#define METERED_COUNT 3

/* What sysfs says of the device behind a link; empty strings when there is none, or when the sysfs
 * we see is not that of our network namespace. */
struct link_device {
        char devtype[16]; /* "wlan", "wwan", "bluetooth", ... */
        char driver[32];
        char bus[16];
        bool wireless;
        bool physical; /* there is a device */
};

enum link_type link_type_guess(const struct link_facts *facts, const struct link_device *device);
/* Tethers and modems cost money more often than not, a cable does not; of the rest nothing is
 * known. */
enum metered link_type_metered(enum link_type type);

const char *link_type_to_string(enum link_type type);
const char *metered_to_string(enum metered metered);
/* -EINVAL for another word. */
int link_type_from_string(const char *word, enum link_type *ret);
int metered_from_string(const char *word, enum metered *ret);
