/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the kernel does with a packet now, and whether that would work: found out independently of
 * netmon's code, to compare with. */

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct oracle_path {
        int error; /* negative errno: the kernel has no way */
        uint32_t ifindex;
        char interface[IF_NAMESIZE]; /* "" when the link is gone */
        char source[INET6_ADDRSTRLEN];
        char gateway[INET6_ADDRSTRLEN];
        bool usable;
        bool has_hops; /* several next hops: another could have answered */
};

struct oracle;

struct oracle *oracle_new(void);
void oracle_free(struct oracle *oracle);

/* Reads all links and addresses. */
void oracle_read(struct oracle *oracle);
/* How a packet of user 0 to `destination` leaves; `oif` 0: any interface. Judges by what was last
 * read. */
void oracle_ask(struct oracle *oracle, const char *destination, uint32_t oif,
                struct oracle_path *ret);
