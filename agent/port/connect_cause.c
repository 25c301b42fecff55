/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connect_cause.h"

#include <errno.h>
#include <string.h>

#include "failure.h"

#define TLS_FAILED "the TLS handshake with %s port %u failed: %s"

static void cause_of_errno(const struct connect_failure *f, struct cause *ret) {
        failure_setf(ret, FAILURE_SOCKET, f->error, "connecting to %s port %u failed: %s", f->host,
                     f->port, f->error > 0 ? strerror(f->error) : curl_easy_strerror(f->result));
}

static void cause_of_proxy(const struct connect_failure *f, struct cause *ret) {
        failure_setf(ret, FAILURE_HTTP, (int)f->proxy_status,
                     "the proxy %s port %u answered with HTTP status %ld", f->host, f->port,
                     f->proxy_status);
        /* What the server would mean by it for ever: fresh credentials for it cannot help. */
        if (cause_class(ret) != CAUSE_CLASS_BACKOFF)
                ret->kind = CAUSE_REFUSED;
        ret->over_message = false;
}

void connect_cause(const struct connect_failure *f, struct cause *ret) {
        const char *detail = f->detail[0] != '\0' ? f->detail : strerror(f->error);

        if (f->proxy_status >= 300) {
                cause_of_proxy(f, ret);
                return;
        }
        switch ((int)f->result) { /* of libcurl, and open-ended */
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS:
                failure_setf(ret, FAILURE_TLS, FAILURE_TLS_CERTIFICATE,
                             "the server's certificate was rejected: %s",
                             f->detail[0] != '\0' ? f->detail : curl_easy_strerror(f->result));
                return;
        case CURLE_OPERATION_TIMEDOUT:
                failure_setf(ret, FAILURE_SOCKET, ETIMEDOUT,
                             "connecting to %s port %u took too long", f->host, f->port);
                return;
        case CURLE_SSL_CONNECT_ERROR:
                /* The errno may be that of an address tried before. */
                if (f->error == ECONNRESET || f->error == EPIPE)
                        failure_setf(ret, FAILURE_SOCKET, f->error, TLS_FAILED, f->host, f->port,
                                     detail);
                else
                        failure_setf(ret, FAILURE_TLS, FAILURE_TLS_HANDSHAKE, TLS_FAILED, f->host,
                                     f->port, detail);
                return;
        default:
                break;
        }
        cause_of_errno(f, ret);
}
