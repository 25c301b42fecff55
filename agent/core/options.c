/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "text.h"

#define SEC UINT64_C(1000000)
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define DAY (UINT64_C(86400) * SEC)

#define HEADERS_MAX_BYTES (16 * KIB)
#define SUBPROTOCOLS_MAX_BYTES KIB
#define CA_MAX_BYTES (256 * KIB)

enum row_kind {
        ROW_BOOL,  /* bool */
        ROW_WORD,  /* bool: false is words[0], true is words[1] */
        ROW_U32,   /* uint32_t */
        ROW_U64,   /* uint64_t */
        ROW_REAL,  /* double */
        ROW_TEXT,  /* char *, never NULL */
        ROW_BYTES, /* struct option_bytes */
        ROW_LIST,  /* struct option_bytes, strings */
        ROW_PAIRS, /* struct option_bytes, pairs of strings */
};

static const char *const signatures[] = {
        [OPTION_BOOL] = "b",     [OPTION_U32] = "u",       [OPTION_U64] = "t",
        [OPTION_DOUBLE] = "d",   [OPTION_STRING] = "s",    [OPTION_BYTES] = "ay",
        [OPTION_STRINGS] = "as", [OPTION_PAIRS] = "a{ss}",
};

const char *option_type_signature(enum option_type type) {
        return signatures[type];
}

static const enum option_type types[] = {
        [ROW_BOOL] = OPTION_BOOL,   [ROW_WORD] = OPTION_STRING,  [ROW_U32] = OPTION_U32,
        [ROW_U64] = OPTION_U64,     [ROW_REAL] = OPTION_DOUBLE,  [ROW_TEXT] = OPTION_STRING,
        [ROW_BYTES] = OPTION_BYTES, [ROW_LIST] = OPTION_STRINGS, [ROW_PAIRS] = OPTION_PAIRS,
};

struct row {
        const char *key;
        enum row_kind kind;
        size_t offset;
        uint64_t min;         /* of numbers; reals in thousandths */
        uint64_t max;         /* the same; bytes of texts and lists */
        uint64_t standard;    /* the default: number, thousandths, or index of the word */
        const char *words[2]; /* of ROW_WORD; of ROW_TEXT words[0] is the default */
        const char *unit;     /* of numbers, with a space before; else what is expected */
        /* A text, or one string of a list or of a pair, is right. */
        bool (*check)(const char *text);
        bool zero; /* 0 is allowed below min, with a meaning of its own */
};

#define FIELD(field) offsetof(struct channel_options, field)
#define NUMBER(name, field, lo, hi, std, of)                                                      \
        {                                                                                         \
                .key = (name), .kind = ROW_U64, .offset = FIELD(field), .min = (lo), .max = (hi), \
                .standard = (std), .unit = (of)                                                   \
        }
/* 0 means: chosen by the agent, or none. */
#define NUMBER_OR_0(name, field, lo, hi, of)                                                      \
        {                                                                                         \
                .key = (name), .kind = ROW_U64, .offset = FIELD(field), .min = (lo), .max = (hi), \
                .zero = true, .unit = (of)                                                        \
        }
#define COUNT(name, field, lo, hi, std)                                                           \
        {                                                                                         \
                .key = (name), .kind = ROW_U32, .offset = FIELD(field), .min = (lo), .max = (hi), \
                .standard = (std), .unit = ""                                                     \
        }
#define REAL(name, field, lo, hi, std)                                                             \
        {                                                                                          \
                .key = (name), .kind = ROW_REAL, .offset = FIELD(field), .min = (lo), .max = (hi), \
                .standard = (std)                                                                  \
        }
#define WORD(name, field, first, second)                                            \
        {                                                                           \
                .key = (name), .kind = ROW_WORD, .offset = FIELD(field), .words = { \
                        (first),                                                    \
                        (second)                                                    \
                }                                                                   \
        }
