/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uri.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "cleanup.h"
#include "protocol.h"

#define DIGITS "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct problem {
        char *text;
        size_t size;
};

static int refuse(const struct problem *problem, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static int refuse(const struct problem *problem, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(problem->text, problem->size, format, ap);
        va_end(ap);
        return -EINVAL;
}

static bool only(const char *text, const char *characters) {
        return text[strspn(text, characters)] == '\0';
}

/* What RFC 3986 knows: unreserved, reserved without the brackets, and complete percent-encodings.
 * "#" is among the reserved, but a WebSocket URI has no fragment. */
static int check_target(const char *target, const struct problem *problem) {
        for (const char *p = target; *p; p++) {
                if (strchr(LETTERS DIGITS "-._~:/?@!$&'()*+,;=", *p))
                        continue;
                if (*p == '#')
                        return refuse(problem, "a fragment (#...) is not allowed");
                if (*p != '%')
                        return refuse(problem, "the character %c must be written as %%%02X", *p,
                                      (unsigned char)*p);
                if (strspn(p + 1, HEX_DIGITS) < 2)
                        return refuse(problem, "%% must be followed by two hexadecimal digits");
                p += 2;
        }
        return 0;
}

/* The last label of a name decides: all digits, or 0x and hexadecimal digits, is how some programs
 * spell addresses ("127.1", "0x7f000001"), and no name of the DNS ends so. */
static bool looks_numeric(const char *host) {
        const char *dot = strrchr(host, '.');
        const char *last = dot ? dot + 1 : host;

        if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
                return only(last + 2, HEX_DIGITS);
        return only(last, DIGITS);
}

static int check_name(const char *host, const struct problem *problem) {
        size_t label = 0; /* length of the present one */

        for (const char *p = host; *p; p++) {
                if (*p == '.') {
                        if (label == 0)
                                return refuse(problem, "the host name has an empty label");
                        label = 0;
                        continue;
                }
                if (!strchr(LETTERS DIGITS "-_", *p))
                        return refuse(problem, "the host name must consist of letters, digits, "
                                               "hyphens and dots");
                if (++label > 63)
                        return refuse(problem, "a label of the host name is longer than 63 bytes");
        }
        return label > 0 ? 0 : refuse(problem, "the host name has an empty label");
}

static int parse_host(const char *text, size_t len, struct uri *uri,
                      const struct problem *problem) {
        struct address address;
        bool brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
        int r;

        if (brackets) {
                text++;
                len -= 2;
        } else if (len > 0 && text[len - 1] == '.') {
                len--; /* the root: certificates and the Host header are without it */
        }
        if (len == 0)
                return refuse(problem, "the host is empty");
        if (len > 253)
                return refuse(problem, "the host is longer than 253 bytes");
        for (size_t i = 0; i < len; i++)
                uri->host[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
        uri->host[len] = '\0';

        uri->is_address = address_parse(uri->host, &address) >= 0;
        if (brackets != (uri->is_address && address.family == AF_INET6))
                return refuse(problem, "an IPv6 address must stand in brackets, and only that");
        if (uri->is_address)
                return 0;
        r = check_name(uri->host, problem);
        if (r < 0)
                return r;
        if (looks_numeric(uri->host))
                return refuse(problem, "a numeric host must be four decimal numbers with dots");
        return 0;
}

static int parse_port(const char *text, size_t len, struct uri *uri,
                      const struct problem *problem) {
        unsigned port = 0;

        for (size_t i = 0; i < len && port <= UINT16_MAX; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return refuse(problem, "the port must be a number");
                port = port * 10 + (unsigned)(text[i] - '0');
        }
        if (port == 0 || port > UINT16_MAX)
                return refuse(problem, "the port must be 1 to 65535");
        uri->port = (uint16_t)port;
        return 0;
}

/* HOST[:PORT]; `uri->port` holds the scheme's default. */
static int parse_authority(const char *text, size_t len, struct uri *uri,
                           const struct problem *problem) {
        const char *host_end = text + len;
        const char *colon;
        int r;

        if (memchr(text, '@', len))
                return refuse(problem, "a user name or password is not allowed");
        if (len > 0 && text[0] == '[') {
                const char *bracket = memchr(text, ']', len);

                if (!bracket)
                        return refuse(problem, "the closing bracket of the host is missing");
                host_end = bracket + 1;
                colon = host_end < text + len ? host_end : NULL;
                if (colon && *colon != ':')
                        return refuse(problem, "only a port may follow the host");
        } else {
                colon = memchr(text, ':', len);
                if (colon)
                        host_end = colon;
        }
        r = parse_host(text, (size_t)(host_end - text), uri, problem);
        if (r < 0)
                return r;
        /* RFC 3986 allows an empty port behind the colon. */
        if (!colon || colon + 1 == text + len)
                return 0;
        return parse_port(colon + 1, (size_t)(text + len - colon - 1), uri, problem);
}

static int parse_rest(const char *text, struct uri *uri, const struct problem *problem) {
        size_t len = strcspn(text, "/?#");
        int r;

        r = parse_authority(text, len, uri, problem);
        if (r < 0)
                return r;
        text += len;
        r = check_target(text, problem);
        if (r < 0)
                return r;
        if (asprintf(&uri->target, "%s%s", *text == '/' ? "" : "/", text) < 0) {
                uri->target = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int check_characters(const char *text, const struct problem *problem) {
        if (strlen(text) > URI_MAX_BYTES)
                return refuse(problem, "longer than %d bytes", URI_MAX_BYTES);
        for (; *text; text++)
                if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f)
                        return refuse(problem, "spaces, control and non-ASCII characters are not "
                                               "allowed");
        return 0;
}

/* The first row of the URI's scheme. */
static const struct protocol_row *scheme_of(const char *text) {
        const struct protocol_row *row;

        for (size_t i = 0; (row = protocol_row(i)); i++) {
                size_t len = strlen(row->scheme);

                if (strncasecmp(text, row->scheme, len) == 0 && strncmp(text + len, "://", 3) == 0)
                        return row;
        }
        return NULL;
}

static int refuse_scheme(const struct problem *problem) {
        const struct protocol_row *row;
        char schemes[128] = "";
        size_t len = 0;

        for (size_t i = 0; (row = protocol_row(i)) && len < sizeof(schemes); i++) {
                if (i > 0 && strcmp(row->scheme, protocol_row(i - 1)->scheme) == 0)
                        continue;
                len += (size_t)snprintf(schemes + len, sizeof(schemes) - len, "%s%s://",
                                        i == 0 ? "" : " or ", row->scheme);
        }
        return refuse(problem, "the scheme must be %s", schemes);
}

int uri_parse(const char *text, struct uri *ret, char *problem_text, size_t problem_size) {
        const struct problem problem = {problem_text, problem_size};
        CLEANUP(uri_deinit) struct uri uri = {};
        const struct protocol_row *row;
        int r;

        r = check_characters(text, &problem);
        if (r < 0)
                return r;
        row = scheme_of(text);
        if (!row)
                return refuse_scheme(&problem);
        uri.scheme = row->scheme;
        uri.tls = row->tls;
        uri.port = row->port;
        r = parse_rest(text + strlen(row->scheme) + 3, &uri, &problem);
        if (r < 0)
                return r;
        *ret = uri;
        uri.target = NULL;
        return 0;
}

bool uri_same_place(const struct uri *a, const struct uri *b) {
        size_t len = strcspn(a->target, "?");

        return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 &&
               a->port == b->port && len == strcspn(b->target, "?") &&
               strncmp(a->target, b->target, len) == 0;
}

int uri_parse_proxy(const char *text, struct uri *ret, char *problem_text, size_t problem_size) {
        const struct problem problem = {problem_text, problem_size};
        CLEANUP(uri_deinit) struct uri uri = {.port = 80};
        int r;

        r = check_characters(text, &problem);
        if (r < 0)
                return r;
        if (strncasecmp(text, "http://", 7) != 0)
                return refuse(&problem, "a proxy's scheme must be http://");
        r = parse_rest(text + 7, &uri, &problem);
        if (r < 0)
                return r;
        if (strcmp(uri.target, "/") != 0)
                return refuse(&problem, "nothing may follow a proxy's host and port");
        *ret = uri;
        uri.target = NULL;
        return 0;
}

void uri_deinit(struct uri *uri) {
        free(uri->target);
        uri->target = NULL;
}

char *uri_redact(const char *text) {
        size_t len = strcspn(text, "?");
        char *shown;

        if (asprintf(&shown, "%.*s%s", (int)len, text, text[len] == '?' ? "?…" : "") < 0)
                return NULL;
        return shown;
}
