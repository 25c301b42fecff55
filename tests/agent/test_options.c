/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define SEC UINT64_C(1000000)

static struct channel_options options;
static char problem[256];

static void setup(void) {
        cr_assert(channel_options_init(&options) == 0);
}

static void teardown(void) {
        channel_options_deinit(&options);
}

TestSuite(options, .init = setup, .fini = teardown);

static int set(const char *key, struct option_value value) {
        problem[0] = '\0';
        return channel_options_set(&options, key, &value, problem, sizeof(problem));
}

static struct option_value text(const char *s) {
        return (struct option_value){.type = OPTION_STRING, .data = s, .len = strlen(s)};
}

static struct option_value number(uint64_t n) {
        return (struct option_value){.type = OPTION_U64, .number = n};
}

static struct option_value small(uint32_t n) {
        return (struct option_value){.type = OPTION_U32, .number = n};
}

static struct option_value bytes(enum option_type type, const void *data, size_t len) {
        return (struct option_value){.type = type, .data = data, .len = len};
}

Test(options, defaults_are_those_of_the_contract) {
        cr_assert(eq(str, options.protocol, ""));
        cr_assert(options.persistent);
        cr_assert(not(options.classic));
        cr_assert(eq(u64, options.backoff_first_usec, SEC));
        cr_assert(eq(u64, options.backoff_cap_usec, 0));
        cr_assert(options.backoff_factor == 2.0 && options.backoff_jitter == 0.5);
        cr_assert(eq(u32, options.max_attempts, 10));
        cr_assert(not(options.give_up_stop));
        cr_assert(eq(u64, options.good_after_usec, 30 * SEC));
        cr_assert(eq(u64, options.linger_usec, 5 * SEC));
        cr_assert(eq(u64, options.connect_timeout_usec, 15 * SEC));
        cr_assert(eq(u64, options.open_timeout_usec, 10 * SEC));
        cr_assert(eq(u64, options.ping_interval_usec, 0));
        cr_assert(eq(u64, options.ping_timeout_usec, 10 * SEC));
        cr_assert(eq(u32, options.in_flight, 64));
        cr_assert(eq(u64, options.in_flight_bytes, 256 << 10));
        cr_assert(eq(u64, options.max_message_bytes, 1 << 20));
        cr_assert(eq(u64, options.queue_messages, 10000));
        cr_assert(eq(u64, options.queue_bytes, 64 << 20));
        cr_assert(eq(u64, options.inbox_messages, 10000));
        cr_assert(eq(u64, options.inbox_bytes, 64 << 20));
        cr_assert(not(options.queue_drop_oldest || options.inbox_drop_oldest));
        cr_assert(not(options.at_most_once || options.frame_text || options.overlap));
        cr_assert(not(options.refuse_metered || options.tls13_only));
        cr_assert(eq(str, options.proxy, ""));
}

Test(options, every_key_reads_back_as_default) {
        const char *key;
        size_t n = 0;

        for (; (key = channel_option_key(n)); n++) {
                struct option_value value;
                enum option_type type;
                bool is_default = false;

                cr_assert(eq(int, channel_option_type(key, &type), 0));
                cr_assert(eq(int, channel_options_get(&options, key, &value, &is_default), 0));
                cr_assert(is_default, "%s", key);
                cr_assert(eq(int, (int)value.type, (int)type), "%s", key);
                /* What was got can be set: stored options come back. */
                cr_assert(eq(int, set(key, value), 0), "%s: %s", key, problem);
        }
        cr_assert(eq(sz, n, 38));
}

Test(options, unknown_key_and_wrong_type) {
        enum option_type type;

        cr_assert(eq(int, set("colour", text("red")), -ENOENT));
        cr_assert(eq(str, problem, "colour: no such option"));
        cr_assert(eq(int, channel_option_type("colour", &type), -ENOENT));
        cr_assert(eq(int, set("ttl", text("1")), -EINVAL));
        cr_assert(eq(str, problem, "ttl: expected type t"));
        cr_assert(eq(int, set("headers", bytes(OPTION_STRINGS, "", 0)), -EINVAL));
        cr_assert(eq(str, problem, "headers: expected type a{ss}"));
}

Test(options, numbers_have_ranges) {
        cr_assert(eq(int, set("in-flight", small(0)), -EINVAL));
        cr_assert(eq(str, problem, "in-flight: expected a number from 1 to 65536"));
        cr_assert(eq(int, set("connect-timeout", number(UINT64_MAX)), -EINVAL));
        cr_assert(eq(int, set("ping-interval", number(1)), -EINVAL));
        cr_assert(eq(int, set("ping-interval", number(0)), 0));
        cr_assert(eq(int, set("ping-interval", number(UINT64_MAX)), 0));
        cr_assert(eq(u64, options.ping_interval_usec, UINT64_MAX));
        cr_assert(eq(u32, options.in_flight, 64));
}