#define FLAG(name, field, std) \
        { .key = (name), .kind = ROW_BOOL, .offset = FIELD(field), .standard = (std) }
#define TEXT(name, field, bytes, std, right, what)                                       \
        {                                                                                \
                .key = (name), .kind = ROW_TEXT, .offset = FIELD(field), .max = (bytes), \
                .words = {(std)}, .check = (right), .unit = (what)                       \
        }
#define BYTES(name, field, bytes) \
        { .key = (name), .kind = ROW_BYTES, .offset = FIELD(field), .max = (bytes) }
#define STRINGS(name, list, field, bytes, right, what)                                 \
        {                                                                              \
                .key = (name), .kind = (list), .offset = FIELD(field), .max = (bytes), \
                .check = (right), .unit = (what)                                       \
        }

/* clang-format off */
static const struct row rows[] = {
        TEXT("protocol", protocol, 32, "", text_is_protocol, "a protocol that is known, such as \"raw\""),
        TEXT("app-id", app_id, 255, "", text_is_printable, "text without control characters"),
        TEXT("label", label, 255, "", text_is_printable, "text without control characters"),
        FLAG("persistent", persistent, true),
        WORD("policy", classic, "standard", "classic"),
        NUMBER("backoff-first", backoff_first_usec, SEC / 100, DAY, SEC, " usec"),
        NUMBER_OR_0("backoff-cap", backoff_cap_usec, SEC / 100, DAY, " usec"),
        REAL("backoff-factor", backoff_factor, 1000, 10000, 2000),
        REAL("backoff-jitter", backoff_jitter, 0, 1000, 500),
        COUNT("max-attempts", max_attempts, 0, UINT32_MAX, 10),
        WORD("give-up", give_up_stop, "slow", "stop"),
        NUMBER("good-after", good_after_usec, 0, DAY, 30 * SEC, " usec"),
        NUMBER("linger", linger_usec, 0, DAY, 5 * SEC, " usec"),
        NUMBER("connect-timeout", connect_timeout_usec, SEC / 10, DAY, 15 * SEC, " usec"),
        NUMBER("open-timeout", open_timeout_usec, SEC / 10, DAY, 10 * SEC, " usec"),
        NUMBER_OR_0("ping-interval", ping_interval_usec, SEC / 10, UINT64_MAX, " usec"),
        NUMBER("ping-timeout", ping_timeout_usec, SEC / 10, DAY, 10 * SEC, " usec"),
        COUNT("in-flight", in_flight, 1, 65536, 64),
        NUMBER("in-flight-bytes", in_flight_bytes, 1, 64 * MIB, 256 * KIB, " bytes"),
        NUMBER("max-message", max_message_bytes, 1, 16 * MIB, MIB, " bytes"),
        NUMBER("queue-messages", queue_messages, 1, 10000000, 10000, ""),
        NUMBER("queue-bytes", queue_bytes, 1, KIB * KIB * MIB, 64 * MIB, " bytes"),
        WORD("queue-full", queue_drop_oldest, "reject", "drop-oldest"),
        NUMBER("inbox-messages", inbox_messages, 1, 10000000, 10000, ""),
        NUMBER("inbox-bytes", inbox_bytes, 1, KIB * KIB * MIB, 64 * MIB, " bytes"),
        WORD("inbox-full", inbox_drop_oldest, "pause", "drop-oldest"),
        WORD("delivery", at_most_once, "at-least-once", "at-most-once"),
        NUMBER_OR_0("ttl", ttl_usec, 1, UINT64_MAX / 4, " usec"),
        WORD("frame", frame_text, "binary", "text"),
        STRINGS("headers", ROW_PAIRS, headers, HEADERS_MAX_BYTES, text_is_printable,
                "names that are no part of the handshake, and values without control characters"),
        STRINGS("subprotocols", ROW_LIST, subprotocols, SUBPROTOCOLS_MAX_BYTES, text_is_token,
                "names without spaces and separators"),
        BYTES("open-payload", open_payload, MIB),
        FLAG("overlap", overlap, false),
        WORD("metered", refuse_metered, "yes", "no"),
        BYTES("tls-ca", tls_ca, CA_MAX_BYTES),
        STRINGS("tls-pin", ROW_LIST, tls_pins, KIB, text_is_pin, "\"sha256//\" and 44 digits of base64"),
        WORD("tls-min", tls13_only, "1.2", "1.3"),
        TEXT("proxy", proxy, 512, "", text_is_proxy, "http://HOST:PORT"),
};
/* clang-format on */

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *row_find(const char *key) {
        for (size_t i = 0; i < N_ROWS; i++)
                if (strcmp(rows[i].key, key) == 0)
                        return &rows[i];
        return NULL;
}

