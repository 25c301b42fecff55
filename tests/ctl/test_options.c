/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "value.h"
#include "wire.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

static char *append(const char *const *assignments, size_t n, char **problem) {
        sd_bus *bus = wire_new();
        sd_bus_message *m = wire_message(bus);
        CLEANUP(json_object_putp) json_object *value = NULL;
        char *text = NULL;

        if (options_append(m, assignments, n, problem) >= 0) {
                wire_seal(m);
                cr_assert(eq(int, value_read(m, &value), 0));
                text = strdup(json_object_to_json_string_ext(
                        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        }
        sd_bus_message_unref(m);
        sd_bus_close_unref(bus);
        return text;
}

Test(options, types_and_units) {
        static const char *const assignments[] = {
                "label=a=b",          "persistent=yes",       "linger=1.5s",
                "max-attempts=3",     "queue-messages=20000", "max-message=64K",
                "backoff-factor=1.5", "ping-interval=never",  "subprotocols=a",
                "subprotocols=b",     "headers=X-One: 1",     "headers=Two:2",
                "open-payload=hello", "label=last",
        };
        CLEANUP(freep) char *problem = NULL;
        CLEANUP(freep) char *text = append(assignments, N(assignments), &problem);

        cr_assert(text != NULL, "%s", problem);
        cr_expect(eq(str, text,
                     "{\"label\":\"last\",\"persistent\":true,\"backoff_factor\":1.5,"
                     "\"max_attempts\":3,\"linger\":1500000,"
                     "\"ping_interval\":18446744073709551615,\"max_message\":65536,"
                     "\"queue_messages\":20000,\"headers\":{\"X-One\":\"1\",\"Two\":\"2\"},"
                     "\"subprotocols\":[\"a\",\"b\"],\"open_payload\":\"hello\"}"));
}

Test(options, none_is_an_empty_dictionary) {
        CLEANUP(freep) char *problem = NULL;
        CLEANUP(freep) char *text = append(NULL, 0, &problem);

        cr_expect(eq(str, text, "{}"));
}

Test(options, files) {
        char path[] = "/tmp/wherry-options-XXXXXX", headers[64], bytes[64];
        CLEANUP(close_fdp) int fd = mkstemp(path);
        const char *assignments[] = {headers, bytes};
        CLEANUP(freep) char *problem = NULL;
        CLEANUP(freep) char *text = NULL;

        cr_assert(write(fd, "Authorization: Bearer x\r\nTwo: 2\n", 32) == 32);
        (void)snprintf(headers, sizeof(headers), "headers=@%s", path);
        (void)snprintf(bytes, sizeof(bytes), "tls-ca=@%s", path);
        text = append(assignments, 2, &problem);
        (void)unlink(path);
        cr_assert(text != NULL, "%s", problem);
        cr_expect(eq(str, text,
                     "{\"headers\":{\"Authorization\":\"Bearer x\",\"Two\":\"2\"},"
                     "\"tls_ca\":\"Authorization: Bearer x\\r\\nTwo: 2\\n\"}"));
}

Test(options, says_what_is_wrong_without_the_value) {
        static const struct {
                const char *assignment, *problem;
        } rows[] = {
                {"label", "'label': expected KEY=VALUE"},
                {"lingr=5s", "no channel option 'lingr'; did you mean 'linger'?"},
                {"frobnicate=5", "no channel option 'frobnicate'; see wherryctl open --help"},
                {"=5", "no channel option ''; see wherryctl open --help"},
                {"linger=soon", "linger: expected a length of time, such as 30s, 5min or never"},
                {"max-message=1KB", "max-message: expected a size, such as 64K or 1M"},
                {"max-attempts=-1", "max-attempts: expected a number"},
                {"max-attempts=4294967296", "max-attempts: expected a number"},
                {"persistent=perhaps", "persistent: expected yes or no"},
                {"backoff-jitter=much", "backoff-jitter: expected a number, such as 0.5"},
                {"headers=secret", "headers: expected 'Name: value'"},
                {"headers=:secret", "headers: expected 'Name: value'"},
                {"tls-ca=@/nonexistent", "tls-ca: /nonexistent: No such file or directory"},
                {"tls-ca=@/tmp", "tls-ca: /tmp: Is a directory"},
                {"tls-ca=@/dev/zero", "tls-ca: /dev/zero: larger than 1 MiB"},
                {"headers=@/proc/self/exe", "headers: /proc/self/exe: larger than 1 MiB"},
        };

        for (size_t i = 0; i < N(rows); i++) {
                CLEANUP(freep) char *problem = NULL;
                CLEANUP(freep) char *text = append(&rows[i].assignment, 1, &problem);

                cr_expect(text == NULL, "%s", text);
                cr_assert(problem != NULL);
                if (!strstr(rows[i].assignment, "exe")) /* depends on the size of the test */
                        cr_expect(eq(str, problem, rows[i].problem));
        }
}

/* Every option that the prose of OpenChannel lists, with its type, and no other. */
Test(options, table_is_that_of_the_contract) {
        FILE *file = fopen(CONTRACT_XML, "re");
        size_t found = 0, known = 0;
        bool inside = false;
        char line[256];

        cr_assert(file != NULL);
        while (fgets(line, sizeof(line), file)) {
                char name[64], type[16];

                if (strstr(line, "OpenChannel:"))
                        inside = true;
                if (inside && strstr(line, "-->"))
                        break;
                /* "              backoff-first t     first delay..." */
                if (!inside || strspn(line, " ") != 14 || line[14] < 'a' || line[14] > 'z' ||
                    sscanf(line, "%63s %15s", name, type) != 2)
                        continue;
                for (const struct options_key *key = options_keys; key->name; key++)
                        if (strcmp(key->name, name) == 0) {
                                cr_expect(eq(str, key->type, type), "%s", name);
                                found++;
                                name[0] = '\0';
                        }
                cr_expect(name[0] == '\0', "missing: %s", name);
        }
        (void)fclose(file);
        for (const struct options_key *key = options_keys; key->name; key++)
                known++;
        cr_expect(eq(sz, found, known));
}
