/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "failure.h"
#include "text.h"

/* Strings one after the other, each with its terminator, end here; no strings may be NULL. */
static const char *strings_end(const void *strings, size_t len) {
        return len > 0 ? (const char *)strings + len : strings;
}

static const char *next_string(const char *string) {
        return string + strlen(string) + 1;
}

static void write_host(FILE *file, const struct uri *uri) {
        bool brackets = strchr(uri->host, ':') != NULL;

        (void)fprintf(file, "Host: %s%s%s", brackets ? "[" : "", uri->host, brackets ? "]" : "");
        if (uri->port != (uri->tls ? 443 : 80))
                (void)fprintf(file, ":%u", uri->port);
        (void)fprintf(file, "\r\n");
}

char *upgrade_request(const struct uri *uri, const char key[UPGRADE_KEY_SIZE], const void *headers,
                      size_t headers_len, const void *subprotocols, size_t subprotocols_len) {
        const char *headers_end = strings_end(headers, headers_len);
        const char *subprotocols_end = strings_end(subprotocols, subprotocols_len);
        char *request = NULL;
        size_t size;
        FILE *file = open_memstream(&request, &size);

        if (!file)
                return NULL;
        (void)fprintf(file, "GET %s HTTP/1.1\r\n", uri->target);
        write_host(file, uri);
        (void)fprintf(file,
                      "Upgrade: websocket\r\n"
                      "Connection: Upgrade\r\n"
                      "Sec-WebSocket-Key: %s\r\n"
                      "Sec-WebSocket-Version: 13\r\n",
                      key);
        for (const char *p = subprotocols; p != subprotocols_end; p = next_string(p))
                (void)fprintf(file, "%s%s", p == subprotocols ? "Sec-WebSocket-Protocol: " : ", ",
                              p);
        if (subprotocols_len > 0)
                (void)fprintf(file, "\r\n");
        for (const char *p = headers; p != headers_end; p = next_string(next_string(p)))
                (void)fprintf(file, "%s: %s\r\n", p, next_string(p));
        (void)fprintf(file, "\r\n");
        if (fclose(file) != 0) {
                free(request);
                return NULL;
        }
        return request;
}

/* A comma-separated list has the token, in any case of letters. */
static bool list_has(const char *list, const char *token) {
        size_t len = strlen(token);

        while (*list) {
                list += strspn(list, " \t,");
                if (strncasecmp(list, token, len) == 0 && strchr(" \t,", list[len]))
                        return true; /* strchr() finds the end of the string too */
                list += strcspn(list, ",");
        }
        return false;
}

/* Copies what fits whole; else leaves "", which equals nothing that is expected. */
static void keep(char *to, size_t size, const char *value) {
        to[0] = '\0';
        if (strlen(value) < size)
                (void)strcpy(to, value);
}

static void take_header(struct upgrade *u, const char *name, const char *value) {
        if (strcasecmp(name, "Upgrade") == 0) {
                u->upgrade = u->upgrade || list_has(value, "websocket");
        } else if (strcasecmp(name, "Connection") == 0) {
                u->connection = u->connection || list_has(value, "Upgrade");
        } else if (strcasecmp(name, "Sec-WebSocket-Accept") == 0) {
                u->n_accepts++;
                keep(u->accept, sizeof(u->accept), value);
        } else if (strcasecmp(name, "Sec-WebSocket-Protocol") == 0) {
                u->n_subprotocols++;
                keep(u->subprotocol, sizeof(u->subprotocol), value);
        } else if (strcasecmp(name, "Sec-WebSocket-Extensions") == 0) {
                u->extensions = u->extensions || value[0] != '\0';
        } else if (strcasecmp(name, "Retry-After") == 0) {
                keep(u->retry_after, sizeof(u->retry_after), value);
        }
}

/* "NAME: VALUE", with no space in front of the colon nor of the line (RFC 9112 section 5). */
static enum upgrade_verdict header_line(struct upgrade *u) {
        char *colon = strchr(u->line, ':');
        char *value, *end;

        if (!colon)
                return UPGRADE_GARBAGE;
        *colon = '\0';
        if (!text_is_token(u->line))
                return UPGRADE_GARBAGE;
        value = colon + 1 + strspn(colon + 1, " \t");
        for (end = value + strlen(value); end > value && strchr(" \t", end[-1]);)
                *--end = '\0';
        take_header(u, u->line, value);
        return UPGRADE_MORE;
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

/* "HTTP/1.1 101 Switching Protocols" */
static enum upgrade_verdict status_line(struct upgrade *u) {
        const char *p = u->line;

