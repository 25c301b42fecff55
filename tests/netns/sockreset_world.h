/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A laptop with wherry-netmon and wherry-sockreset, programs that wait for answers of a server, and
 * that server in a namespace of its own. */

#include <stdint.h>
#include <sys/types.h>

#include "netmon_world.h"

struct sockreset_world {
        struct netmon_world netmon;
        int laptop;      /* namespaces */
        int server_side; /* with 10.9.0.1, 10.9.1.1, 2001:db8:9::1 on isp0 */
        pid_t sockreset;
        int log_fd; /* what it says */
        char log[1024 * 1024];
        size_t log_len;
        size_t log_at; /* what has been waited for is before it */
};

/* The laptop has wan0 with 10.9.0.2, 10.9.1.2, 2001:db8:9::2 and fe80::9. No sockreset yet. */
void sockreset_world_start(struct sockreset_world *world);
void sockreset_world_stop(struct sockreset_world *world);

/* Starts it with that configuration (NULL: none); the second waits until it knows the addresses. */
void sockreset_launch(struct sockreset_world *world, const char *config, const char *argument);
void sockreset_start(struct sockreset_world *world, const char *config, const char *argument);

/* Waits until it says that; it goes on from behind it the next time. */
void sockreset_wait_log(struct sockreset_world *world, const char *text);
/* How often it has said that so far. */
size_t sockreset_count_log(struct sockreset_world *world, const char *text);

/* A program with one connection, which waits in read(). */
struct waiter {
        pid_t pid;
        int report_fd;
        int server_fd; /* the other end of a TCP connection; of UDP: the server's socket */
};

/* `family` is the socket's; addresses are numeric, an IPv4 one may be mapped. */
void waiter_start(struct sockreset_world *world, struct waiter *waiter, int family, int type,
                  const char *source, const char *destination);
void waiter_stop(struct waiter *waiter);

/* What its read() came to: 0 for data or an errno, and when (CLOCK_BOOTTIME). Dies when it still
 * waits after `timeout_usec`. */
int waiter_end(struct waiter *waiter, uint64_t timeout_usec, uint64_t *ret_usec);
/* Dies unless it still waits, and gets what the server sends. */
void waiter_expect_alive(struct waiter *waiter);
