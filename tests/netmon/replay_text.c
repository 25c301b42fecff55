/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replay_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_text.h"
#include "cleanup.h"
#include "die.h"

static const char *const times[] = {"Since", "StateSince", "event_usec", "published_usec",
                                    "since_usec"};
static const char *const figures[] = {"BitRate", "Overruns", "Resyncs",
                                      "RxBytes", "Serial",   "TxBytes"};

static bool is_among(const char *word, size_t len, const char *const *words, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
                        return true;
        return false;
}

bool replay_is_time(const char *word) {
        return is_among(word, strlen(word), times, sizeof(times) / sizeof(times[0]));
}

bool replay_is_figure(const char *word) {
        return is_among(word, strlen(word), figures, sizeof(figures) / sizeof(figures[0]));
}

/* One "KEY=VALUE" of a text; lengths of 0 at its end. */
struct entry {
        const char *key;
        size_t key_len;
        const char *value;
        size_t value_len;
};

/* Takes the next one; `at` begins behind the "{". */
static struct entry take_entry(const char **at) {
        struct entry entry = {.key = *at, .key_len = strcspn(*at, "=}")};
        unsigned depth = 0;
        const char *end;

        if (entry.key[entry.key_len] != '=')
                return (struct entry){};
        entry.value = entry.key + entry.key_len + 1;
        for (end = entry.value; *end && (depth > 0 || (*end != ' ' && *end != '}')); end++) {
                if (*end == '{' || *end == '[' || *end == '(')
                        depth++;
                if (*end == '}' || *end == ']' || *end == ')')
                        depth--;
        }
        entry.value_len = (size_t)(end - entry.value);
        *at = *end == ' ' ? end + 1 : end;
        return entry;
}

static struct entry find_entry(const char *text, const struct entry *wanted) {
        const char *at = text + 1;
        struct entry entry;

        do
                entry = take_entry(&at);
        while (entry.key_len > 0 && (entry.key_len != wanted->key_len ||
                                     memcmp(entry.key, wanted->key, entry.key_len) != 0));
        return entry;
}

static char *copy(const char *text, size_t len) {
        char *copied = strndup(text, len);

        if (!copied)
                die("out of memory");
        return copied;
}

static FILE *open_text(char **text, size_t *size) {
        FILE *out = open_memstream(text, size);

        if (!out)
                die("out of memory");
        return out;
}

static void write_between(FILE *out, bool *is_first) {
        if (!*is_first)
                (void)fputc(' ', out);
        *is_first = false;
}

/* Cuts "KEY=NUMBER" out wherever it stands. */
static void cut(char *text) {
        char *to = text;

        for (const char *at = text; *at;) {
                size_t len = strcspn(at, " {}[]=");
                const char *end = at + len;

                if (*end == '=' &&
                    (is_among(at, len, times, sizeof(times) / sizeof(times[0])) ||
                     is_among(at, len, figures, sizeof(figures) / sizeof(figures[0])))) {
                        end += strcspn(end, " }");
                        if (*end == ' ')
                                end++;
                        else if (to > text && to[-1] == ' ')
                                to--;
                        at = end;
                        continue;
                }
                if (*end)
                        end++;
                memmove(to, at, (size_t)(end - at));
                to += end - at;
                at = end;
        }
        *to = '\0';
}

char *replay_text(sd_bus_message *m) {
        char *text = bus_text(m);

        cut(text);
        return text;
}

char *replay_text_cut(const char *text) {
        char *copied = copy(text, strlen(text));

        cut(copied);
        return copied;
}

static void write_difference(const struct entry *before, const struct entry *now, FILE *out) {
        CLEANUP(freep) char *a = copy(before->value ? before->value : "", before->value_len);
        CLEANUP(freep) char *b = copy(now->value, now->value_len);
        CLEANUP(freep) char *difference = replay_text_difference(before->value ? a : NULL, b);

        (void)fprintf(out, "%.*s=%s", (int)now->key_len, now->key, difference);
}

char *replay_text_difference(const char *before, const char *now) {
        const char *at = now + 1;
        bool is_first = true;
        char *text = NULL;
        struct entry entry;
        size_t size;
        FILE *out;

        if (!before || before[0] != '{' || now[0] != '{' || strcmp(before, "{}") == 0 ||
            strcmp(now, "{}") == 0)
                return copy(now, strlen(now));
        out = open_text(&text, &size);
        (void)fputc('{', out);
        while ((entry = take_entry(&at)).key_len > 0) {
                struct entry was = find_entry(before, &entry);

                if (was.key_len > 0 && was.value_len == entry.value_len &&
                    memcmp(was.value, entry.value, entry.value_len) == 0)
                        continue;
                write_between(out, &is_first);
                write_difference(&was, &entry, out);
        }
        at = before + 1;
        while ((entry = take_entry(&at)).key_len > 0) {
                if (find_entry(now, &entry).key_len > 0)
                        continue;
                write_between(out, &is_first);
                (void)fprintf(out, "-%.*s", (int)entry.key_len, entry.key);
        }
        (void)fputc('}', out);
        (void)fclose(out);
        return text;
}

static bool is_empty(const struct entry *entry) {
        static const char *const words[] = {"", "0", "[]", "{}", "false"};

        return is_among(entry->value, entry->value_len, words, sizeof(words) / sizeof(words[0]));
}

char *replay_text_filled(const char *text) {
        const char *at = text + 1;
        bool is_first = true;
        char *filled = NULL;
        struct entry entry;
        size_t size;
        FILE *out = open_text(&filled, &size);

        (void)fputc('{', out);
        while ((entry = take_entry(&at)).key_len > 0) {
                if (is_empty(&entry))
                        continue;
                write_between(out, &is_first);
                (void)fprintf(out, "%.*s=%.*s", (int)entry.key_len, entry.key, (int)entry.value_len,
                              entry.value);
        }
        (void)fputc('}', out);
        (void)fclose(out);
        return filled;
}