static void *row_field(const struct row *row, struct channel_options *o) {
        return (char *)o + row->offset;
}

static const void *row_value(const struct row *row, const struct channel_options *o) {
        return (const char *)o + row->offset;
}

const char *channel_option_key(size_t index) {
        return index < N_ROWS ? rows[index].key : NULL;
}

int channel_option_type(const char *key, enum option_type *ret) {
        const struct row *row = row_find(key);

        if (!row)
                return -ENOENT;
        *ret = types[row->kind];
        return 0;
}

int channel_options_init(struct channel_options *o) {
        *o = (struct channel_options){0};
        for (size_t i = 0; i < N_ROWS; i++) {
                const struct row *row = &rows[i];
                void *field = row_field(row, o);

                switch (row->kind) {
                case ROW_BOOL:
                case ROW_WORD:
                        *(bool *)field = row->standard != 0;
                        break;
                case ROW_U32:
                        *(uint32_t *)field = (uint32_t)row->standard;
                        break;
                case ROW_U64:
                        *(uint64_t *)field = row->standard;
                        break;
                case ROW_REAL:
                        *(double *)field = (double)row->standard / 1000.0;
                        break;
                case ROW_TEXT:
                        *(char **)field = strdup(row->words[0]);
                        if (!*(char **)field) {
                                channel_options_deinit(o);
                                return -ENOMEM;
                        }
                        break;
                case ROW_BYTES:
                case ROW_LIST:
                case ROW_PAIRS:
                        break;
                }
        }
        return 0;
}

static bool row_is_bytes(const struct row *row) {
        return row->kind == ROW_BYTES || row->kind == ROW_LIST || row->kind == ROW_PAIRS;
}

void channel_options_deinit(struct channel_options *o) {
        for (size_t i = 0; i < N_ROWS; i++) {
                void *field = row_field(&rows[i], o);

                if (rows[i].kind == ROW_TEXT) {
                        free(*(char **)field);
                } else if (row_is_bytes(&rows[i])) {
                        struct option_bytes *bytes = field;

                        /* Headers are secrets. */
                        if (bytes->data)
                                explicit_bzero(bytes->data, bytes->len);
                        free(bytes->data);
                }
        }
        *o = (struct channel_options){0};
}

static int bytes_set(struct option_bytes *bytes, const void *data, size_t len) {
        void *copy = NULL;

        if (len > 0) {
                copy = malloc(len);
                if (!copy)
                        return -ENOMEM;
                memcpy(copy, data, len);
        }
        if (bytes->data)
                explicit_bzero(bytes->data, bytes->len);
        free(bytes->data);
        *bytes = (struct option_bytes){.data = copy, .len = len};
        return 0;
}

static int text_set(char **text, const char *value) {
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*text);
        *text = copy;
        return 0;
}

