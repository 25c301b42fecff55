/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why libcurl could not connect, as a cause. */

#include <curl/curl.h>

#include "cause.h"

struct connect_failure {
        CURLcode result;
        int error;         /* the kernel's last errno, 0 if none */
        long proxy_status; /* the proxy's answer to CONNECT, 0 if none */
        const char *host;  /* that was connected to: the proxy if there is one */
        unsigned port;
        const char *detail; /* libcurl's own words, for certificates */
};

void connect_cause(const struct connect_failure *failure, struct cause *ret);
