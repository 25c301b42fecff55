/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failure.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netdb.h>

/* What is to be done about every code that the table names, and about some that it does not. */
static const struct {
        enum failure_domain domain;
        int code;
        enum cause_class class;
        bool over_message;
} wanted[] = {
        {FAILURE_CLOSE_CODE, 1000, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 1001, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 1002, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 1003, CAUSE_CLASS_NOW, true},
        {FAILURE_CLOSE_CODE, 1004, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 1005, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 1006, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 1007, CAUSE_CLASS_NOW, true},
        {FAILURE_CLOSE_CODE, 1008, CAUSE_CLASS_NOW, true},
        {FAILURE_CLOSE_CODE, 1009, CAUSE_CLASS_NOW, true},
        {FAILURE_CLOSE_CODE, 1010, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 1011, CAUSE_CLASS_BACKOFF, true},
        {FAILURE_CLOSE_CODE, 1012, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_CLOSE_CODE, 1013, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_CLOSE_CODE, 1014, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_CLOSE_CODE, 2999, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 3000, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_CLOSE_CODE, 3001, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 3003, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_CLOSE_CODE, 4000, CAUSE_CLASS_NOW, false},
        {FAILURE_CLOSE_CODE, 4401, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_CLOSE_CODE, 4403, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_CLOSE_CODE, 4429, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_CLOSE_CODE, 4999, CAUSE_CLASS_NOW, false},

        {FAILURE_HTTP, 200, CAUSE_CLASS_NOW, false},
        {FAILURE_HTTP, 204, CAUSE_CLASS_STOP, false},
        {FAILURE_HTTP, 299, CAUSE_CLASS_NOW, false},
        {FAILURE_HTTP, 301, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 400, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 401, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_HTTP, 403, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_HTTP, 404, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 407, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_HTTP, 408, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 410, CAUSE_CLASS_NEW_SESSION, false},
        {FAILURE_HTTP, 412, CAUSE_CLASS_NEW_SESSION, false},
        {FAILURE_HTTP, 418, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 425, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 429, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 500, CAUSE_CLASS_BACKOFF, true},
        {FAILURE_HTTP, 501, CAUSE_CLASS_BACKOFF, true},
        {FAILURE_HTTP, 502, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 503, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 504, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_HTTP, 507, CAUSE_CLASS_BACKOFF, true},
        {FAILURE_HTTP, 999, CAUSE_CLASS_BACKOFF, true},

        {FAILURE_MQTT3, 1, CAUSE_CLASS_STOP, false},
        {FAILURE_MQTT3, 2, CAUSE_CLASS_STOP, false},
        {FAILURE_MQTT3, 3, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT3, 4, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_MQTT3, 5, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_MQTT3, 6, CAUSE_CLASS_BACKOFF, false},

        {FAILURE_MQTT5, 0x00, CAUSE_CLASS_NOW, false},
        {FAILURE_MQTT5, 0x04, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x80, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x81, CAUSE_CLASS_NOW, true},
        {FAILURE_MQTT5, 0x82, CAUSE_CLASS_NOW, true},
        {FAILURE_MQTT5, 0x83, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x84, CAUSE_CLASS_STOP, false},
        {FAILURE_MQTT5, 0x85, CAUSE_CLASS_STOP, false},
        {FAILURE_MQTT5, 0x86, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_MQTT5, 0x87, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_MQTT5, 0x88, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x89, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x8a, CAUSE_CLASS_STOP, false},
        {FAILURE_MQTT5, 0x8b, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x8c, CAUSE_CLASS_CREDENTIALS, false},
        {FAILURE_MQTT5, 0x8d, CAUSE_CLASS_NOW, false},
        {FAILURE_MQTT5, 0x8e, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x8f, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x90, CAUSE_CLASS_NOW, true},
        {FAILURE_MQTT5, 0x91, CAUSE_CLASS_NEW_SESSION, false},
        {FAILURE_MQTT5, 0x92, CAUSE_CLASS_NEW_SESSION, false},
        {FAILURE_MQTT5, 0x93, CAUSE_CLASS_NOW, false},
        {FAILURE_MQTT5, 0x94, CAUSE_CLASS_NOW, false},
        {FAILURE_MQTT5, 0x95, CAUSE_CLASS_NOW, true},
        {FAILURE_MQTT5, 0x96, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x97, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x98, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x99, CAUSE_CLASS_NOW, true},
        {FAILURE_MQTT5, 0x9a, CAUSE_CLASS_NOW, true},
        {FAILURE_MQTT5, 0x9b, CAUSE_CLASS_NOW, true},
        {FAILURE_MQTT5, 0x9c, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x9d, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x9e, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0x9f, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0xa0, CAUSE_CLASS_NOW, false},
        {FAILURE_MQTT5, 0xa1, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0xa2, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_MQTT5, 0xff, CAUSE_CLASS_BACKOFF, false},

        {FAILURE_TLS, FAILURE_TLS_CERTIFICATE, CAUSE_CLASS_STOP, false},
        {FAILURE_TLS, FAILURE_TLS_HANDSHAKE, CAUSE_CLASS_NOW, false},
        {FAILURE_TLS, FAILURE_TLS_BROKEN, CAUSE_CLASS_NOW, false},
        {FAILURE_TLS, 99, CAUSE_CLASS_NOW, false},

        {FAILURE_DNS, EAI_NONAME, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_DNS, EAI_AGAIN, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_DNS, EAI_FAIL, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_DNS, EAI_MEMORY, CAUSE_CLASS_BACKOFF, false},

        {FAILURE_SOCKET, ENETUNREACH, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, EHOSTUNREACH, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, ENETDOWN, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, EHOSTDOWN, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, ENODEV, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, ENXIO, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, EADDRNOTAVAIL, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, EAFNOSUPPORT, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, EACCES, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, EPERM, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, EINVAL, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, ECONNREFUSED, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, ETIMEDOUT, CAUSE_CLASS_BACKOFF, false},
        {FAILURE_SOCKET, ECONNRESET, CAUSE_CLASS_NOW, false},
        {FAILURE_SOCKET, EPIPE, CAUSE_CLASS_NOW, false},
        {FAILURE_SOCKET, 0, CAUSE_CLASS_NOW, false},
};

