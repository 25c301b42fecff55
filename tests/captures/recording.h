/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes a capture of the real kernel, in the namespace that the process is in. */

#include "capture.h"

struct recording;

struct recording *recording_new(void);
void recording_free(struct recording *recording);

const struct capture *recording_capture(const struct recording *recording);

/* Something was done: takes what the kernel announces of it until it is silent, and asks what it
 * would answer. What comes while it is asked is a moment of its own. The first moment is what
 * stands at the begin. */
void recording_take(struct recording *recording, const char *label);
/* Waits for the kernel to announce something by itself. */
void recording_wait(struct recording *recording, const char *label);
/* As recording_take(), after a sleep. */
void recording_sleep(struct recording *recording, const char *label, uint64_t slept_usec);

/* The next moment begins with this announcement of nl80211. */
void recording_hear_wifi(struct recording *recording, const void *data, size_t len);
/* The same of a radio's switch. */
void recording_hear_switch(struct recording *recording, const void *data, size_t len);
/* From the next moment on the messages in `data` are the answer to a request to generic netlink. */
void recording_answer_wifi(struct recording *recording, const void *request, size_t len,
                           const void *data, size_t data_len);
/* Links are told as if they were cards: without the attribute that tells their kind. */
void recording_hide_kinds(struct recording *recording);
