/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "cleanup.h"
#include "must.h"
#include "nearest.h"
#include "quantity.h"
#include "text.h"

const struct options_key options_keys[] = {
        {"protocol", "s", OPTIONS_TEXT},
        {"app-id", "s", OPTIONS_TEXT},
        {"label", "s", OPTIONS_TEXT},
        {"persistent", "b", OPTIONS_BOOL},
        {"policy", "s", OPTIONS_TEXT},
        {"backoff-first", "t", OPTIONS_DURATION},
        {"backoff-cap", "t", OPTIONS_DURATION},
        {"backoff-factor", "d", OPTIONS_REAL},
        {"backoff-jitter", "d", OPTIONS_REAL},
        {"max-attempts", "u", OPTIONS_COUNT},
        {"give-up", "s", OPTIONS_TEXT},
        {"good-after", "t", OPTIONS_DURATION},
        {"linger", "t", OPTIONS_DURATION},
        {"metered", "s", OPTIONS_TEXT},
        {"proxy", "s", OPTIONS_TEXT},
        {"connect-timeout", "t", OPTIONS_DURATION},
        {"open-timeout", "t", OPTIONS_DURATION},
        {"ping-interval", "t", OPTIONS_DURATION},
        {"ping-timeout", "t", OPTIONS_DURATION},
        {"in-flight", "u", OPTIONS_COUNT},
        {"in-flight-bytes", "t", OPTIONS_SIZE},
        {"max-message", "t", OPTIONS_SIZE},
        {"queue-messages", "t", OPTIONS_COUNT},
        {"queue-bytes", "t", OPTIONS_SIZE},
        {"queue-full", "s", OPTIONS_TEXT},
        {"inbox-messages", "t", OPTIONS_COUNT},
        {"inbox-bytes", "t", OPTIONS_SIZE},
        {"inbox-full", "s", OPTIONS_TEXT},
        {"delivery", "s", OPTIONS_TEXT},
        {"ttl", "t", OPTIONS_DURATION},
        {"frame", "s", OPTIONS_TEXT},
        {"headers", "a{ss}", OPTIONS_PAIRS},
        {"subprotocols", "as", OPTIONS_LIST},
        {"open-payload", "ay", OPTIONS_BYTES},
        {"overlap", "b", OPTIONS_BOOL},
        {"tls-ca", "ay", OPTIONS_BYTES},
        {"tls-pin", "as", OPTIONS_LIST},
        {"tls-min", "s", OPTIONS_TEXT},
        {},
};

#define FILE_BYTES_MAX (1 << 20)

static void fclosep(FILE **file) {
        if (*file)
                (void)fclose(*file);
}

/* The bytes of a value: itself, or the file that @FILE names. Always terminated. */
static int read_bytes(const char *key, const char *value, char **ret, size_t *ret_len,
                      char **ret_problem) {
        CLEANUP(fclosep) FILE *file = NULL;
        CLEANUP(freep) char *data = NULL;

        if (value[0] != '@') {
                *ret_len = strlen(value);
                *ret = MUST_HAVE(strdup(value));
                return 0;
        }
        file = fopen(value + 1, "re");
        if (!file)
                return text_problem(ret_problem, "%s: %s: %s", key, value + 1, strerror(errno));
        data = MUST_HAVE(malloc(FILE_BYTES_MAX + 1));
        *ret_len = fread(data, 1, FILE_BYTES_MAX + 1, file);
        if (ferror(file))
                return text_problem(ret_problem, "%s: %s: %s", key, value + 1, strerror(errno));
        if (*ret_len > FILE_BYTES_MAX)
                return text_problem(ret_problem, "%s: %s: larger than 1 MiB", key, value + 1);
        data[*ret_len] = '\0';
        *ret = STEAL(data);
        return 0;
}

static int put_pair(sd_bus_message *m, const char *key, char *line, char **ret_problem) {
        char *colon = strchr(line, ':');

        if (!colon || colon == line)
                return text_problem(ret_problem, "%s: expected 'Name: value'", key);
        *colon++ = '\0';
        must(sd_bus_message_append(m, "{ss}", line, colon + strspn(colon, " ")));
        return 0;
}

/* The elements that one value stands for, into the open container. */
static int put_elements(sd_bus_message *m, const struct options_key *key, const char *value,
                        char **ret_problem) {
        CLEANUP(freep) char *text = NULL;
        char *line, *rest;
        size_t len;
        int r;

        r = read_bytes(key->name, value, &text, &len, ret_problem);
        if (r < 0)
                return r;
        if (!text_is_utf8(text, len) || memchr(text, '\0', len))
                return text_problem(ret_problem, "%s: expected UTF-8 text", key->name);
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                line[strcspn(line, "\r")] = '\0';
                if (!line[0] && rest == NULL && line > text) /* after the last newline */
                        break;
                if (key->form == OPTIONS_LIST)
                        must(sd_bus_message_append_basic(m, 's', line));
                else if ((r = put_pair(m, key->name, line, ret_problem)) < 0)
                        return r;
        }
        return 0;
}