int channel_options_copy(struct channel_options *to, const struct channel_options *from) {
        int r = 0;

        *to = *from;
        /* First own nothing, so that a failure half way can be undone. */
        for (size_t i = 0; i < N_ROWS; i++) {
                if (rows[i].kind == ROW_TEXT)
                        *(char **)row_field(&rows[i], to) = NULL;
                else if (row_is_bytes(&rows[i]))
                        *(struct option_bytes *)row_field(&rows[i], to) = (struct option_bytes){0};
        }
        for (size_t i = 0; r == 0 && i < N_ROWS; i++) {
                const void *source = row_value(&rows[i], from);
                void *field = row_field(&rows[i], to);

                if (rows[i].kind == ROW_TEXT) {
                        r = text_set(field, *(char *const *)source);
                } else if (row_is_bytes(&rows[i])) {
                        const struct option_bytes *bytes = source;

                        r = bytes_set(field, bytes->data, bytes->len);
                }
        }
        if (r < 0)
                channel_options_deinit(to);
        return r;
}

static int set_number(const struct row *row, void *field, uint64_t number, char *problem,
                      size_t problem_size) {
        bool special = row->zero && number == 0;

        if (!special && (number < row->min || number > row->max)) {
                (void)snprintf(problem, problem_size,
                               "%s: expected a number from %" PRIu64 " to %" PRIu64 "%s%s",
                               row->key, row->min, row->max, row->unit, row->zero ? ", or 0" : "");
                return -EINVAL;
        }
        if (row->kind == ROW_U32)
                *(uint32_t *)field = (uint32_t)number;
        else
                *(uint64_t *)field = number;
        return 0;
}

static int set_real(const struct row *row, void *field, double real, char *problem,
                    size_t problem_size) {
        /* Written so that NaN fails too. */
        if (!(real * 1000.0 >= (double)row->min && real * 1000.0 <= (double)row->max)) {
                (void)snprintf(problem, problem_size, "%s: expected a number from %g to %g",
                               row->key, (double)row->min / 1000.0, (double)row->max / 1000.0);
                return -EINVAL;
        }
        *(double *)field = real;
        return 0;
}

static int set_word(const struct row *row, void *field, const char *text, char *problem,
                    size_t problem_size) {
        for (size_t i = 0; i < 2; i++)
                if (strcmp(text, row->words[i]) == 0) {
                        *(bool *)field = i == 1;
                        return 0;
                }
        (void)snprintf(problem, problem_size, "%s: expected \"%s\" or \"%s\"", row->key,
                       row->words[0], row->words[1]);
        return -EINVAL;
}

static int set_text(const struct row *row, void *field, const char *text, size_t len, char *problem,
                    size_t problem_size) {
        if (len > row->max) {
                (void)snprintf(problem, problem_size, "%s: expected at most %" PRIu64 " bytes",
                               row->key, row->max);
                return -EINVAL;
        }
        if (!row->check(text)) {
                (void)snprintf(problem, problem_size, "%s: expected %s", row->key, row->unit);
                return -EINVAL;
        }
        return text_set(field, text);
}

static bool strings_are_right(const struct row *row, const char *data, size_t len) {
        bool is_name = true;

        for (size_t at = 0; at < len; at += strlen(data + at) + 1) {
                const char *text = data + at;

                if (row->kind == ROW_LIST && !row->check(text))
                        return false;
                if (row->kind == ROW_PAIRS) {
                        if (is_name ? !text_is_header_name(text) : !row->check(text))
                                return false;
                        is_name = !is_name;
                }
        }
        return is_name;
}

static int set_bytes(const struct row *row, void *field, const void *data, size_t len,
                     char *problem, size_t problem_size) {
        if (len > row->max) {
                (void)snprintf(problem, problem_size, "%s: expected at most %" PRIu64 " bytes",
                               row->key, row->max);
                return -EINVAL;
        }
        if (row->kind != ROW_BYTES && !strings_are_right(row, data, len)) {
                (void)snprintf(problem, problem_size, "%s: expected %s", row->key, row->unit);
                return -EINVAL;
        }
        return bytes_set(field, data, len);
}

