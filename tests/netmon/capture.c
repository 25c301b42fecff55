/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "die.h"

static const char *const source_words[CAPTURE_SOURCE_COUNT] = {
        [CAPTURE_ROUTE] = "route",
        [CAPTURE_NEIGHBOUR] = "neighbour",
        [CAPTURE_WIFI] = "wifi",
        [CAPTURE_SWITCH] = "switch",
};

/* One more element at the end of a list, all zero. */
static void *grow(void *list, size_t *n, size_t size) {
        uint8_t *grown = reallocarray(list, *n + 1, size);

        if (!grown)
                die("out of memory");
        memset(grown + *n * size, 0, size);
        (*n)++;
        return grown;
}

static struct capture_bytes copy_bytes(const void *data, size_t len) {
        struct capture_bytes bytes = {.data = malloc(len), .len = len};

        if (!bytes.data)
                die("out of memory");
        memcpy(bytes.data, data, len);
        return bytes;
}

static bool bytes_equal(const struct capture_bytes *bytes, const void *data, size_t len) {
        return bytes->len == len && memcmp(bytes->data, data, len) == 0;
}

void capture_answer_deinit(struct capture_answer *answer) {
        free(answer->request.data);
        free(answer->messages);
}

static void moment_deinit(struct capture_moment *moment) {
        free(moment->label);
        for (size_t i = 0; i < moment->n_events; i++)
                free(moment->events[i].datagram.data);
        free(moment->events);
        for (size_t i = 0; i < moment->n_answers; i++)
                capture_answer_deinit(&moment->answers[i]);
        free(moment->answers);
}

void capture_deinit(struct capture *capture) {
        for (size_t i = 0; i < capture->n_moments; i++)
                moment_deinit(&capture->moments[i]);
        free(capture->moments);
        for (size_t i = 0; i < capture->n_messages; i++)
                free(capture->messages[i].data);
        free(capture->messages);
}

struct capture_moment *capture_add_moment(struct capture *capture, uint64_t usec,
                                          const char *label) {
        struct capture_moment *moment;

        capture->moments = grow(capture->moments, &capture->n_moments, sizeof(*moment));
        moment = &capture->moments[capture->n_moments - 1];
        moment->usec = usec;
        moment->label = strdup(label);
        return moment;
}

void capture_add_event(struct capture_moment *moment, enum capture_source source, const void *data,
                       size_t len) {
        moment->events = grow(moment->events, &moment->n_events, sizeof(*moment->events));
        moment->events[moment->n_events - 1] = (struct capture_event){
                .source = source,
                .datagram = copy_bytes(data, len),
        };
}

size_t capture_add_message(struct capture *capture, const void *data, size_t len) {
        for (size_t i = 0; i < capture->n_messages; i++)
                if (bytes_equal(&capture->messages[i], data, len))
                        return i;
        capture->messages =
                grow(capture->messages, &capture->n_messages, sizeof(*capture->messages));
        capture->messages[capture->n_messages - 1] = copy_bytes(data, len);
        return capture->n_messages - 1;
}

struct capture_answer *capture_find(const struct capture *capture, size_t moment,
                                    const void *request, size_t len) {
        for (size_t i = moment + 1; i-- > 0;)
                for (size_t k = 0; k < capture->moments[i].n_answers; k++)
                        if (bytes_equal(&capture->moments[i].answers[k].request, request, len))
                                return &capture->moments[i].answers[k];
        return NULL;
}

static bool answer_equal(const struct capture_answer *a, const struct capture_answer *b) {
        return a->error == b->error && a->is_dump == b->is_dump && a->n_messages == b->n_messages &&
               (a->n_messages == 0 ||
                memcmp(a->messages, b->messages, a->n_messages * sizeof(*a->messages)) == 0);
}

void capture_add_answer(struct capture *capture, struct capture_answer *answer) {
        struct capture_moment *moment = &capture->moments[capture->n_moments - 1];
        struct capture_answer *known = capture_find(capture, capture->n_moments - 1,
                                                    answer->request.data, answer->request.len);

        if (known && answer_equal(known, answer)) {
                capture_answer_deinit(answer);
                return;
        }
        if (known >= moment->answers && known < moment->answers + moment->n_answers) {
                capture_answer_deinit(known);
                *known = *answer;
                return;
        }
        moment->answers = grow(moment->answers, &moment->n_answers, sizeof(*answer));
        moment->answers[moment->n_answers - 1] = *answer;
}

