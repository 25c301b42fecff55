/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frames.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES 1000

/* What the server sends, in pieces of `chunk` bytes (0: of random sizes); then nothing (-EAGAIN).
 */
struct feed {
        const char *data;
        size_t left;
        size_t chunk;
        int end; /* what follows */
};

static ssize_t on_read(void *buffer, size_t size, void *userdata) {
        struct feed *feed = userdata;
        size_t n = feed->chunk > 0 ? feed->chunk : 1 + (size_t)rand() % 7;

        if (feed->left == 0)
                return feed->end;
        n = n < size ? n : size;
        n = n < feed->left ? n : feed->left;
        (void)memcpy(buffer, feed->data, n);
        feed->data += n;
        feed->left -= n;
        return (ssize_t)n;
}

/* Events as text: "T:hello " and "B:..." messages, "P:..." pongs, "G:1000 " goodbye, "X:1002 "
 * broken, "E:-104 " end. */
static void log_events(struct frames *f, char *log, size_t size) {
        struct frames_item item;
        size_t len = strlen(log);

        for (;;) {
                switch (frames_next(f, &item)) {
                case FRAMES_NOTHING:
                        return;
                case FRAMES_MESSAGE:
                        len += (size_t)snprintf(log + len, size - len, "%s:%.*s ",
                                                item.text ? "T" : "B", (int)item.len,
                                                item.len > 0 ? (const char *)item.data : "");
                        break;
                case FRAMES_PONG:
                        len += (size_t)snprintf(log + len, size - len, "P:%.*s ", (int)item.len,
                                                (const char *)item.data);
                        break;
                case FRAMES_GOODBYE:
                        (void)snprintf(log + len, size - len, "G:%u ", item.code);
                        return;
                case FRAMES_BROKEN:
                        cr_assert(item.problem != NULL);
                        (void)snprintf(log + len, size - len, "X:%u ", item.code);
                        return;
                case FRAMES_END:
                        (void)snprintf(log + len, size - len, "E:%d ", item.error);
                        return;
                }
        }
}

/* What we write, unmasked, as text: opcode in hexadecimal and payload, "1:hello 9:x ". */
static void log_written(struct frames *f, size_t buffer_size, char *log, size_t size) {
        static uint8_t bytes[65536];
        size_t n, total = 0, len = strlen(log);

        while ((n = frames_write(f, bytes + total, buffer_size)) > 0) {
                total += n;
                cr_assert(total + buffer_size < sizeof(bytes));
        }
        cr_assert(not(frames_wants_write(f)));
        for (size_t at = 0; at < total;) {
                size_t payload = bytes[at + 1] & 0x7f, header = 2;
                uint8_t *mask;

                cr_assert(eq(uint, bytes[at] & 0xf0, 0x80), "one frame a message, no extension");
                cr_assert(eq(uint, bytes[at + 1] & 0x80, 0x80), "not masked");
                if (payload == 126) {
                        payload = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
                        header = 4;
                }
                mask = bytes + at + header;
                for (size_t i = 0; i < payload; i++)
                        mask[4 + i] ^= mask[i % 4];
                len += (size_t)snprintf(log + len, size - len, "%x:%.*s ", bytes[at] & 0xf,
                                        (int)payload, (char *)mask + 4);
                at += header + 4 + payload;
        }
}

