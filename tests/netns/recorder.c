/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent_world.h"
#include "child.h"
#include "die.h"
#include "moment.h"

/* It must not have to wait for the test to read: room for some 8,000 lines. */
#define PIPE_BYTES (1 << 20)

static void run(unsigned port, const char *certificate, int input, int output) {
        static const char program[] = SERVERS_DIR "/recorder.py";
        char number[16];
        sigset_t none;

        (void)snprintf(number, sizeof(number), "%u", port);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)dup2(input, STDIN_FILENO);
        (void)dup2(output, STDOUT_FILENO);
        (void)execl("/usr/bin/python3", "python3", program, "--port", number,
                    certificate ? "--tls" : NULL, certificate, NULL);
        _exit(127);
}

void recorder_start(struct recorder *r, unsigned port, const char *certificate) {
        int input[2], output[2];

        if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
                die("pipe: %s", strerror(errno));
        if (fcntl(output[1], F_SETPIPE_SZ, PIPE_BYTES) < 0)
                die("the pipe cannot be made larger: %s", strerror(errno));
        r->pid = fork();
        if (r->pid < 0)
                die("fork: %s", strerror(errno));
        if (r->pid == 0)
                run(port, certificate, input[0], output[1]);
        (void)close(input[0]);
        (void)close(output[1]);
        r->commands = fdopen(input[1], "we");
        r->output = output[0];
        (void)recorder_next(r, "listening");
}

static void copy_text(struct json_object *object, const char *key, char *ret, size_t size) {
        struct json_object *value;

        if (json_object_object_get_ex(object, key, &value) && value)
                (void)snprintf(ret, size, "%s", json_object_get_string(value));
}

static uint64_t get_number(struct json_object *object, const char *key) {
        struct json_object *value;

        return json_object_object_get_ex(object, key, &value) ? json_object_get_uint64(value) : 0;
}

static void take_line(struct recorder *r, const char *line) {
        struct json_object *object = json_tokener_parse(line), *binary;
        struct recorded *event;

        if (!object)
                die("the server says: %s", line);
        r->events = reallocarray(r->events, r->n_events + 1, sizeof(*r->events));
        if (!r->events)
                die("out of memory");
        event = &r->events[r->n_events++];
        *event = (struct recorded){
                .connection = (unsigned)get_number(object, "connection"),
                .usec = get_number(object, "usec"),
                .size = get_number(object, "size"),
                .code = (unsigned)get_number(object, "code"),
        };
        if (json_object_object_get_ex(object, "binary", &binary))
                event->binary = json_object_get_boolean(binary);
        copy_text(object, "event", event->event, sizeof(event->event));
        copy_text(object, "peer", event->peer, sizeof(event->peer));
        copy_text(object, "text", event->text, sizeof(event->text));
        json_object_put(object);
}

/* Reads once, waiting until then. False when there was nothing, or it is gone. */
static bool read_output(struct recorder *r, uint64_t deadline_usec) {
        uint64_t now_usec = moment_boottime_usec();
        struct pollfd fd = {.fd = r->output, .events = POLLIN};
        int wait_msec =
                deadline_usec > now_usec ? (int)((deadline_usec - now_usec + 999) / 1000) : 0;
        char *line, *end;
        ssize_t n;

        if (r->output < 0 || poll(&fd, 1, wait_msec) <= 0)
                return false;
        r->rest = realloc(r->rest, r->rest_len + 65536 + 1);
        if (!r->rest)
                die("out of memory");
        n = read(r->output, r->rest + r->rest_len, 65536);
        if (n <= 0)
                return false;
        r->rest_len += (size_t)n;
        r->rest[r->rest_len] = '\0';
        for (line = r->rest; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                take_line(r, line);
        }
        r->rest_len -= (size_t)(line - r->rest);
        memmove(r->rest, line, r->rest_len);
        return true;
}

void recorder_kill(struct recorder *r) {
        if (r->pid == 0)
                return;
        (void)child_stop(r->pid, SIGKILL);
        r->pid = 0;
        while (read_output(r, 0))
                ;
        (void)fclose(r->commands);
        (void)close(r->output);
        r->output = -1;
}

void recorder_stop(struct recorder *r) {
        recorder_kill(r);
        free(r->rest);
        free(r->events);
        *r = (struct recorder){.output = -1};
}

void recorder_command(struct recorder *r, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)vfprintf(r->commands, format, ap);
        va_end(ap);
        (void)fputc('\n', r->commands);
        (void)fflush(r->commands);
}

const struct recorded *recorder_try(struct recorder *r, const char *event, uint64_t deadline_usec) {
        do {
                while (r->cursor < r->n_events) {
                        const struct recorded *next = &r->events[r->cursor++];

                        if (strcmp(next->event, event) == 0)
                                return next;
                }
        } while (read_output(r, deadline_usec));
        return NULL;
}

const struct recorded *recorder_next(struct recorder *r, const char *event) {
        const struct recorded *next =
                recorder_try(r, event, moment_boottime_usec() + WORLD_WAIT_USEC);

        if (!next)
                die("the server tells no \"%s\"", event);
        return next;
}

const struct recorded *recorder_next_message(struct recorder *r, const char *text) {
        uint64_t deadline_usec = moment_boottime_usec() + WORLD_WAIT_USEC;
        const struct recorded *message;
        char last[64] = "none";

        for (;;) {
                message = recorder_try(r, "message", deadline_usec);
                if (!message)
                        die("the server gets no message \"%s\", the last one was %s", text, last);
                if (strcmp(message->text, text) == 0)
                        return message;
                (void)strcpy(last, message->text);
        }
}

static bool has_message(const struct recorder *r, size_t first, const char *text) {
        size_t len = strlen(text);

        for (size_t i = first; i < r->n_events; i++)
                if (strcmp(r->events[i].event, "message") == 0 &&
                    strncmp(r->events[i].text, text, len) == 0 &&
                    (r->events[i].text[len] == '\0' || r->events[i].text[len] == ' '))
                        return true;
        return false;
}

void recorder_wait_message(struct recorder *r, const char *text) {
        uint64_t deadline_usec = moment_boottime_usec() + WORLD_WAIT_USEC;
        size_t first = 0;

        while (!has_message(r, first, text)) {
                first = r->n_events;
                if (!read_output(r, deadline_usec))
                        die("the server gets no message \"%s\"", text);
        }
}

size_t recorder_count(struct recorder *r, const char *event) {
        size_t n = 0;

        while (read_output(r, 0))
                ;
        for (size_t i = 0; i < r->n_events; i++)
                n += strcmp(r->events[i].event, event) == 0;
        return n;
}