int channel_options_set(struct channel_options *o, const char *key,
                        const struct option_value *value, char *problem, size_t problem_size) {
        const struct row *row = row_find(key);
        void *field;

        if (!row) {
                (void)snprintf(problem, problem_size, "%s: no such option", key);
                return -ENOENT;
        }
        if (value->type != types[row->kind]) {
                (void)snprintf(problem, problem_size, "%s: expected type %s", key,
                               option_type_signature(types[row->kind]));
                return -EINVAL;
        }
        field = row_field(row, o);
        switch (row->kind) {
        case ROW_BOOL:
                *(bool *)field = value->boolean;
                return 0;
        case ROW_WORD:
                return set_word(row, field, value->data, problem, problem_size);
        case ROW_U32:
        case ROW_U64:
                return set_number(row, field, value->number, problem, problem_size);
        case ROW_REAL:
                return set_real(row, field, value->real, problem, problem_size);
        case ROW_TEXT:
                return set_text(row, field, value->data, value->len, problem, problem_size);
        case ROW_BYTES:
        case ROW_LIST:
        case ROW_PAIRS:
                return set_bytes(row, field, value->data, value->len, problem, problem_size);
        }
        return -EINVAL;
}

int channel_options_get(const struct channel_options *o, const char *key, struct option_value *ret,
                        bool *ret_default) {
        const struct row *row = row_find(key);
        const void *field;

        if (!row)
                return -ENOENT;
        field = row_value(row, o);
        *ret = (struct option_value){.type = types[row->kind]};
        switch (row->kind) {
        case ROW_BOOL:
                ret->boolean = *(const bool *)field;
                *ret_default = ret->boolean == (row->standard != 0);
                break;
        case ROW_WORD:
                ret->data = row->words[*(const bool *)field];
                ret->len = strlen(ret->data);
                *ret_default = *(const bool *)field == (row->standard != 0);
                break;
        case ROW_U32:
                ret->number = *(const uint32_t *)field;
                *ret_default = ret->number == row->standard;
                break;
        case ROW_U64:
                ret->number = *(const uint64_t *)field;
                *ret_default = ret->number == row->standard;
                break;
        case ROW_REAL:
                ret->real = *(const double *)field;
                *ret_default = ret->real == (double)row->standard / 1000.0;
                break;
        case ROW_TEXT:
                ret->data = *(char *const *)field;
                ret->len = strlen(ret->data);
                *ret_default = strcmp(ret->data, row->words[0]) == 0;
                break;
        case ROW_BYTES:
        case ROW_LIST:
        case ROW_PAIRS:
                ret->data = ((const struct option_bytes *)field)->data;
                ret->len = ((const struct option_bytes *)field)->len;
                *ret_default = ret->len == 0;
                break;
        }
        return 0;
}

int channel_options_check(const struct channel_options *o, char *problem, size_t problem_size) {
        if (o->open_payload.len > o->max_message_bytes) {
                (void)snprintf(problem, problem_size, "open-payload: longer than max-message");
                return -EINVAL;
        }
        if (o->frame_text && u8_check(o->open_payload.data, o->open_payload.len)) {
                (void)snprintf(problem, problem_size,
                               "open-payload: expected UTF-8, because frame is \"text\"");
                return -EINVAL;
        }
        return 0;
}

void channel_options_policy(const struct channel_options *o, uint64_t default_cap_usec,
                            struct policy_options *ret) {
        *ret = (struct policy_options){
                .first_usec = o->backoff_first_usec,
                .cap_usec = o->backoff_cap_usec == 0 ? default_cap_usec : o->backoff_cap_usec,
                .factor = o->backoff_factor,
                .jitter = o->backoff_jitter,
                .max_attempts = o->max_attempts,
                .give_up = o->give_up_stop ? POLICY_GIVE_UP_STOP : POLICY_GIVE_UP_SLOW,
                .classic = o->classic,
                .good_after_usec = o->good_after_usec,
                .linger_usec = o->linger_usec,
        };
}
