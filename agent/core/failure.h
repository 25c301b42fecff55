/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the errors of protocols and of the system mean for a channel: one table. A row says of which
 * kind the cause is, and its kind what is to be done (enum cause_class). What stands in no row is
 * of a kind that is tried again. */

#include <stdbool.h>
#include <stddef.h>

#include "cause.h"

enum failure_domain {
        FAILURE_CLOSE_CODE, /* of a WebSocket: RFC 6455 section 7.4.1, and as servers use the rest
                             */
        FAILURE_HTTP,       /* a status */
        FAILURE_MQTT3,      /* return code of a CONNACK, MQTT 3.1.1 section 3.2.2.3 */
        FAILURE_MQTT5,      /* reason code of a CONNACK or DISCONNECT, MQTT 5 section 2.4 */
        FAILURE_TLS,        /* enum failure_tls */
        FAILURE_DNS,        /* of getaddrinfo(3) */
        FAILURE_SOCKET,     /* errno */
        FAILURE_DOMAIN_COUNT
};

/* What the TLS libraries' many codes come to; the ports translate. */
enum failure_tls {
        FAILURE_TLS_CERTIFICATE, /* the server's is not trusted, or ours is not to be used */
        FAILURE_TLS_HANDSHAKE,   /* they do not agree, or it is no TLS */
        FAILURE_TLS_BROKEN,      /* an established session */
};

struct failure {
        enum failure_domain domain;
        int first, last; /* codes */
        enum cause_kind kind;
        bool over_message; /* it may be a message's fault */
};

/* Walks the table; NULL past the end. */
const struct failure *failure_row(size_t index);

/* What a code means. */
struct failure failure_find(enum failure_domain domain, int code);

/* Makes a cause of it, with a sentence. */
void failure_setf(struct cause *cause, enum failure_domain domain, int code, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
