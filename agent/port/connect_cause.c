/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connect_cause.h"

#include <errno.h>
#include <string.h>

bool connect_errno_is_no_path(int error) {
        switch (error) {
        case ENETUNREACH:
        case EHOSTUNREACH:
        case ENETDOWN:
        case EHOSTDOWN:
        case ENODEV: /* the interface to bind to is gone */
        case ENXIO:
        case EADDRNOTAVAIL: /* no source address (yet) */
        case EAFNOSUPPORT:
        case EACCES: /* a "prohibit" route, or a firewall */
        case EPERM:
        case EINVAL: /* a "blackhole" route */
                return true;
        default:
                return false;
        }
}

static void cause_of_errno(const struct connect_failure *f, struct cause *ret) {
        enum cause_kind kind = CAUSE_LOST;

        if (connect_errno_is_no_path(f->error))
                kind = CAUSE_NO_PATH;
        else if (f->error == ECONNREFUSED)
                kind = CAUSE_REFUSED;
        else if (f->error == ETIMEDOUT)
                kind = CAUSE_TIMEOUT;
        cause_setf(ret, kind, "connecting to %s port %u failed: %s", f->host, f->port,
                   f->error > 0 ? strerror(f->error) : curl_easy_strerror(f->result));
}

static void cause_of_proxy(const struct connect_failure *f, struct cause *ret) {
        enum cause_kind kind = cause_of_http_status((unsigned)f->proxy_status);

        /* Fresh credentials for the server cannot help, so it is not final. */
        cause_setf(ret, kind == CAUSE_CREDENTIALS ? CAUSE_REFUSED : kind,
                   "the proxy %s port %u answered with HTTP status %ld", f->host, f->port,
                   f->proxy_status);
}

void connect_cause(const struct connect_failure *f, struct cause *ret) {
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
                cause_setf(ret, CAUSE_CERTIFICATE, "the server's certificate was rejected: %s",
                           f->detail[0] != '\0' ? f->detail : curl_easy_strerror(f->result));
                return;
        case CURLE_OPERATION_TIMEDOUT:
                cause_setf(ret, CAUSE_TIMEOUT, "connecting to %s port %u took too long", f->host,
                           f->port);
                return;
        case CURLE_SSL_CONNECT_ERROR:
                /* The errno may be that of an address tried before. */
                cause_setf(ret,
                           f->error == ECONNRESET || f->error == EPIPE ? CAUSE_LOST
                                                                       : CAUSE_PROTOCOL,
                           "the TLS handshake with %s port %u failed: %s", f->host, f->port,
                           f->detail[0] != '\0' ? f->detail : strerror(f->error));
                return;
        default:
                break;
        }
        cause_of_errno(f, ret);
}
