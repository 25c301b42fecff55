/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the kernel's own tunnels lead: the part of a link message that each kind has for itself. */

#include <stdint.h>

#include "netaddr.h"

struct nlattr;

struct tunnel_end {
        struct netaddr remote; /* none: not one end, or not told */
        uint32_t mark;         /* of the packets that carry it */
};

/* Reads IFLA_INFO_DATA of a link of `kind`; other kinds, WireGuard among them, do not tell. 0 and
 * *ret filled, or -EBADMSG and *ret untouched. */
int tunnel_msg_parse(const char *kind, const struct nlattr *data, struct tunnel_end *ret);
