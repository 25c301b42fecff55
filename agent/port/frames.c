/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistr.h>
#include <wslay/wslay.h>

#include "cleanup.h"

#define CONTROL_MAX_BYTES 125
#define BUFFER_MIN_BYTES 1024
#define CLOSE_PROTOCOL 1002
#define CLOSE_NO_CODE 1005
#define CLOSE_NOT_UTF8 1007
#define CLOSE_TOO_BIG 1009

/* A frame on its way out. */
struct out_frame {
        struct out_frame *next;
        uint8_t opcode;
        bool counted; /* in queued_bytes */
        size_t len;
        size_t done;
        uint8_t data[];
};

struct frames {
        wslay_frame_context_ptr wslay;
        uint64_t max_message_bytes;
        frames_read read;
        void *userdata;
        ssize_t read_result;

        /* The frame that is coming in; control frames may stand between those of a message. */
        bool in_frame;
        bool fin;
        uint8_t opcode;
        uint64_t left;
        uint8_t control[CONTROL_MAX_BYTES];
        size_t control_len;

        /* The message that is coming in. */
        uint8_t message_opcode; /* WSLAY_CONTINUATION_FRAME: none */
        uint8_t *message;
        size_t message_len;
        size_t message_size;
        bool told; /* lent to the caller */

        /* The frames that are going out, in this order. */
        struct out_frame *current;
        struct out_frame *pong; /* to the newest ping; RFC 6455 section 5.5.3 allows just that */
        struct out_frame *queue;
        struct out_frame **queue_end;
        size_t queued_bytes;
        bool closed; /* a close frame is queued or written */

        struct {
                uint8_t *at;
                size_t left;
        } out; /* the buffer of frames_write() */
};

static ssize_t on_recv(uint8_t *buffer, size_t size, int flags, void *userdata) {
        struct frames *f = userdata;

        f->read_result = f->read(buffer, size, f->userdata);
        return f->read_result;
}

static ssize_t on_send(const uint8_t *data, size_t len, int flags, void *userdata) {
        struct frames *f = userdata;

        if (len > f->out.left)
                len = f->out.left;
        if (len > 0)
                (void)memcpy(f->out.at, data, len);
        f->out.at += len;
        f->out.left -= len;
        return (ssize_t)len;
}

/* A fresh mask for each frame, as section 10.3 wants it: unforeseeable. */
static int on_mask(uint8_t *buffer, size_t len, void *userdata) {
        return getrandom(buffer, len, 0) == (ssize_t)len ? 0 : -1;
}

int frames_new(uint64_t max_message_bytes, frames_read read, void *userdata, struct frames **ret) {
        static const struct wslay_frame_callbacks callbacks = {on_send, on_recv, on_mask};
        CLEANUP(freep) struct frames *f = calloc(1, sizeof(*f));

        if (!f || wslay_frame_context_init(&f->wslay, &callbacks, f) != 0)
                return -ENOMEM;
        f->max_message_bytes = max_message_bytes;
        f->read = read;
        f->userdata = userdata;
        f->queue_end = &f->queue;
        *ret = STEAL(f);
        return 0;
}

static void drop_queue(struct frames *f) {
        while (f->queue) {
                struct out_frame *frame = f->queue;

                f->queue = frame->next;
                if (frame->counted)
                        f->queued_bytes -= frame->len;
                free(frame);
        }
        f->queue_end = &f->queue;
}

void frames_free(struct frames *f) {
        if (!f)
                return;
        drop_queue(f);
        free(f->current);
        free(f->pong);
        free(f->message);
        wslay_frame_context_free(f->wslay);
        free(f);
}

static struct out_frame *out_frame_new(uint8_t opcode, const void *data, size_t len) {
        struct out_frame *frame = malloc(sizeof(*frame) + len);

        if (!frame)
                return NULL;
        *frame = (struct out_frame){.opcode = opcode, .len = len};
        if (len > 0)
                (void)memcpy(frame->data, data, len);
        return frame;
}

static int enqueue(struct frames *f, uint8_t opcode, const void *data, size_t len, bool counted) {
        struct out_frame *frame;

        if (f->closed)
                return -EPIPE;
        frame = out_frame_new(opcode, data, len);
        if (!frame)
                return -ENOMEM;
        frame->counted = counted;
        if (counted)
                f->queued_bytes += len;
        *f->queue_end = frame;
        f->queue_end = &frame->next;
        return 0;
}

int frames_send(struct frames *f, const void *data, size_t len, bool text) {
        if (len > f->max_message_bytes)
                return -EMSGSIZE;
        if (text && u8_check(data, len))
                return -EILSEQ;
        return enqueue(f, text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, data, len, true);
}

