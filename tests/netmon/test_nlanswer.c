/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nlanswer.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define SEQ 7
#define DATA NLMSG_MIN_TYPE

static _Alignas(struct nlmsghdr) uint8_t datagram[256];
static size_t len;

static void put(uint16_t type, uint16_t flags, uint32_t seq, size_t payload_len, int result) {
        const struct nlmsghdr header = {
                .nlmsg_len = (uint32_t)(sizeof(header) + payload_len),
                .nlmsg_type = type,
                .nlmsg_flags = flags,
                .nlmsg_seq = seq,
        };

        memcpy(datagram + len, &header, sizeof(header));
        memcpy(datagram + len + sizeof(header), &result, sizeof(result));
        len += NLMSG_ALIGN(sizeof(header) + payload_len);
}

static void setup(void) {
        len = 0;
}

TestSuite(nlanswer, .init = setup);

/* How many messages it has; *ret_result is 1 when it does not end here. */
static size_t count(struct nlanswer *answer, int *ret_result) {
        const struct nlmsghdr *nlh = NULL;
        const void *data = datagram;
        size_t left = len, n = 0;

        for (;;) {
                switch (nlanswer_take(answer, &data, &left, &nlh, ret_result)) {
                case NLANSWER_NOTHING:
                        *ret_result = 1;
                        return n;
                case NLANSWER_MESSAGE:
                        cr_assert(eq(u32, nlh->nlmsg_seq, SEQ));
                        cr_assert(eq(int, nlh->nlmsg_type, DATA));
                        n++;
                        break;
                case NLANSWER_END:
                        return n;
                }
        }
}

Test(nlanswer, one_message_among_those_of_others) {
        struct nlanswer answer = {.seq = SEQ};
        int result;

        put(DATA, 0, SEQ - 1, 8, 0);
        put(DATA, 0, SEQ, 8, 0);
        put(NLMSG_ERROR, 0, 0, 20, -EPERM);
        put(NLMSG_NOOP, 0, SEQ, 0, 0);
        cr_assert(eq(sz, count(&answer, &result), 1));
        cr_assert(eq(int, result, 1));
}

Test(nlanswer, ends) {
        static const struct {
                uint16_t type;
                size_t payload_len;
                int told, expected;
        } rows[] = {
                {NLMSG_DONE, 4, 0, 0},          {NLMSG_DONE, 4, -EMSGSIZE, -EMSGSIZE},
                {NLMSG_DONE, 0, 0, -EBADMSG},   {NLMSG_ERROR, 20, -ENETUNREACH, -ENETUNREACH},
                {NLMSG_ERROR, 20, 0, 0}, /* what was asked for has been done */
                {NLMSG_ERROR, 20, 5, -EBADMSG}, {NLMSG_ERROR, 3, -EPERM, -EBADMSG},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct nlanswer answer = {.seq = SEQ};
                int result;

                len = 0;
                put(DATA, NLM_F_MULTI, SEQ, 8, 0);
                put(rows[i].type, NLM_F_MULTI, SEQ, rows[i].payload_len, rows[i].told);
                put(DATA, NLM_F_MULTI, SEQ, 8, 0);
                cr_assert(eq(sz, count(&answer, &result), 1));
                cr_assert(eq(int, result, rows[i].expected), "row %zu", i);
        }
}

/* The kernel says it once, in whatever message comes next. */
Test(nlanswer, interruption_counts_in_later_datagrams) {
        struct nlanswer answer = {.seq = SEQ};
        int result;

        put(DATA, NLM_F_MULTI | NLM_F_DUMP_INTR, SEQ, 8, 0);
        cr_assert(eq(sz, count(&answer, &result), 1));
        cr_assert(eq(int, result, 1));
        len = 0;
        put(DATA, NLM_F_MULTI, SEQ, 8, 0);
        put(NLMSG_DONE, NLM_F_MULTI, SEQ, 4, 0);
        cr_assert(eq(sz, count(&answer, &result), 1));
        cr_assert(eq(int, result, -EINTR));
}

Test(nlanswer, interruption_of_another_dump_is_none_of_this) {
        struct nlanswer answer = {.seq = SEQ};
        int result;

        put(DATA, NLM_F_MULTI | NLM_F_DUMP_INTR, SEQ - 1, 8, 0);
        put(NLMSG_DONE, NLM_F_MULTI, SEQ, 4, 0);
        cr_assert(eq(sz, count(&answer, &result), 0));
        cr_assert(eq(int, result, 0));
}

Test(nlanswer, interruption_is_told_at_the_very_end_too) {
        struct nlanswer answer = {.seq = SEQ};
        int result;

        put(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, SEQ, 4, 0);
        cr_assert(eq(sz, count(&answer, &result), 0));
        cr_assert(eq(int, result, -EINTR));
}
