/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What GetPath and WatchPath ask: how would a packet to this destination leave the machine? */

#include <linux/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "netaddr.h"

enum question_kind {
        QUESTION_ADDRESS,
        QUESTION_DEFAULT, /* IPv4 if that is usable, else IPv6 */
        QUESTION_DEFAULT4,
        QUESTION_DEFAULT6,
};

struct question {
        enum question_kind kind;
        struct netaddr address;   /* QUESTION_ADDRESS only */
        char interface[IFNAMSIZ]; /* through this one only; "": any */
        uint32_t uid;             /* whose packet */
        uint32_t mark;
        uint16_t port;    /* of the destination; 0: not given */
        uint8_t protocol; /* IPPROTO_*; 0: not given */
};

/* A numeric address, "fe80::1%eth0", "default", "default4" or "default6". Sets kind, address and,
 * after a "%", interface; leaves the rest. Returns 0, or -EINVAL with a sentence in *ret_problem
 * for anything else: names, multicast and unspecified addresses, link-local ones without
 * interface. */
int question_parse(const char *destination, struct question *question, const char **ret_problem);

#define QUESTION_TEXT_SIZE (NETADDR_TEXT_SIZE + 1 + IFNAMSIZ)

/* The destination as text, into `text` of QUESTION_TEXT_SIZE; returns it. */
const char *question_format(const struct question *question, char *text);

bool question_equal(const struct question *a, const struct question *b);

/* Could be the name of an interface. */
bool question_is_interface_name(const char *name);