static const struct {
        const char *bytes;
        size_t len;
        const char *events;
        const char *written;
} rows[] = {
#define ROW(bytes, events, written) \
        { bytes, sizeof(bytes) - 1, events, written }
        ROW("", "", ""),
        ROW("\x81\x05hello", "T:hello ", ""),
        ROW("\x82\x03\x01\x02\x03", "B:\x01\x02\x03 ", ""),
        ROW("\x81\x00\x82\x00", "T: B: ", ""),
        ROW("\x81\x02h\xc3", "X:1007 ", "8:\x03\xef "),
        /* Fragments, with control frames between them. */
        ROW("\x01\x02he\x00\x00\x00\x02ll\x80\x01o", "T:hello ", ""),
        ROW("\x01\x02he\x89\x01p\x80\x03llo\x81\x01x", "T:hello T:x ", "a:p "),
        ROW("\x02\x01"
            "a\x8a\x02yo\x80\x01"
            "b",
            "P:yo B:ab ", ""),
        ROW("\x01\x01\xc3\x80\x01\xbc", "T:\xc3\xbc ", ""), /* a letter cut in two */
        ROW("\x01\x00\x80\x00", "T: ", ""),
        /* Only the newest ping is answered when several have come. */
        ROW("\x89\x01"
            "a\x89\x01"
            "b\x89\x00",
            "", "a: "),
        ROW("\x8a\x00", "P: ", ""),
        ROW("\x81\x7e\x00\x7e"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "T:"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ",
            ""),
        /* Close frames: what comes behind them does not count. */
        ROW("\x88\x00\x81\x01x", "G:1005 ", "8: "),
        ROW("\x88\x02\x03\xe8", "G:1000 ", "8:\x03\xe8 "),
        ROW("\x88\x06\x03\xf4"
            "busy",
            "G:1012 ", "8:\x03\xf4 "),
        ROW("\x88\x02\x03\xf6", "G:1014 ", "8:\x03\xf6 "),
        ROW("\x88\x02\x11\x31", "G:4401 ", "8:\x11\x31 "),
        ROW("\x01\x02he\x88\x02\x03\xe8", "G:1000 ", "8:\x03\xe8 "),
        ROW("\x88\x01\x03", "X:1002 ", "8:\x03\xea "),
        ROW("\x88\x02\x03\xed", "X:1002 ", "8:\x03\xea "), /* 1005 is not for the wire */
        ROW("\x88\x02\x03\xee", "X:1002 ", "8:\x03\xea "), /* nor 1006 */
        ROW("\x88\x02\x03\xf7", "X:1002 ", "8:\x03\xea "), /* nor 1015 */
        ROW("\x88\x02\x03\xe7", "X:1002 ", "8:\x03\xea "), /* 999 */
        ROW("\x88\x02\x07\xd0", "X:1002 ", "8:\x03\xea "), /* 2000 */
        ROW("\x88\x02\x13\x88", "X:1002 ", "8:\x03\xea "), /* 5000 */
        ROW("\x88\x03\x03\xe8\xff", "X:1007 ", "8:\x03\xef "),
        ROW("\x88\x05\x03\xe8\xe2\x82\xac", "G:1000 ", "8:\x03\xe8 "),
        /* Against the protocol. */
        ROW("\x80\x01x", "X:1002 ", "8:\x03\xea "),              /* nothing to continue */
        ROW("\x81\x01x\x80\x01x", "T:x X:1002 ", "8:\x03\xea "), /* nor any more */
        ROW("\x01\x01x\x81\x01y", "X:1002 ", "8:\x03\xea "),     /* inside another */
        ROW("\x01\x01x\x02\x01y", "X:1002 ", "8:\x03\xea "),     /* inside another */
        ROW("\xc1\x01x", "X:1002 ", "8:\x03\xea "),              /* RSV1 */
        ROW("\xa1\x01x", "X:1002 ", "8:\x03\xea "),              /* RSV2 */
        ROW("\x91\x01x", "X:1002 ", "8:\x03\xea "),              /* RSV3 */
        ROW("\x81\x81mask\x15", "X:1002 ", "8:\x03\xea "),       /* masked */
        ROW("\x83\x01x", "X:1002 ", "8:\x03\xea "),              /* opcode 3 */
        ROW("\x8b\x01x", "X:1002 ", "8:\x03\xea "),              /* opcode 11 */
        ROW("\x09\x01x", "X:1002 ", "8:\x03\xea "),              /* a ping in fragments */
        ROW("\x89\x7e\x00\x7f", "X:1002 ", "8:\x03\xea "),       /* a long ping */
        ROW("\x81\x7e\x00\x01x", "X:1002 ", "8:\x03\xea "),      /* a long way to say 1 */
        ROW("\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01x", "X:1002 ", "8:\x03\xea "),
        ROW("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00x", "X:1002 ", "8:\x03\xea "),
        /* Too large: told before it is read. */
        ROW("\x82\x7e\x03\xe9x", "X:1009 ", "8:\x03\xf1 "),
        ROW("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffx", "X:1009 ", "8:\x03\xf1 "),
        ROW("\x02\x01x\x80\x7e\x03\xe8x", "X:1009 ", "8:\x03\xf1 "),
        /* A ping whose answer does not matter any more. */
        ROW("\x89\x01p\x88\x02\x03\xe8", "G:1000 ", "8:\x03\xe8 "),
        /* Not yet whole. */
        ROW("\x81", "", ""),
        ROW("\x81\x05hell", "", ""),
        ROW("\x89\x02p", "", ""),
        ROW("\x01\x05hello", "", ""),
#undef ROW
};

