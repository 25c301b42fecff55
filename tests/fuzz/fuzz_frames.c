/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a server sends as frames gives the same events whole and byte by byte, and what we write in
 * answer are frames as RFC 6455 wants them. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

#define MAX_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

struct feed {
        const uint8_t *data;
        size_t left;
        size_t chunk;
};

static ssize_t on_read(void *buffer, size_t size, void *userdata) {
        struct feed *feed = userdata;
        size_t n = feed->chunk < size ? feed->chunk : size;

        if (feed->left == 0)
                return -EAGAIN;
        n = n < feed->left ? n : feed->left;
        (void)memcpy(buffer, feed->data, n);
        feed->data += n;
        feed->left -= n;
        return (ssize_t)n;
}

/* Pongs and at most one close frame, the last. */
static void check_written(struct frames *f, bool ended) {
        uint8_t bytes[512];
        size_t n = frames_write(f, bytes, sizeof(bytes));

        require(!frames_wants_write(f) && frames_queued_bytes(f) == 0);
        for (size_t at = 0; at < n;) {
                size_t len = bytes[at + 1] & 0x7f;

                require(bytes[at] == 0x8a || (bytes[at] == 0x88 && ended));
                require((bytes[at + 1] & 0x80) && len <= 125);
                require(bytes[at] == 0x8a || at + 6 + len == n);
                at += 6 + len;
                require(at <= n);
        }
        require(!ended || n > 0);
}

/* A sum over all events. */
static uint64_t run(const uint8_t *data, size_t size, size_t chunk) {
        struct feed feed = {data, size, chunk};
        uint64_t sum = 14695981039346656037u;
        enum frames_event event;
        struct frames_item item;
        struct frames *f;
        bool ended;

        require(frames_new(MAX_BYTES, on_read, &feed, &f) == 0);
        do {
                event = frames_next(f, &item);
                ended = event == FRAMES_GOODBYE || event == FRAMES_BROKEN;
                sum = (sum ^ event) * 1099511628211u;
                if (event == FRAMES_MESSAGE || event == FRAMES_PONG) {
                        require(item.len <= MAX_BYTES);
                        for (size_t i = 0; i < item.len; i++)
                                sum = (sum ^ ((const uint8_t *)item.data)[i]) * 1099511628211u;
                } else if (ended) {
                        sum = (sum ^ item.code) * 1099511628211u;
                }
                require(event != FRAMES_END);
        } while (event == FRAMES_MESSAGE || event == FRAMES_PONG);
        check_written(f, ended);
        frames_free(f);
        return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint64_t whole = run(data, size, SIZE_MAX);

        require(run(data, size, 1) == whole);
        require(run(data, size, 3) == whole);
        return 0;
}
