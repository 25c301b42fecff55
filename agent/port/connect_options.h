/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is asked of libcurl: an easy handle that connects, by proxy and with TLS if wanted, and does
 * nothing else. */

#include <curl/curl.h>
#include <stddef.h>

struct address;
struct stream_config;
struct uri;

/* -ENOMEM, or -ENOTSUP when this libcurl cannot do what is needed. */
int connect_options_set(CURL *easy, const struct stream_config *config);

/* The addresses of the host that is connected to, as a value for CURLOPT_RESOLVE that must live as
 * long as the handle connects. NULL without memory. */
struct curl_slist *connect_options_resolve(const char *host, unsigned port,
                                           const struct address *addresses, size_t n_addresses);
