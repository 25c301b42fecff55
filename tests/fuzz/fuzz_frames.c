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

/* What was written, from the first byte on: whole frames with short lengths, masked, at most one
 * close frame and that the last. */
static void check_written(const uint8_t *bytes, size_t len, bool ended) {
        bool closed = false;

        for (size_t at = 0; at < len;) {
                uint8_t opcode = bytes[at] & 0xf;
                size_t payload = bytes[at + 1] & 0x7f;

                require((bytes[at] & 0xf0) == 0x80 && (bytes[at + 1] & 0x80) && payload <= 125);
                require(opcode == 1 || opcode == 2 || opcode == 9 || opcode == 10 ||
                        (opcode == 8 && ended));
                closed = opcode == 8;
                at += 6 + payload;
                require(at <= len && (!closed || at == len));
        }
        require(closed == ended);
}

/* Some frames of our own are on their way when the server's come in: `written` bytes of them are
 * out already. */
static size_t write_first(struct frames *f, uint8_t *bytes, size_t written) {
        require(frames_send(f, "text", 4, true) == 0);
        require(frames_ping(f, "mark", 4) == 0);
        require(frames_send(f, "\xff", 1, false) == 0);
        require(frames_send(f, "\xff", 1, true) < 0);
        require(frames_queued_bytes(f) == 9);
        return frames_write(f, bytes, written);
}

static size_t write_rest(struct frames *f, uint8_t *bytes, size_t size) {
        size_t n, len = 0;

        while ((n = frames_write(f, bytes + len, size - len < 3 ? size - len : 3)) > 0)
                len += n;
        require(!frames_wants_write(f) && frames_queued_bytes(f) == 0);
        return len;
}

/* A sum over all events. */
static uint64_t run(const uint8_t *data, size_t size, size_t chunk) {
        struct feed feed = {data, size, chunk};
        uint64_t sum = 14695981039346656037u;
        enum frames_event event;
        struct frames_item item;
        uint8_t bytes[512];
        struct frames *f;
        size_t written;
        bool ended;

        require(frames_new(MAX_BYTES, on_read, &feed, &f) == 0);
        written = write_first(f, bytes, size > 0 ? data[size - 1] % 32 : 0);
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
        if (!ended && size % 2) {
                require(frames_close(f, 1000) == 0 && frames_ping(f, NULL, 0) < 0);
                ended = true;
        }
        written += write_rest(f, bytes + written, sizeof(bytes) - written);
        check_written(bytes, written, ended);
        frames_free(f);
        return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint64_t whole = run(data, size, SIZE_MAX);

        require(run(data, size, 1) == whole);
        require(run(data, size, 3) == whole);
        return 0;
}
