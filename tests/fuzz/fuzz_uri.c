/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A URI that is taken must come apart into parts that build a URI with the same parts. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

static void check_same(const struct uri *uri) {
        bool brackets = strchr(uri->host, ':') != NULL;
        char text[2 * URI_MAX_BYTES], problem[128];
        struct uri again;

        (void)snprintf(text, sizeof(text), "%s://%s%s%s:%u%s", uri->scheme, brackets ? "[" : "",
                       uri->host, brackets ? "]" : "", uri->port, uri->target);
        if (strlen(text) > URI_MAX_BYTES) /* the port was filled in */
                return;
        require(uri_parse(text, &again, problem, sizeof(problem)) == 0);
        require(again.tls == uri->tls && again.port == uri->port &&
                again.is_address == uri->is_address);
        require(strcmp(again.host, uri->host) == 0 && strcmp(again.target, uri->target) == 0);
        require(strpbrk(again.target, " \r\n\t#") == NULL && again.target[0] == '/');
        uri_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char problem[32] = ""; /* short, so that sentences are cut */
        char *text = malloc(size + 1);
        char *shown;
        struct uri uri;

        (void)memcpy(text, data, size);
        text[size] = '\0';
        if (uri_parse(text, &uri, problem, sizeof(problem)) == 0) {
                check_same(&uri);
                uri_deinit(&uri);
        } else {
                require(problem[0] != '\0');
        }
        if (uri_parse_proxy(text, &uri, problem, sizeof(problem)) == 0)
                uri_deinit(&uri);
        shown = uri_redact(text);
        free(shown);
        free(text);
        return 0;
}