int frames_ping(struct frames *f, const void *data, size_t len) {
        if (len > CONTROL_MAX_BYTES)
                return -EMSGSIZE;
        return enqueue(f, WSLAY_PING, data, len, true);
}

int frames_close(struct frames *f, unsigned code) {
        const uint8_t payload[] = {(uint8_t)(code >> 8), (uint8_t)code};
        int r;

        r = enqueue(f, WSLAY_CONNECTION_CLOSE, payload, code == CLOSE_NO_CODE ? 0 : sizeof(payload),
                    false);
        if (r < 0)
                return r;
        f->closed = true;
        return 0;
}

static struct out_frame *next_out(struct frames *f) {
        struct out_frame *frame;

        if (f->pong)
                return STEAL(f->pong);
        frame = f->queue;
        if (!frame)
                return NULL;
        f->queue = frame->next;
        if (!f->queue)
                f->queue_end = &f->queue;
        return frame;
}

/* As much of the frame as fits; true once all of it is out. */
static bool write_frame(struct frames *f, struct out_frame *frame) {
        struct wslay_frame_iocb iocb = {
                .fin = 1,
                .opcode = frame->opcode,
                .mask = 1,
                .payload_length = frame->len,
                .data = frame->data + frame->done,
                .data_length = frame->len - frame->done,
        };
        ssize_t n = wslay_frame_send(f->wslay, &iocb);

        if (n < 0)
                return false;
        frame->done += (size_t)n;
        if (frame->counted)
                f->queued_bytes -= (size_t)n;
        return frame->done == frame->len;
}

size_t frames_write(struct frames *f, void *buffer, size_t size) {
        f->out.at = buffer;
        f->out.left = size;
        while (f->out.left > 0) {
                if (!f->current)
                        f->current = next_out(f);
                if (!f->current || !write_frame(f, f->current))
                        break;
                free(STEAL(f->current));
        }
        return size - f->out.left;
}

bool frames_wants_write(const struct frames *f) {
        return f->current || f->pong || f->queue;
}

size_t frames_queued_bytes(const struct frames *f) {
        return f->queued_bytes;
}

/* Our word on the end goes out in front of all that is queued: the server will not read it. */
static enum frames_event say_goodbye(struct frames *f, enum frames_event event, unsigned code,
                                     const char *problem, struct frames_item *ret) {
        free(STEAL(f->pong));
        drop_queue(f);
        (void)frames_close(f, code);
        *ret = (struct frames_item){.code = code, .problem = problem};
        return event;
}

static enum frames_event broken(struct frames *f, unsigned code, const char *problem,
                                struct frames_item *ret) {
        return say_goodbye(f, FRAMES_BROKEN, code, problem, ret);
}

static enum frames_event out_of_memory(struct frames_item *ret) {
        *ret = (struct frames_item){.error = -ENOMEM};
        return FRAMES_END;
}

static bool is_control(uint8_t opcode) {
        return opcode & 8;
}

static enum frames_event begin_frame(struct frames *f, const struct wslay_frame_iocb *iocb,
                                     struct frames_item *ret) {
        if (iocb->rsv != 0)
                return broken(f, CLOSE_PROTOCOL, "a reserved bit is set", ret);
        if (iocb->mask)
                return broken(f, CLOSE_PROTOCOL, "a server's frame is masked", ret);
        switch (iocb->opcode) {
        case WSLAY_CONTINUATION_FRAME:
                if (f->message_opcode == WSLAY_CONTINUATION_FRAME)
                        return broken(f, CLOSE_PROTOCOL, "nothing to continue", ret);
                break;
        case WSLAY_TEXT_FRAME:
        case WSLAY_BINARY_FRAME:
                if (f->message_opcode != WSLAY_CONTINUATION_FRAME)
                        return broken(f, CLOSE_PROTOCOL, "a message inside another", ret);
                f->message_opcode = iocb->opcode;
                break;
        case WSLAY_CONNECTION_CLOSE:
        case WSLAY_PING:
        case WSLAY_PONG:
                f->control_len = 0;
                break;
        default:
                return broken(f, CLOSE_PROTOCOL, "an unknown kind of frame", ret);
        }
        if (!is_control(iocb->opcode) &&
            iocb->payload_length > f->max_message_bytes - f->message_len)
                return broken(f, CLOSE_TOO_BIG, "a message is larger than allowed", ret);
        f->in_frame = true;
        f->opcode = iocb->opcode;
        f->fin = iocb->fin;
        f->left = iocb->payload_length;
        return FRAMES_NOTHING;
}

