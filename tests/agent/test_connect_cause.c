/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connect_cause.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

Test(connect_cause, kinds) {
        static const struct {
                CURLcode result;
                int error;
                long proxy_status;
                const char *detail;
                enum cause_kind kind;
                const char *text; /* a part of it */
        } rows[] = {
                {CURLE_COULDNT_CONNECT, ECONNREFUSED, 0, "", CAUSE_REFUSED, "h port 7"},
                {CURLE_COULDNT_CONNECT, ECONNREFUSED, 0, "", CAUSE_REFUSED, "refused"},
                {CURLE_COULDNT_CONNECT, ENETUNREACH, 0, "", CAUSE_NO_PATH, "unreachable"},
                {CURLE_COULDNT_CONNECT, EHOSTUNREACH, 0, "", CAUSE_NO_PATH, "No route"},
                {CURLE_COULDNT_CONNECT, EADDRNOTAVAIL, 0, "", CAUSE_NO_PATH, "h port 7"},
                {CURLE_ABORTED_BY_CALLBACK, ENODEV, 0, "", CAUSE_NO_PATH, "No such device"},
                {CURLE_COULDNT_CONNECT, EACCES, 0, "", CAUSE_NO_PATH, "denied"},
                {CURLE_COULDNT_CONNECT, ETIMEDOUT, 0, "", CAUSE_TIMEOUT, "timed out"},
                {CURLE_COULDNT_CONNECT, ECONNRESET, 0, "", CAUSE_LOST, "reset"},
                {CURLE_COULDNT_CONNECT, 0, 0, "", CAUSE_LOST, "h port 7"},
                {CURLE_OPERATION_TIMEDOUT, 0, 0, "", CAUSE_TIMEOUT, "too long"},
                {CURLE_PEER_FAILED_VERIFICATION, 0, 0, "it has expired", CAUSE_CERTIFICATE,
                 "it has expired"},
                {CURLE_PEER_FAILED_VERIFICATION, 0, 0, "", CAUSE_CERTIFICATE, "certificate"},
                {CURLE_SSL_PINNEDPUBKEYNOTMATCH, 0, 0, "", CAUSE_CERTIFICATE, "certificate"},
                {CURLE_SSL_CACERT_BADFILE, 0, 0, "", CAUSE_CERTIFICATE, "certificate"},
                {CURLE_SSL_CONNECT_ERROR, 0, 0, "wrong version", CAUSE_PROTOCOL, "wrong version"},
                /* The errno of an address that was tried before. */
                {CURLE_SSL_CONNECT_ERROR, ECONNREFUSED, 0, "x", CAUSE_PROTOCOL, "TLS"},
                {CURLE_SSL_CONNECT_ERROR, ECONNRESET, 0, "", CAUSE_LOST, "TLS"},
                {CURLE_SSL_CONNECT_ERROR, EPIPE, 0, "", CAUSE_LOST, "TLS"},
                {CURLE_RECV_ERROR, 0, 403, "", CAUSE_REFUSED, "403"},
                {CURLE_RECV_ERROR, 0, 407, "", CAUSE_REFUSED, "407"},
                {CURLE_RECV_ERROR, 0, 404, "", CAUSE_REFUSED, "404"},
                {CURLE_RECV_ERROR, 0, 503, "", CAUSE_UNAVAILABLE, "503"},
                {CURLE_RECV_ERROR, 0, 200, "", CAUSE_LOST, "h port 7"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct connect_failure failure = {
                        .result = rows[i].result,
                        .error = rows[i].error,
                        .proxy_status = rows[i].proxy_status,
                        .host = "h",
                        .port = 7,
                        .detail = rows[i].detail,
                };
                struct cause cause = {};

                connect_cause(&failure, &cause);
                cr_assert(eq(int, cause.kind, rows[i].kind), "row %zu: %s", i, cause.text);
                cr_assert(strstr(cause.text, rows[i].text) != NULL, "row %zu: %s", i, cause.text);
        }
}
