/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A kernel out of a capture: while it runs, this process's netlink sockets are its, and its time is
 * that of recorded_clock.h. The calls of the C library that reach for sockets are replaced in the
 * whole program, and go to the real kernel as long as none of these runs.
 *
 * A socket is one end of a pair of UNIX sockets, so that polling, filters and truncation are the
 * real kernel's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture;
struct capture_event;

/* Begins at the first moment; borrows the capture, and marks answers that were asked for. */
void recorded_kernel_start(struct capture *capture);
void recorded_kernel_stop(void);

/* From now on it answers as at that moment. */
void recorded_kernel_set_moment(size_t moment);

enum recorded_delivery {
        RECORDED_WHOLE,
        RECORDED_LOST,      /* the queue was full */
        RECORDED_TRUNCATED, /* it did not fit the reader's buffer */
};

/* Announces something to whoever listens for it. */
void recorded_kernel_announce(const struct capture_event *event, enum recorded_delivery delivery);

/* The next dump is told to be interrupted by a change. */
void recorded_kernel_interrupt(void);

/* How often it was asked something to which the capture has no answer; the first is told on
 * standard error. */
unsigned recorded_kernel_unanswered(void);
