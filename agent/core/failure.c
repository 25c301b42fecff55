/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failure.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>

/* clang-format off */
static const struct failure rows[] = {
        {FAILURE_CLOSE_CODE, 1000, 1001, CAUSE_CLOSED, false}, /* normal, going away */
        {FAILURE_CLOSE_CODE, 1002, 1002, CAUSE_PROTOCOL, false}, /* protocol error */
        {FAILURE_CLOSE_CODE, 1003, 1003, CAUSE_MESSAGE, true}, /* unacceptable kind of data */
        {FAILURE_CLOSE_CODE, 1006, 1006, CAUSE_LOST, false}, /* never on the wire: no close frame */
        {FAILURE_CLOSE_CODE, 1007, 1009, CAUSE_MESSAGE, true}, /* inconsistent, policy, too big */
        {FAILURE_CLOSE_CODE, 1010, 1010, CAUSE_PROTOCOL, false}, /* an extension is missing */
        {FAILURE_CLOSE_CODE, 1011, 1011, CAUSE_UNAVAILABLE, true}, /* internal error */
        {FAILURE_CLOSE_CODE, 1012, 1014, CAUSE_UNAVAILABLE, false}, /* restart, later, gateway */
        {FAILURE_CLOSE_CODE, 3000, 3000, CAUSE_CREDENTIALS, false}, /* unauthorized (IANA) */
        {FAILURE_CLOSE_CODE, 3003, 3003, CAUSE_CREDENTIALS, false}, /* forbidden (IANA) */
        {FAILURE_CLOSE_CODE, 4401, 4401, CAUSE_CREDENTIALS, false},
        {FAILURE_CLOSE_CODE, 4403, 4403, CAUSE_CREDENTIALS, false},
        {FAILURE_CLOSE_CODE, 4429, 4429, CAUSE_UNAVAILABLE, false},

        {FAILURE_HTTP, 204, 204, CAUSE_UNWANTED, false}, /* nothing more, ever (event streams) */
        {FAILURE_HTTP, 200, 299, CAUSE_PROTOCOL, false}, /* a web server, but not this protocol */
        {FAILURE_HTTP, 401, 401, CAUSE_CREDENTIALS, false},
        {FAILURE_HTTP, 403, 403, CAUSE_CREDENTIALS, false},
        {FAILURE_HTTP, 407, 407, CAUSE_CREDENTIALS, false},
        {FAILURE_HTTP, 408, 408, CAUSE_UNAVAILABLE, false}, /* timeout */
        {FAILURE_HTTP, 410, 410, CAUSE_SESSION, false}, /* gone */
        {FAILURE_HTTP, 412, 412, CAUSE_SESSION, false}, /* what we go on from is unknown */
        {FAILURE_HTTP, 425, 425, CAUSE_UNAVAILABLE, false}, /* too early */
        {FAILURE_HTTP, 429, 429, CAUSE_UNAVAILABLE, false}, /* too many */
        {FAILURE_HTTP, 502, 504, CAUSE_UNAVAILABLE, false}, /* of gateways, and overload */
        {FAILURE_HTTP, 500, 999, CAUSE_UNAVAILABLE, true},

        {FAILURE_MQTT3, 1, 1, CAUSE_UNWANTED, false}, /* protocol version */
        {FAILURE_MQTT3, 2, 2, CAUSE_UNWANTED, false}, /* client identifier */
        {FAILURE_MQTT3, 3, 3, CAUSE_UNAVAILABLE, false},
        {FAILURE_MQTT3, 4, 5, CAUSE_CREDENTIALS, false}, /* user or password, not authorized */

        {FAILURE_MQTT5, 0x00, 0x00, CAUSE_CLOSED, false}, /* normal */
        {FAILURE_MQTT5, 0x80, 0x80, CAUSE_UNAVAILABLE, false}, /* unspecified */
        {FAILURE_MQTT5, 0x81, 0x82, CAUSE_PROTOCOL, true}, /* malformed packet, protocol error */
        {FAILURE_MQTT5, 0x83, 0x83, CAUSE_UNAVAILABLE, false}, /* implementation specific */
        {FAILURE_MQTT5, 0x84, 0x85, CAUSE_UNWANTED, false}, /* version, client identifier */
        {FAILURE_MQTT5, 0x86, 0x87, CAUSE_CREDENTIALS, false},
        {FAILURE_MQTT5, 0x88, 0x89, CAUSE_UNAVAILABLE, false}, /* unavailable, busy */
        {FAILURE_MQTT5, 0x8a, 0x8a, CAUSE_UNWANTED, false}, /* banned */
        {FAILURE_MQTT5, 0x8b, 0x8b, CAUSE_UNAVAILABLE, false}, /* shutting down */
        {FAILURE_MQTT5, 0x8c, 0x8c, CAUSE_CREDENTIALS, false}, /* authentication method */
        {FAILURE_MQTT5, 0x8d, 0x8d, CAUSE_LOST, false}, /* keep-alive timeout */
        /* By another client of the same name: at once would be a fight. */
        {FAILURE_MQTT5, 0x8e, 0x8e, CAUSE_UNAVAILABLE, false},
        {FAILURE_MQTT5, 0x8f, 0x8f, CAUSE_REFUSED, false}, /* topic filter */
        {FAILURE_MQTT5, 0x90, 0x90, CAUSE_MESSAGE, true}, /* topic name */
        {FAILURE_MQTT5, 0x91, 0x92, CAUSE_SESSION, false}, /* packet identifiers differ */
        {FAILURE_MQTT5, 0x93, 0x94, CAUSE_PROTOCOL, false}, /* receive maximum, topic alias */
        {FAILURE_MQTT5, 0x95, 0x95, CAUSE_MESSAGE, true}, /* too large */
        {FAILURE_MQTT5, 0x96, 0x98, CAUSE_UNAVAILABLE, false}, /* rate, quota, administration */
        {FAILURE_MQTT5, 0x99, 0x9b, CAUSE_MESSAGE, true}, /* payload format, retain, QoS */
        {FAILURE_MQTT5, 0x9c, 0x9d, CAUSE_UNAVAILABLE, false}, /* another server, moved */
        {FAILURE_MQTT5, 0x9e, 0x9e, CAUSE_REFUSED, false}, /* shared subscriptions */
        {FAILURE_MQTT5, 0x9f, 0x9f, CAUSE_UNAVAILABLE, false}, /* connection rate */
        {FAILURE_MQTT5, 0xa0, 0xa0, CAUSE_CLOSED, false}, /* maximum connect time */
        {FAILURE_MQTT5, 0xa1, 0xa2, CAUSE_REFUSED, false}, /* kinds of subscriptions */

        {FAILURE_TLS, FAILURE_TLS_CERTIFICATE, FAILURE_TLS_CERTIFICATE, CAUSE_CERTIFICATE, false},
        {FAILURE_TLS, FAILURE_TLS_HANDSHAKE, FAILURE_TLS_BROKEN, CAUSE_PROTOCOL, false},

        /* The name server may be wrong about a name for a while, and about the network's end. */
        {FAILURE_DNS, EAI_NONAME, EAI_NONAME, CAUSE_RESOLVE, false},
        {FAILURE_DNS, EAI_AGAIN, EAI_AGAIN, CAUSE_RESOLVE, false},
        {FAILURE_DNS, EAI_FAIL, EAI_FAIL, CAUSE_RESOLVE, false},

        {FAILURE_SOCKET, ENETUNREACH, ENETUNREACH, CAUSE_NO_PATH, false},
        {FAILURE_SOCKET, EHOSTUNREACH, EHOSTUNREACH, CAUSE_NO_PATH, false},
        {FAILURE_SOCKET, ENETDOWN, ENETDOWN, CAUSE_NO_PATH, false},
        {FAILURE_SOCKET, EHOSTDOWN, EHOSTDOWN, CAUSE_NO_PATH, false},
        {FAILURE_SOCKET, ENODEV, ENODEV, CAUSE_NO_PATH, false}, /* what to bind to is gone */
        {FAILURE_SOCKET, ENXIO, ENXIO, CAUSE_NO_PATH, false},
        {FAILURE_SOCKET, EADDRNOTAVAIL, EADDRNOTAVAIL, CAUSE_NO_PATH, false}, /* no source (yet) */
        {FAILURE_SOCKET, EAFNOSUPPORT, EAFNOSUPPORT, CAUSE_NO_PATH, false},
        {FAILURE_SOCKET, EACCES, EACCES, CAUSE_NO_PATH, false}, /* a "prohibit" route, or a firewall */
        {FAILURE_SOCKET, EPERM, EPERM, CAUSE_NO_PATH, false},
        {FAILURE_SOCKET, EINVAL, EINVAL, CAUSE_NO_PATH, false}, /* a "blackhole" route */
        {FAILURE_SOCKET, ECONNREFUSED, ECONNREFUSED, CAUSE_REFUSED, false},
        {FAILURE_SOCKET, ETIMEDOUT, ETIMEDOUT, CAUSE_TIMEOUT, false},
        {FAILURE_SOCKET, ECONNRESET, ECONNRESET, CAUSE_LOST, false},
        {FAILURE_SOCKET, EPIPE, EPIPE, CAUSE_LOST, false},
};
/* clang-format on */