/* A value that is one text. Values may be secrets: what is wrong is said without them. */
static int put_scalar(sd_bus_message *m, const struct options_key *key, const char *value,
                      char **ret_problem) {
        bool narrow = strcmp(key->type, "u") == 0, boolean;
        const char *expected = NULL;
        uint64_t number = 0;
        double real;

        switch (key->form) {
        case OPTIONS_BOOL:
                if (quantity_bool(value, &boolean) >= 0)
                        return bus_dict_put_bool(m, key->name, boolean);
                expected = "yes or no";
                break;
        case OPTIONS_COUNT:
                if (quantity_count(value, narrow ? UINT32_MAX : UINT64_MAX, &number) >= 0)
                        return narrow ? bus_dict_put_u32(m, key->name, (uint32_t)number)
                                      : bus_dict_put_u64(m, key->name, number);
                expected = "a number";
                break;
        case OPTIONS_DURATION:
                if (quantity_duration(value, &number) >= 0)
                        return bus_dict_put_u64(m, key->name, number);
                expected = "a length of time, such as 30s, 5min or never";
                break;
        case OPTIONS_SIZE:
                if (quantity_size(value, &number) >= 0)
                        return bus_dict_put_u64(m, key->name, number);
                expected = "a size, such as 64K or 1M";
                break;
        case OPTIONS_REAL:
                if (quantity_real(value, &real) >= 0)
                        return sd_bus_message_append(m, "{sv}", key->name, "d", real);
                expected = "a number, such as 0.5";
                break;
        case OPTIONS_TEXT:
        case OPTIONS_BYTES:
        case OPTIONS_LIST:
        case OPTIONS_PAIRS:
                return bus_dict_put_string(m, key->name, value);
        }
        return text_problem(ret_problem, "%s: expected %s", key->name, expected);
}

static int put_bytes(sd_bus_message *m, const struct options_key *key, const char *value,
                     char **ret_problem) {
        CLEANUP(freep) char *data = NULL;
        size_t len;
        int r;

        r = read_bytes(key->name, value, &data, &len, ret_problem);
        if (r < 0)
                return r;
        return bus_dict_put_bytes(m, key->name, data, len);
}

/* The value of an assignment to this key, or NULL. */
static const char *value_of(const char *assignment, const struct options_key *key) {
        size_t len = strlen(key->name);

        return strncmp(assignment, key->name, len) == 0 && assignment[len] == '='
                       ? assignment + len + 1
                       : NULL;
}

/* All that is assigned to one key. */
static int put_key(sd_bus_message *m, const struct options_key *key, const char *const *assignments,
                   size_t n, char **ret_problem) {
        const char *last = NULL;
        int r = 0;

        for (size_t i = 0; i < n; i++)
                if (value_of(assignments[i], key))
                        last = value_of(assignments[i], key);
        if (!last)
                return 0;
        if (key->form == OPTIONS_BYTES)
                return put_bytes(m, key, last, ret_problem);
        if (key->form != OPTIONS_LIST && key->form != OPTIONS_PAIRS)
                return put_scalar(m, key, last, ret_problem);

        must(bus_dict_open(m, key->name, key->type));
        must(sd_bus_message_open_container(m, 'a', key->type + 1));
        for (size_t i = 0; i < n && r >= 0; i++)
                if (value_of(assignments[i], key))
                        r = put_elements(m, key, value_of(assignments[i], key), ret_problem);
        if (r < 0)
                return r;
        must(sd_bus_message_close_container(m));
        return bus_dict_close(m);
}

/* Every assignment must be to a key that there is. */
static int check_key(const char *assignment, char **ret_problem) {
        CLEANUP(freep) char *name = NULL;
        struct nearest nearest;

        if (!strchr(assignment, '='))
                return text_problem(ret_problem, "'%s': expected KEY=VALUE", assignment);
        name = MUST_HAVE(strndup(assignment, strcspn(assignment, "=")));
        nearest = nearest_begin(name);
        for (const struct options_key *key = options_keys; key->name; key++) {
                if (strcmp(key->name, name) == 0)
                        return 0;
                nearest_offer(&nearest, key->name);
        }
        if (nearest.best)
                return text_problem(ret_problem, "no channel option '%s'; did you mean '%s'?", name,
                                    nearest.best);
        return text_problem(ret_problem, "no channel option '%s'; see wherryctl open --help", name);
}

int options_append(sd_bus_message *m, const char *const *assignments, size_t n,
                   char **ret_problem) {
        int r;

        for (size_t i = 0; i < n; i++) {
                r = check_key(assignments[i], ret_problem);
                if (r < 0)
                        return r;
        }
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        for (const struct options_key *key = options_keys; key->name; key++) {
                r = put_key(m, key, assignments, n, ret_problem);
                if (r < 0)
                        return r;
        }
        must(sd_bus_message_close_container(m));
        return 0;
}