Test(frames, from_the_server_in_any_pieces) {
        static const size_t chunks[] = {1, 2, 0, 4096};

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                for (size_t j = 0; j < sizeof(chunks) / sizeof(chunks[0]); j++) {
                        struct feed feed = {rows[i].bytes, rows[i].len, chunks[j], -EAGAIN};
                        char events[2048] = "", written[2048] = "";
                        struct frames *f;

                        cr_assert(eq(int, frames_new(MAX_BYTES, on_read, &feed, &f), 0));
                        log_events(f, events, sizeof(events));
                        cr_assert(eq(str, events, (char *)rows[i].events), "row %zu", i);
                        log_written(f, 4096, written, sizeof(written));
                        cr_assert(eq(str, written, (char *)rows[i].written), "row %zu", i);
                        frames_free(f);
                }
        }
}

Test(frames, end_of_the_stream) {
        static const int ends[] = {0, -ECONNRESET};

        for (size_t i = 0; i < 2; i++) {
                struct feed feed = {"\x81\x01x\x81\x05he", 7, 3, ends[i]};
                char events[64] = "", expected[64];
                struct frames *f;

                cr_assert(eq(int, frames_new(MAX_BYTES, on_read, &feed, &f), 0));
                log_events(f, events, sizeof(events));
                (void)snprintf(expected, sizeof(expected), "T:x E:%d ", ends[i]);
                cr_assert(eq(str, events, expected));
                frames_free(f);
        }
}

/* The largest message that is allowed, whole and in many fragments, a thousand times over. */
Test(frames, up_to_the_limit) {
        char bytes[8 * MAX_BYTES] = "\x82\x7e\x03\xe8";
        size_t len = 4 + MAX_BYTES;
        struct feed feed = {.end = -EAGAIN, .chunk = 4096};
        struct frames_item item;
        struct frames *f;

        for (unsigned i = 0; i < MAX_BYTES; i++) {
                bytes[len++] = i == 0 ? 0x02 : i == MAX_BYTES - 1 ? (char)0x80 : 0;
                bytes[len++] = 1;
                bytes[len++] = 'y';
        }
        cr_assert(eq(int, frames_new(MAX_BYTES, on_read, &feed, &f), 0));
        for (unsigned i = 0; i < 1000; i++) {
                feed.data = bytes;
                feed.left = len;
                for (unsigned j = 0; j < 2; j++) {
                        cr_assert(eq(int, frames_next(f, &item), FRAMES_MESSAGE));
                        cr_assert(eq(sz, item.len, MAX_BYTES));
                }
        }
        cr_assert(eq(int, frames_next(f, &item), FRAMES_NOTHING));
        frames_free(f);
}

/* Whatever the size of the buffer: our frames in the order in which they were handed over, a pong
 * as soon as a frame is complete, the close frame last. */