/* Of what stands in no row. */
static const enum cause_kind unknown[FAILURE_DOMAIN_COUNT] = {
        [FAILURE_CLOSE_CODE] = CAUSE_CLOSED, [FAILURE_HTTP] = CAUSE_REFUSED,
        [FAILURE_MQTT3] = CAUSE_REFUSED,     [FAILURE_MQTT5] = CAUSE_UNAVAILABLE,
        [FAILURE_TLS] = CAUSE_PROTOCOL,      [FAILURE_DNS] = CAUSE_RESOLVE,
        [FAILURE_SOCKET] = CAUSE_LOST,
};

const struct failure *failure_row(size_t index) {
        return index < sizeof(rows) / sizeof(rows[0]) ? &rows[index] : NULL;
}

struct failure failure_find(enum failure_domain domain, int code) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (rows[i].domain == domain && code >= rows[i].first && code <= rows[i].last)
                        return rows[i];
        return (struct failure){
                .domain = domain, .first = code, .last = code, .kind = unknown[domain]};
}

void failure_setf(struct cause *cause, enum failure_domain domain, int code, const char *format,
                  ...) {
        struct failure failure = failure_find(domain, code);
        char text[sizeof(cause->text)];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        cause_setf(cause, failure.kind, "%s", text);
        cause->over_message = failure.over_message;
}
