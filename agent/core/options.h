/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of a channel: one table of keys, types, ranges and defaults. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

enum option_type {
        OPTION_BOOL,    /* b */
        OPTION_U32,     /* u */
        OPTION_U64,     /* t */
        OPTION_DOUBLE,  /* d */
        OPTION_STRING,  /* s */
        OPTION_BYTES,   /* ay */
        OPTION_STRINGS, /* as: the strings one after the other, each with its terminator */
        OPTION_PAIRS,   /* a{ss}: key, value, key, value, each with its terminator */
};

/* The D-Bus signature. */
const char *option_type_signature(enum option_type type);

/* `data` and `len` (bytes, terminators included for STRINGS and PAIRS, excluded for STRING) are
 * borrowed; STRING data is always terminated. */
struct option_value {
        enum option_type type;
        bool boolean;
        uint64_t number; /* U32 and U64 */
        double real;
        const void *data;
        size_t len;
};

struct option_bytes {
        void *data;
        size_t len;
};

struct channel_options {
        char *protocol; /* of protocol.h; "": the default of the URI's scheme */
        char *app_id;
        char *label;
        bool persistent;
        bool classic;
        uint64_t backoff_first_usec;
        uint64_t backoff_cap_usec; /* 0: by power supply */
        double backoff_factor;
        double backoff_jitter;
        uint32_t max_attempts;
        bool give_up_stop; /* false: slow */
        uint64_t good_after_usec;
        uint64_t linger_usec;
        uint64_t connect_timeout_usec;
        uint64_t open_timeout_usec;
        uint64_t ping_interval_usec; /* 0: the default interval; UINT64_MAX: off */
        uint64_t ping_timeout_usec;
        uint32_t in_flight;
        uint64_t in_flight_bytes;
        uint64_t max_message_bytes;
        uint64_t queue_messages;
        uint64_t queue_bytes;
        bool queue_drop_oldest;
        uint64_t inbox_messages;
        uint64_t inbox_bytes;
        bool inbox_drop_oldest;
        bool at_most_once;
        uint64_t ttl_usec; /* 0: none */
        bool frame_text;
        bool overlap;
        bool refuse_metered;              /* metered paths are not used */
        struct option_bytes headers;      /* PAIRS */
        struct option_bytes subprotocols; /* STRINGS */
        struct option_bytes open_payload;
        struct option_bytes tls_ca;   /* PEM */
        struct option_bytes tls_pins; /* STRINGS: "sha256//BASE64" */
        bool tls13_only;              /* false: TLS 1.2 and newer */
        char *proxy;
};

/* The defaults. -ENOMEM. */
int channel_options_init(struct channel_options *o);
void channel_options_deinit(struct channel_options *o);

/* A deep copy into an uninitialised struct, so that a set of changes is taken whole or not at all.
 */
int channel_options_copy(struct channel_options *to, const struct channel_options *from);

/* The table, in a fixed order, for decoding and storing: NULL past the end. */
const char *channel_option_key(size_t index);
/* -ENOENT: no such option. */
int channel_option_type(const char *key, enum option_type *ret);

/* Sets one. -ENOENT for an unknown key, -EINVAL for a wrong type or value with a sentence about
 * what was expected in `problem` (without the value itself), -ENOMEM; `o` is unchanged on failure.
 */
int channel_options_set(struct channel_options *o, const char *key,
                        const struct option_value *value, char *problem, size_t problem_size);

/* The present value, borrowed from `o`; `ret_default` says whether it is the default. */
int channel_options_get(const struct channel_options *o, const char *key, struct option_value *ret,
                        bool *ret_default);

/* Whether the values fit each other. -EINVAL with a sentence in `problem`. */
int channel_options_check(const struct channel_options *o, char *problem, size_t problem_size);

/* The part of it that the policy wants; cap 0 becomes `default_cap_usec`. */
void channel_options_policy(const struct channel_options *o, uint64_t default_cap_usec,
                            struct policy_options *ret);
