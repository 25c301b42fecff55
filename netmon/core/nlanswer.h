/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's answer to one request, out of datagrams that may hold other messages, too. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nlanswer {
        uint32_t seq;        /* of the request */
        bool is_interrupted; /* there were changes during a dump: it may lack something */
};

enum nlanswer_part {
        NLANSWER_NOTHING, /* the datagram has been read */
        NLANSWER_MESSAGE,
        NLANSWER_END, /* of the answer, also when the datagram goes on */
};

/* The next part in a datagram, which is taken off the front of *data. A message is in *ret_message.
 * At the end *ret_result is 0 or why it failed, -EINTR when it was interrupted. */
enum nlanswer_part nlanswer_take(struct nlanswer *answer, const void **data, size_t *left,
                                 const struct nlmsghdr **ret_message, int *ret_result);