Test(frames, to_the_server) {
        static const size_t sizes[] = {1, 2, 7, 4096};

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct feed feed = {.end = -EAGAIN, .chunk = 4096};
                char events[64] = "", written[2048] = "", long_one[301] = "";
                uint8_t first[1], rest[8];
                struct frames *f;

                (void)memset(long_one, 'z', 300);
                cr_assert(eq(int, frames_new(MAX_BYTES, on_read, &feed, &f), 0));
                cr_assert(not(frames_wants_write(f)));
                cr_assert(eq(sz, frames_write(f, first, 1), 0));
                cr_assert(eq(int, frames_send(f, "one", 3, true), 0));
                cr_assert(eq(int, frames_ping(f, "mark", 4), 0));
                cr_assert(eq(int, frames_send(f, long_one, 300, false), 0));
                cr_assert(eq(int, frames_send(f, NULL, 0, false), 0));
                cr_assert(eq(sz, frames_queued_bytes(f), 307));
                cr_assert(eq(sz, frames_write(f, first, 1), 1));
                cr_assert(eq(uint, first[0], 0x81));

                feed.data = "\x89\x04ping";
                feed.left = 6;
                log_events(f, events, sizeof(events));
                cr_assert(eq(int, frames_close(f, 1001), 0));
                cr_assert(eq(int, frames_send(f, "late", 4, true), -EPIPE));
                cr_assert(eq(int, frames_ping(f, "late", 4), -EPIPE));

                /* The rest of the frame that was begun: length, mask, "one". */
                cr_assert(eq(sz, frames_write(f, rest, sizeof(rest)), sizeof(rest)));
                log_written(f, sizes[i], written, sizeof(written));
                cr_assert(eq(sz, frames_queued_bytes(f), 0));
                cr_assert(strncmp(written, "a:ping 9:mark 2:zzz", 19) == 0, "%s", written);
                cr_assert(strstr(written, "zzz 2: 8:\x03\xe9 ") != NULL, "%s", written);
                frames_free(f);
        }
}

Test(frames, refused_to_send) {
        static const char zeros[MAX_BYTES + 1];
        struct feed feed = {.end = -EAGAIN};
        struct frames *f;

        cr_assert(eq(int, frames_new(MAX_BYTES, on_read, &feed, &f), 0));
        cr_assert(eq(int, frames_send(f, zeros, MAX_BYTES + 1, false), -EMSGSIZE));
        cr_assert(eq(int, frames_send(f, "\xff", 1, true), -EILSEQ));
        cr_assert(eq(int, frames_send(f, "\xff", 1, false), 0));
        cr_assert(eq(int, frames_send(f, zeros, MAX_BYTES, true), 0));
        cr_assert(eq(int, frames_ping(f, zeros, 126), -EMSGSIZE));
        cr_assert(eq(int, frames_ping(f, zeros, 125), 0));
        cr_assert(eq(sz, frames_queued_bytes(f), 1 + MAX_BYTES + 125));
        frames_free(f);
}

/* The server's end drops what is queued, but a frame that is half written is completed. */
Test(frames, goodbye_in_the_middle) {
        struct feed feed = {.end = -EAGAIN, .chunk = 10};
        char events[64] = "", written[64] = "";
        uint8_t bytes[64];
        struct frames *f;

        cr_assert(eq(int, frames_new(MAX_BYTES, on_read, &feed, &f), 0));
        cr_assert(eq(int, frames_send(f, "abc", 3, true), 0));
        cr_assert(eq(int, frames_send(f, "never", 5, true), 0));
        cr_assert(eq(sz, frames_write(f, bytes, 7), 7));
        feed.data = "\x88\x02\x03\xe8";
        feed.left = 4;
        log_events(f, events, sizeof(events));
        cr_assert(eq(str, events, (char *)"G:1000 "));
        cr_assert(eq(sz, frames_write(f, bytes, 2), 2)); /* the rest of "abc" */
        log_written(f, 64, written, sizeof(written));
        cr_assert(eq(str, written, (char *)"8:\x03\xe8 "));
        cr_assert(eq(sz, frames_queued_bytes(f), 0));
        frames_free(f);
}

Test(frames, masks_differ) {
        struct feed feed = {.end = -EAGAIN};
        uint8_t bytes[64];
        struct frames *f;

        cr_assert(eq(int, frames_new(MAX_BYTES, on_read, &feed, &f), 0));
        for (unsigned i = 0; i < 3; i++)
                cr_assert(eq(int, frames_send(f, NULL, 0, false), 0));
        cr_assert(eq(sz, frames_write(f, bytes, sizeof(bytes)), 18));
        cr_assert(memcmp(bytes + 2, bytes + 8, 4) != 0 && memcmp(bytes + 8, bytes + 14, 4) != 0);
        frames_free(f);
}