        if (u->line_len < 12 || !is_digit(p[7]) || p[8] != ' ' || p[9] < '1' || p[9] > '5' ||
            !is_digit(p[10]) || !is_digit(p[11]) || (p[12] != ' ' && p[12] != '\0'))
                return UPGRADE_GARBAGE;
        u->status = (unsigned)((p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0'));
        return UPGRADE_MORE;
}

static enum upgrade_verdict empty_line(struct upgrade *u) {
        if (u->status == 0)
                return UPGRADE_GARBAGE;
        if (u->status >= 200 || u->status == 101)
                return UPGRADE_DONE;
        /* An interim response says nothing; the next one counts, and the limit goes on. */
        *u = (struct upgrade){.total = u->total};
        return UPGRADE_MORE;
}

static enum upgrade_verdict end_line(struct upgrade *u) {
        enum upgrade_verdict verdict;

        if (u->line_len > 0 && u->line[u->line_len - 1] == '\r')
                u->line_len--;
        u->line[u->line_len] = '\0';
        if (u->line_len == 0)
                return empty_line(u);
        verdict = u->status == 0 ? status_line(u) : header_line(u);
        u->line_len = 0;
        return verdict;
}

static enum upgrade_verdict take_byte(struct upgrade *u, char c) {
        static const char start[] = "HTTP/1.";

        if (++u->total > UPGRADE_MAX_BYTES)
                return UPGRADE_TOO_LONG;
        if (c == '\n')
                return end_line(u);
        if (c == '\0')
                return UPGRADE_GARBAGE;
        /* Foreign protocols are told at their first bytes, they may never send a line. */
        if (u->status == 0 && u->line_len < strlen(start) && c != start[u->line_len])
                return UPGRADE_GARBAGE;
        if (u->line_len == sizeof(u->line) - 1)
                return UPGRADE_TOO_LONG;
        u->line[u->line_len++] = c;
        return UPGRADE_MORE;
}

enum upgrade_verdict upgrade_feed(struct upgrade *u, const void *data, size_t len,
                                  size_t *ret_used) {
        enum upgrade_verdict verdict = UPGRADE_MORE;
        size_t used = 0;

        while (used < len && verdict == UPGRADE_MORE)
                verdict = take_byte(u, ((const char *)data)[used++]);
        *ret_used = used;
        return verdict;
}

static bool was_offered(const char *subprotocol, const void *subprotocols, size_t len) {
        const char *end = strings_end(subprotocols, len);

        for (const char *p = subprotocols; p != end; p = next_string(p))
                if (strcmp(p, subprotocol) == 0)
                        return true;
        return false;
}

bool upgrade_accepted(const struct upgrade *u, const char accept[UPGRADE_ACCEPT_SIZE],
                      const void *subprotocols, size_t subprotocols_len, struct cause *ret) {
        if (u->status >= 200 && u->status < 300)
                cause_setf(ret, CAUSE_PROTOCOL,
                           "the server answered the WebSocket upgrade with HTTP status %u",
                           u->status);
        else if (u->status != 101)
                failure_setf(ret, FAILURE_HTTP, (int)u->status,
                             "the server answered the WebSocket upgrade with HTTP status %u",
                             u->status);
        else if (!u->upgrade || !u->connection)
                cause_setf(ret, CAUSE_PROTOCOL,
                           "the server switched to something else than WebSocket");
        else if (u->n_accepts != 1 || strcmp(u->accept, accept) != 0)
                cause_setf(ret, CAUSE_PROTOCOL, "the server's Sec-WebSocket-Accept is wrong");
        else if (u->extensions)
                cause_setf(ret, CAUSE_PROTOCOL,
                           "the server uses an extension that was not offered");
        else if (u->n_subprotocols > 1 ||
                 (u->n_subprotocols == 1 &&
                  !was_offered(u->subprotocol, subprotocols, subprotocols_len)))
                cause_setf(ret, CAUSE_PROTOCOL,
                           "the server chose a subprotocol that was not offered");
        else
                return true;
        return false;
}