Test(options, reals_have_ranges_and_are_numbers) {
        static const double wrong[] = {0.99, 10.1, -1.0, NAN, INFINITY};

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                cr_assert(eq(int,
                             set("backoff-factor",
                                 (struct option_value){.type = OPTION_DOUBLE, .real = wrong[i]}),
                             -EINVAL));
        cr_assert(options.backoff_factor == 2.0);
}

Test(options, words_are_checked) {
        cr_assert(eq(int, set("give-up", text("stop")), 0));
        cr_assert(options.give_up_stop);
        cr_assert(eq(int, set("give-up", text("never")), -EINVAL));
        cr_assert(eq(str, problem, "give-up: expected \"slow\" or \"stop\""));
        cr_assert(options.give_up_stop);
        cr_assert(eq(int, set("protocol", text("mqtt")), -EINVAL));
        cr_assert(eq(int, set("label", text("a\nb")), -EINVAL));
}

Test(options, lists_are_checked_string_by_string) {
        cr_assert(eq(int, set("headers", bytes(OPTION_PAIRS, "A\0b\0C\0\0", 7)), 0));
        cr_assert(eq(sz, options.headers.len, 7));
        cr_assert(eq(int, set("headers", bytes(OPTION_PAIRS, "Host\0evil\0", 10)), -EINVAL));
        cr_assert(eq(int, set("headers", bytes(OPTION_PAIRS, "A\0b\r\nC: d\0", 10)), -EINVAL));
        cr_assert(eq(sz, options.headers.len, 7));
        cr_assert(eq(int, set("subprotocols", bytes(OPTION_STRINGS, "chat\0v2.x\0", 10)), 0));
        cr_assert(eq(int, set("subprotocols", bytes(OPTION_STRINGS, "a,b\0", 4)), -EINVAL));
        cr_assert(eq(int, set("subprotocols", bytes(OPTION_STRINGS, "\0", 1)), -EINVAL));
}

Test(options, refused_values_are_not_repeated_to_the_caller) {
        (void)set("headers", bytes(OPTION_PAIRS, "Host\0secret\0", 12));
        cr_assert(strstr(problem, "secret") == NULL);
}

Test(options, values_must_fit_each_other) {
        char small_message[] = "more than eight bytes";

        cr_assert(eq(int, channel_options_check(&options, problem, sizeof(problem)), 0));
        cr_assert(eq(int, set("open-payload", bytes(OPTION_BYTES, small_message, 21)), 0));
        cr_assert(eq(int, set("max-message", number(8)), 0));
        cr_assert(eq(int, channel_options_check(&options, problem, sizeof(problem)), -EINVAL));
        cr_assert(eq(int, set("max-message", number(100)), 0));
        cr_assert(eq(int, channel_options_check(&options, problem, sizeof(problem)), 0));
        cr_assert(eq(int, set("open-payload", bytes(OPTION_BYTES, "\xff", 1)), 0));
        cr_assert(eq(int, set("frame", text("text")), 0));
        cr_assert(eq(int, channel_options_check(&options, problem, sizeof(problem)), -EINVAL));
}

Test(options, copies_own_their_values) {
        struct channel_options copy;

        cr_assert(eq(int, set("label", text("one")), 0));
        cr_assert(eq(int, set("tls-ca", bytes(OPTION_BYTES, "PEM", 3)), 0));
        cr_assert(eq(int, channel_options_copy(&copy, &options), 0));
        cr_assert(eq(int, set("label", text("two")), 0));
        cr_assert(eq(int, set("tls-ca", bytes(OPTION_BYTES, "", 0)), 0));
        cr_assert(eq(str, copy.label, "one"));
        cr_assert(eq(sz, copy.tls_ca.len, 3));
        cr_assert(eq(int, memcmp(copy.tls_ca.data, "PEM", 3), 0));
        channel_options_deinit(&copy);
}

Test(options, policy_gets_the_default_cap_only_when_none_is_set) {
        struct policy_options policy;

        channel_options_policy(&options, 60 * SEC, &policy);
        cr_assert(eq(u64, policy.cap_usec, 60 * SEC));
        cr_assert(eq(int, set("backoff-cap", number(7 * SEC)), 0));
        channel_options_policy(&options, 60 * SEC, &policy);
        cr_assert(eq(u64, policy.cap_usec, 7 * SEC));
}
