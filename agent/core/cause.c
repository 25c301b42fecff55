/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cause.h"

#include <stdarg.h>
#include <stdio.h>

#include "names.h"
#include "utf8.h"

static const struct {
        const char *error_name;
        enum cause_class class;
} causes[CAUSE_KIND_COUNT] = {
        [CAUSE_NONE] = {"", CAUSE_CLASS_NOW},
        [CAUSE_NO_PATH] = {ERROR_NO_PATH, CAUSE_CLASS_BACKOFF},
        [CAUSE_RESOLVE] = {ERROR_RESOLVE, CAUSE_CLASS_BACKOFF},
        [CAUSE_REFUSED] = {ERROR_REFUSED, CAUSE_CLASS_BACKOFF},
        [CAUSE_TIMEOUT] = {ERROR_TIMEOUT, CAUSE_CLASS_BACKOFF},
        [CAUSE_CERTIFICATE] = {ERROR_CERTIFICATE, CAUSE_CLASS_STOP},
        [CAUSE_PROTOCOL] = {ERROR_PROTOCOL, CAUSE_CLASS_NOW},
        [CAUSE_UNAVAILABLE] = {ERROR_REFUSED, CAUSE_CLASS_BACKOFF},
        [CAUSE_CREDENTIALS] = {ERROR_NEEDS_CREDENTIALS, CAUSE_CLASS_CREDENTIALS},
        [CAUSE_SESSION] = {ERROR_REFUSED, CAUSE_CLASS_NEW_SESSION},
        [CAUSE_UNWANTED] = {ERROR_REFUSED, CAUSE_CLASS_STOP},
        [CAUSE_LOST] = {ERROR_CLOSED, CAUSE_CLASS_NOW},
        [CAUSE_CLOSED] = {ERROR_CLOSED, CAUSE_CLASS_NOW},
        [CAUSE_PATH] = {ERROR_NO_PATH, CAUSE_CLASS_NOW},
        [CAUSE_MESSAGE] = {ERROR_REFUSED, CAUSE_CLASS_NOW},
        [CAUSE_SUSPENDED] = {"", CAUSE_CLASS_NOW},
        [CAUSE_INBOX_FULL] = {ERROR_INBOX_FULL, CAUSE_CLASS_NOW},
        [CAUSE_ORPHANED] = {ERROR_ORPHANED, CAUSE_CLASS_STOP},
        [CAUSE_DENIED] = {ERROR_POLICY_DENIED, CAUSE_CLASS_STOP},
        [CAUSE_GAVE_UP] = {ERROR_GAVE_UP, CAUSE_CLASS_BACKOFF},
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

enum cause_class cause_class(const struct cause *cause) {
        if (cause->retry_after_usec != 0 && !cause_is_final(cause->kind))
                return CAUSE_CLASS_AS_TOLD;
        return causes[cause->kind].class;
}

bool cause_is_final(enum cause_kind kind) {
        return causes[kind].class == CAUSE_CLASS_CREDENTIALS ||
               causes[kind].class == CAUSE_CLASS_STOP;
}
