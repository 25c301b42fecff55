/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* WebSocket frames of a client (RFC 6455 sections 5 to 7) on any byte stream: wslay codes the
 * single frame, here messages are put together and taken apart, pings answered and rules kept. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct frames;

/* Gives bytes of the stream: > 0, 0 at its end, -EAGAIN for none now, or another errno. */
typedef ssize_t (*frames_read)(void *buffer, size_t size, void *userdata);

int frames_new(uint64_t max_message_bytes, frames_read read, void *userdata, struct frames **ret);
void frames_free(struct frames *frames);

enum frames_event {
        FRAMES_NOTHING, /* read() has nothing now */
        FRAMES_MESSAGE,
        FRAMES_PONG,
        /* The last ones; frames_next() must not be called again. */
        FRAMES_GOODBYE, /* the server's close frame; the answer to it is queued */
        FRAMES_BROKEN,  /* against the protocol; a close frame that says so is queued */
        FRAMES_END,     /* of the stream, or an error of it */
};

struct frames_item {
        const void *data; /* of a message or pong, borrowed until the next call */
        size_t len;
        bool text;
        unsigned code;       /* of the server's close frame (1005: it had none), or of ours */
        const char *problem; /* what was broken */
        int error;           /* at the end: 0, or what read() returned */
};

/* Reads until something has come that the caller must know. */
enum frames_event frames_next(struct frames *frames, struct frames_item *ret);

/* Queues a message; the bytes are copied. -EMSGSIZE over max_message_bytes, -EILSEQ for text that
 * is not UTF-8, -EPIPE behind a close frame, -ENOMEM. */
int frames_send(struct frames *frames, const void *data, size_t len, bool text);
/* Queues a ping of up to 125 bytes behind what is queued already. */
int frames_ping(struct frames *frames, const void *data, size_t len);
/* Queues a close frame behind what is queued already; nothing can follow it, and frames_next() must
 * not be called again. */
int frames_close(struct frames *frames, unsigned code);

/* Fills the buffer with what is to be written next. Returns how much, 0 if nothing. */
size_t frames_write(struct frames *frames, void *buffer, size_t size);

bool frames_wants_write(const struct frames *frames);

/* Payload bytes of messages and pings that frames_write() has not given yet. */
size_t frames_queued_bytes(const struct frames *frames);
