/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cause.h"

#include <stdarg.h>
#include <stdio.h>

#include "names.h"
#include "utf8.h"

static const struct {
        const char *error_name;
        bool final;
} causes[CAUSE_KIND_COUNT] = {
        [CAUSE_NONE] = {"", false},
        [CAUSE_NO_PATH] = {ERROR_NO_PATH, false},
        [CAUSE_RESOLVE] = {ERROR_RESOLVE, false},
        [CAUSE_REFUSED] = {ERROR_REFUSED, false},
        [CAUSE_TIMEOUT] = {ERROR_TIMEOUT, false},
        [CAUSE_CERTIFICATE] = {ERROR_CERTIFICATE, true},
        [CAUSE_PROTOCOL] = {ERROR_PROTOCOL, false},
        [CAUSE_UNAVAILABLE] = {ERROR_REFUSED, false},
        [CAUSE_CREDENTIALS] = {ERROR_NEEDS_CREDENTIALS, true},
        [CAUSE_LOST] = {ERROR_CLOSED, false},
        [CAUSE_CLOSED] = {ERROR_CLOSED, false},
        [CAUSE_PATH] = {ERROR_NO_PATH, false},
        [CAUSE_MESSAGE] = {ERROR_REFUSED, false},
        [CAUSE_SUSPENDED] = {"", false},
        [CAUSE_INBOX_FULL] = {ERROR_INBOX_FULL, false},
        [CAUSE_ORPHANED] = {ERROR_ORPHANED, true},
        [CAUSE_DENIED] = {ERROR_POLICY_DENIED, true},
        [CAUSE_GAVE_UP] = {ERROR_GAVE_UP, false},
};

void cause_setf(struct cause *cause, enum cause_kind kind, const char *format, ...) {
        va_list ap;

        cause->kind = kind;
        cause->retry_after_usec = 0;
        cause->over_message = false;
        va_start(ap, format);
        (void)vsnprintf(cause->text, sizeof(cause->text), format, ap);
        va_end(ap);
        /* Servers' words may be anything, and the end may be half a character. */
        utf8_repair(cause->text);
}

const char *cause_error_name(enum cause_kind kind) {
        return causes[kind].error_name;
}

bool cause_is_final(enum cause_kind kind) {
        return causes[kind].final;
}

enum cause_kind cause_of_http_status(unsigned status) {
        if (status == 401 || status == 403 || status == 407)
                return CAUSE_CREDENTIALS;
        if (status == 408 || status == 429 || status >= 500)
                return CAUSE_UNAVAILABLE;
        if (status >= 300)
                return CAUSE_REFUSED;
        return CAUSE_PROTOCOL; /* 2xx: a web server, but no WebSocket there */
}

enum cause_kind cause_of_close_code(unsigned code) {
        switch (code) {
        case 1002: /* protocol error */
        case 1010: /* an extension is missing */
                return CAUSE_PROTOCOL;
        case 1003: /* unacceptable kind of data */
        case 1007: /* inconsistent data */
        case 1008: /* against the server's policy */
        case 1009: /* too big */
                return CAUSE_MESSAGE;
        case 1006: /* never on the wire: ended without a close frame */
                return CAUSE_LOST;
        case 1011: /* internal error */
        case 1012: /* service restart */
        case 1013: /* try again later */
        case 1014: /* bad gateway */
        case 4429:
                return CAUSE_UNAVAILABLE;
        case 3000: /* unauthorized, as registered with IANA */
        case 3003: /* forbidden */
        case 4401:
        case 4403:
                return CAUSE_CREDENTIALS;
        default:
                return CAUSE_CLOSED;
        }
}