/* The buffer grows with what has really come, not with what a header claims. */
static int append_to_message(struct frames *f, const uint8_t *data, size_t len) {
        if (len > f->message_size - f->message_len) {
                size_t size = 2 * f->message_size;
                uint8_t *message;

                if (size < BUFFER_MIN_BYTES)
                        size = BUFFER_MIN_BYTES;
                while (size - f->message_len < len)
                        size *= 2;
                message = realloc(f->message, size);
                if (!message)
                        return -ENOMEM;
                f->message = message;
                f->message_size = size;
        }
        (void)memcpy(f->message + f->message_len, data, len);
        f->message_len += len;
        return 0;
}

static void forget_message(struct frames *f) {
        free(STEAL(f->message));
        f->message_len = f->message_size = 0;
        f->message_opcode = WSLAY_CONTINUATION_FRAME;
        f->told = false;
}

static bool code_is_valid(unsigned code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
               (code >= 3000 && code <= 4999);
}

static enum frames_event take_close(struct frames *f, struct frames_item *ret) {
        unsigned code = CLOSE_NO_CODE;

        if (f->control_len == 1)
                return broken(f, CLOSE_PROTOCOL, "half a close code", ret);
        if (f->control_len >= 2) {
                code = (unsigned)f->control[0] << 8 | f->control[1];
                if (!code_is_valid(code))
                        return broken(f, CLOSE_PROTOCOL, "an invalid close code", ret);
                if (u8_check(f->control + 2, f->control_len - 2))
                        return broken(f, CLOSE_NOT_UTF8, "a close reason is not UTF-8", ret);
        }
        return say_goodbye(f, FRAMES_GOODBYE, code, NULL, ret);
}

static enum frames_event end_control_frame(struct frames *f, struct frames_item *ret) {
        switch (f->opcode) {
        case WSLAY_PING:
                free(f->pong);
                f->pong = out_frame_new(WSLAY_PONG, f->control, f->control_len);
                return f->pong ? FRAMES_NOTHING : out_of_memory(ret);
        case WSLAY_PONG:
                *ret = (struct frames_item){.data = f->control, .len = f->control_len};
                return FRAMES_PONG;
        default:
                return take_close(f, ret);
        }
}

static enum frames_event end_message(struct frames *f, struct frames_item *ret) {
        bool text = f->message_opcode == WSLAY_TEXT_FRAME;

        if (text && u8_check(f->message, f->message_len))
                return broken(f, CLOSE_NOT_UTF8, "a text message is not UTF-8", ret);
        f->told = true;
        *ret = (struct frames_item){.data = f->message, .len = f->message_len, .text = text};
        return FRAMES_MESSAGE;
}

/* Takes a piece of a frame. */
static enum frames_event take_piece(struct frames *f, const struct wslay_frame_iocb *iocb,
                                    struct frames_item *ret) {
        if (!f->in_frame) {
                enum frames_event event = begin_frame(f, iocb, ret);

                if (event != FRAMES_NOTHING)
                        return event;
        }
        f->left -= iocb->data_length;
        if (iocb->data_length > 0 && is_control(f->opcode)) {
                (void)memcpy(f->control + f->control_len, iocb->data, iocb->data_length);
                f->control_len += iocb->data_length;
        } else if (iocb->data_length > 0) {
                if (append_to_message(f, iocb->data, iocb->data_length) < 0)
                        return out_of_memory(ret);
        }
        if (f->left > 0)
                return FRAMES_NOTHING;
        f->in_frame = false;
        if (is_control(f->opcode))
                return end_control_frame(f, ret);
        return f->fin ? end_message(f, ret) : FRAMES_NOTHING;
}

enum frames_event frames_next(struct frames *f, struct frames_item *ret) {
        enum frames_event event = FRAMES_NOTHING;

        if (f->told)
                forget_message(f);
        while (event == FRAMES_NOTHING) {
                struct wslay_frame_iocb iocb = {};
                ssize_t n = wslay_frame_recv(f->wslay, &iocb);

                if (n >= 0) {
                        event = take_piece(f, &iocb, ret);
                        continue;
                }
                if (n != WSLAY_ERR_WANT_READ)
                        return broken(f, CLOSE_PROTOCOL, "a frame's header is malformed", ret);
                if (f->read_result > 0) /* a part of a header */
                        continue;
                if (f->read_result == -EAGAIN)
                        break;
                *ret = (struct frames_item){.error = (int)f->read_result};
                return FRAMES_END;
        }
        return event;
}