static bool is_ever_asked(const struct capture *capture, const struct capture_bytes *request) {
        for (size_t i = 0; i < capture->n_moments; i++)
                for (size_t k = 0; k < capture->moments[i].n_answers; k++) {
                        const struct capture_answer *answer = &capture->moments[i].answers[k];

                        if (answer->is_asked &&
                            bytes_equal(&answer->request, request->data, request->len))
                                return true;
                }
        return false;
}

/* Answers point into the list of messages: those that are in use get their places anew. */
static void prune_messages(struct capture *capture) {
        struct capture now = *capture;

        now.messages = NULL;
        now.n_messages = 0;
        for (size_t i = 0; i < capture->n_moments; i++)
                for (size_t k = 0; k < capture->moments[i].n_answers; k++) {
                        struct capture_answer *answer = &capture->moments[i].answers[k];

                        for (size_t j = 0; j < answer->n_messages; j++) {
                                const struct capture_bytes *message =
                                        &capture->messages[answer->messages[j]];

                                answer->messages[j] =
                                        capture_add_message(&now, message->data, message->len);
                        }
                }
        for (size_t i = 0; i < capture->n_messages; i++)
                free(capture->messages[i].data);
        free(capture->messages);
        *capture = now;
}

static void prune_answers(struct capture_moment *moment) {
        size_t n = 0;

        for (size_t i = 0; i < moment->n_answers; i++)
                if (moment->answers[i].is_asked)
                        moment->answers[n++] = moment->answers[i];
                else
                        capture_answer_deinit(&moment->answers[i]);
        moment->n_answers = n;
}

void capture_prune(struct capture *capture) {
        for (size_t i = 0; i < capture->n_moments; i++)
                for (size_t k = 0; k < capture->moments[i].n_answers; k++) {
                        struct capture_answer *answer = &capture->moments[i].answers[k];

                        answer->is_asked = is_ever_asked(capture, &answer->request);
                }
        for (size_t i = 0; i < capture->n_moments; i++)
                prune_answers(&capture->moments[i]);
        prune_messages(capture);
}

/* "_N." stands for N zeros where there are several. */
static void write_bytes(const struct capture_bytes *bytes, FILE *file) {
        for (size_t i = 0; i < bytes->len;) {
                size_t n = 0;

                while (i + n < bytes->len && bytes->data[i + n] == 0)
                        n++;
                if (n > 2) {
                        (void)fprintf(file, "_%zu.", n);
                        i += n;
                } else {
                        (void)fprintf(file, "%02x", bytes->data[i++]);
                }
        }
}

static struct capture_bytes read_bytes(const char *text) {
        static uint8_t buf[65536];
        size_t len = 0;

        while (*text) {
                char two[3] = {text[0], text[1]}, *end;

                if (*text == '_') {
                        size_t n = strtoul(text + 1, &end, 10);

                        if (*end != '.' || n > sizeof(buf) - len)
                                die("no bytes: %s", text);
                        memset(buf + len, 0, n);
                        len += n;
                        text = end + 1;
                        continue;
                }
                if (len == sizeof(buf))
                        die("too many bytes");
                buf[len++] = (uint8_t)strtoul(two, &end, 16);
                if (end != two + 2)
                        die("no bytes: %s", text);
                text += 2;
        }
        return copy_bytes(buf, len);
}

static void write_answer(const struct capture_answer *answer, FILE *file) {
        (void)fputs(answer->is_dump ? "dump " : "answer ", file);
        write_bytes(&answer->request, file);
        if (answer->error != 0)
                (void)fprintf(file, " %d", answer->error);
        for (size_t i = 0; i < answer->n_messages; i++)
                (void)fprintf(file, " %zu", answer->messages[i]);
        (void)fputc('\n', file);
}

