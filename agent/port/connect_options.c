/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connect_options.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "stream.h"

/* Sets an option; remembers the first failure in the variable `result`. */
#define SET(easy, option, value)                                              \
        do {                                                                  \
                CURLcode code_ = curl_easy_setopt((easy), (option), (value)); \
                                                                              \
                if (result == CURLE_OK)                                       \
                        result = code_;                                       \
        } while (false)

/* Of TLS itself: a renegotiation could keep us writing without end, and a server that closes
 * without a TLS goodbye is an end of stream like any other (frames have their lengths). */
static CURLcode on_ssl_context(CURL *easy, void *context, void *userdata) {
        (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
        return CURLE_OK;
}

/* "sha256//A;sha256//B" from strings one after the other. NULL without memory. */
static char *join_pins(const char *pins, size_t len) {
        char *joined = malloc(len);

        if (!joined)
                return NULL;
        (void)memcpy(joined, pins, len);
        for (size_t i = 0; i + 1 < len; i++)
                if (joined[i] == '\0')
                        joined[i] = ';';
        return joined;
}

static CURLcode set_tls(CURL *easy, const struct stream_config *config) {
        CURLcode result = CURLE_OK;

        SET(easy, CURLOPT_SSLVERSION,
            (long)(config->tls13_only ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2));
        SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
        SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
        SET(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
        SET(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* it would die with this handle */
        if (config->tls_ca_len > 0) {
                struct curl_blob ca = {
                        .data = (void *)config->tls_ca,
                        .len = config->tls_ca_len,
                        .flags = CURL_BLOB_COPY,
                };

                SET(easy, CURLOPT_CAINFO_BLOB, &ca);
                SET(easy, CURLOPT_CAPATH, NULL); /* else that would be trusted too */
        } else if (curl_version_info(CURLVERSION_NOW)->cainfo) {
                /* The bundle alone is parsed once and shared by all connections; together with the
                 * directory each connection would parse its own, 900 kB and 30 ms of it. */
                SET(easy, CURLOPT_CAPATH, NULL);
        }
        if (config->tls_pins_len > 0) {
                CLEANUP(freep) char *pins = join_pins(config->tls_pins, config->tls_pins_len);

                SET(easy, CURLOPT_PINNEDPUBLICKEY, pins);
                if (!pins)
                        result = CURLE_OUT_OF_MEMORY;
        }
        return result;
}

static void format_uri(const struct uri *uri, const char *scheme, char *text, size_t size) {
        bool brackets = strchr(uri->host, ':') != NULL;

        (void)snprintf(text, size, "%s://%s%s%s:%u/", scheme, brackets ? "[" : "", uri->host,
                       brackets ? "]" : "", uri->port);
}

static CURLcode set_target(CURL *easy, const struct stream_config *config) {
        char text[URI_HOST_SIZE + 32];
        CURLcode result = CURLE_OK;

        format_uri(config->uri, config->uri->tls ? "https" : "http", text, sizeof(text));
        SET(easy, CURLOPT_URL, text);
        /* An empty string keeps the environment's proxies out. */
        SET(easy, CURLOPT_NOPROXY, "");
        if (config->proxy) {
                format_uri(config->proxy, "http", text, sizeof(text));
                SET(easy, CURLOPT_PROXY, text);
                SET(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
        } else {
                SET(easy, CURLOPT_PROXY, "");
        }
        SET(easy, CURLOPT_CONNECT_ONLY, 1L);
        SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* and no h2 in ALPN */
        SET(easy, CURLOPT_NOSIGNAL, 1L);
        SET(easy, CURLOPT_QUICK_EXIT, 1L); /* never wait for a resolver thread */
        return result;
}

int connect_options_set(CURL *easy, const struct stream_config *config) {
        CURLcode result;

        result = set_target(easy, config);
        if (result == CURLE_OK && config->uri->tls)
                result = set_tls(easy, config);
        if (result != CURLE_OK)
                return result == CURLE_OUT_OF_MEMORY ? -ENOMEM : -ENOTSUP;
        return 0;
}

/* "HOST:PORT:[ADDRESS],[ADDRESS]" */
struct curl_slist *connect_options_resolve(const char *host, unsigned port,
                                           const struct address *addresses, size_t n_addresses) {
        CLEANUP(freep) char *entry = NULL;
        size_t size;
        FILE *file;

        file = open_memstream(&entry, &size);
        if (!file)
                return NULL;
        (void)fprintf(file, "%s:%u:", host, port);
        for (size_t i = 0; i < n_addresses; i++) {
                char address[ADDRESS_TEXT_SIZE];

                address_format(&addresses[i], address);
                (void)fprintf(file, "%s[%s]", i > 0 ? "," : "", address);
        }
        if (fclose(file) != 0)
                return NULL;
        return curl_slist_append(NULL, entry);
}