Test(failure, every_code_is_of_its_class) {
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
                struct cause cause;

                failure_setf(&cause, wanted[i].domain, wanted[i].code, "code %d", wanted[i].code);
                cr_assert(eq(int, cause_class(&cause), wanted[i].class), "domain %d, %s",
                          (int)wanted[i].domain, cause.text);
                cr_assert(eq(int, cause.over_message, wanted[i].over_message), "domain %d, %s",
                          (int)wanted[i].domain, cause.text);
        }
}

static bool is_wanted(enum failure_domain domain, int code) {
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
                if (wanted[i].domain == domain && wanted[i].code == code)
                        return true;
        return false;
}

Test(failure, every_row_is_reached_and_stands_above) {
        const struct failure *row;

        for (size_t i = 0; (row = failure_row(i)); i++) {
                cr_assert(le(int, row->first, row->last), "row %zu", i);
                cr_assert(failure_find(row->domain, row->last).kind == row->kind, "row %zu", i);
                cr_assert(is_wanted(row->domain, row->first), "row %zu", i);
                cr_assert(is_wanted(row->domain, row->last), "row %zu", i);
        }
}

Test(failure, unknown_codes_are_tried_again) {
        for (unsigned d = 0; d < FAILURE_DOMAIN_COUNT; d++) {
                struct cause cause;

                failure_setf(&cause, (enum failure_domain)d, 123456, "unknown");
                cr_assert(not(cause_is_final(cause.kind)), "domain %u", d);
                cr_assert(not(cause.over_message), "domain %u", d);
        }
}

Test(failure, clean_end_is_never_final) {
        static const struct failure clean[] = {
                {.domain = FAILURE_CLOSE_CODE, .first = 1000},
                {.domain = FAILURE_CLOSE_CODE, .first = 1001},
                {.domain = FAILURE_CLOSE_CODE, .first = 1005},
                {.domain = FAILURE_HTTP, .first = 200},
                {.domain = FAILURE_MQTT5, .first = 0},
                {.domain = FAILURE_SOCKET, .first = 0},
        };

        for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
                cr_assert(not(cause_is_final(failure_find(clean[i].domain, clean[i].first).kind)),
                          "row %zu", i);
}