void capture_write(const struct capture *capture, const char *path) {
        FILE *file = fopen(path, "we");

        if (!file)
                die("%s: %s", path, strerror(errno));
        for (size_t i = 0; i < capture->n_messages; i++) {
                (void)fputs("message ", file);
                write_bytes(&capture->messages[i], file);
                (void)fputc('\n', file);
        }
        for (size_t i = 0; i < capture->n_moments; i++) {
                const struct capture_moment *moment = &capture->moments[i];

                (void)fprintf(file, "moment %" PRIu64 " %s\n", moment->usec, moment->label);
                if (moment->slept_usec > 0)
                        (void)fprintf(file, "slept %" PRIu64 "\n", moment->slept_usec);
                for (size_t k = 0; k < moment->n_events; k++) {
                        (void)fprintf(file, "%s ", source_words[moment->events[k].source]);
                        write_bytes(&moment->events[k].datagram, file);
                        (void)fputc('\n', file);
                }
                for (size_t k = 0; k < moment->n_answers; k++)
                        write_answer(&moment->answers[k], file);
        }
        if (fclose(file) != 0)
                die("%s: %s", path, strerror(errno));
}

/* The rest of an answer's line, behind the word. */
static void read_answer(struct capture *capture, bool is_dump, char *text) {
        struct capture_answer answer = {.is_dump = is_dump};
        char *words = NULL, *word = strtok_r(text, " ", &words);
        struct capture_moment *moment;

        if (capture->n_moments == 0 || !word)
                die("an answer without moment or request");
        answer.request = read_bytes(word);
        while ((word = strtok_r(NULL, " ", &words))) {
                long value = strtol(word, NULL, 10);

                if (value < 0) {
                        answer.error = (int)value;
                        continue;
                }
                if ((size_t)value >= capture->n_messages)
                        die("there is no message %ld", value);
                answer.messages =
                        grow(answer.messages, &answer.n_messages, sizeof(*answer.messages));
                answer.messages[answer.n_messages - 1] = (size_t)value;
        }
        moment = &capture->moments[capture->n_moments - 1];
        moment->answers = grow(moment->answers, &moment->n_answers, sizeof(answer));
        moment->answers[moment->n_answers - 1] = answer;
}

static void read_event(struct capture *capture, const char *word, const char *text) {
        struct capture_moment *moment = &capture->moments[capture->n_moments - 1];
        struct capture_bytes bytes;

        for (unsigned i = 0; i < CAPTURE_SOURCE_COUNT; i++) {
                if (strcmp(word, source_words[i]) != 0)
                        continue;
                bytes = read_bytes(text);
                moment->events = grow(moment->events, &moment->n_events, sizeof(*moment->events));
                moment->events[moment->n_events - 1] = (struct capture_event){i, bytes};
                return;
        }
        die("\"%s\" is nothing of a capture", word);
}

static void read_line(struct capture *capture, char *line) {
        char *rest = strchr(line, ' '), *label;

        if (!rest)
                die("\"%s\" is no line of a capture", line);
        *rest++ = '\0';
        if (strcmp(line, "message") == 0) {
                capture->messages =
                        grow(capture->messages, &capture->n_messages, sizeof(*capture->messages));
                capture->messages[capture->n_messages - 1] = read_bytes(rest);
        } else if (strcmp(line, "moment") == 0) {
                uint64_t usec = strtoull(rest, &label, 10);

                (void)capture_add_moment(capture, usec, *label ? label + 1 : "");
        } else if (capture->n_moments == 0) {
                die("%s before the first moment", line);
        } else if (strcmp(line, "slept") == 0) {
                capture->moments[capture->n_moments - 1].slept_usec = strtoull(rest, NULL, 10);
        } else if (strcmp(line, "answer") == 0 || strcmp(line, "dump") == 0) {
                read_answer(capture, strcmp(line, "dump") == 0, rest);
        } else {
                read_event(capture, line, rest);
        }
}

void capture_read(const char *path, struct capture *ret) {
        FILE *file = fopen(path, "re");
        CLEANUP(freep) char *line = NULL;
        size_t size = 0;

        if (!file)
                die("%s: %s", path, strerror(errno));
        *ret = (struct capture){};
        while (getline(&line, &size, file) >= 0) {
                line[strcspn(line, "\n")] = '\0';
                read_line(ret, line);
        }
        (void)fclose(file);
}
