/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus_daemon.h"
#include "child.h"
#include "fake.h"

#define PATIENCE_MSEC 30000 /* until a test gives up */

static struct {
        struct bus_daemon bus;
        pid_t fake;
        sd_bus *control;
} world;

/* The child's standard input, output and error are these descriptors. */
static pid_t spawn(const int fds[3], const char *const *argv) {
        pid_t pid = fork();

        cr_assert(pid >= 0);
        if (pid > 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 0; i < 3; i++)
                (void)dup2(fds[i], i);
        (void)close_range(3, ~0u, 0);
        (void)execv(argv[0], (char *const *)argv);
        _exit(127);
}

void world_start_empty(void) {
        bus_daemon_start(&world.bus);
        (void)setenv("DBUS_SYSTEM_BUS_ADDRESS", world.bus.address, 1);
        (void)setenv("LC_ALL", "C.UTF-8", 1);
        (void)setenv("TERM", "xterm", 1);
        (void)setenv("TZ", "UTC", 1);
        (void)unsetenv("NO_COLOR");
        (void)unsetenv("COLUMNS");
}

void world_start(const char *const *daemons) {
        const char *argv[8] = {FAKE_DAEMONS, world.bus.address};
        size_t n = 2;

        world_start_empty();
        while (daemons && *daemons)
                argv[n++] = *daemons++;
        world.fake = child_start(argv);
        world.control = bus_daemon_connect(&world.bus);
        bus_wait_for_name(world.control, FAKE_NAME, PATIENCE_MSEC * 1000ULL);
}

void world_stop(void) {
        world.control = sd_bus_close_unref(world.control);
        (void)child_stop(world.fake, SIGKILL);
        world.fake = 0;
        bus_daemon_stop(&world.bus);
}

const char *world_address(void) {
        return world.bus.address;
}

static void call(sd_bus_message *m) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        cr_assert(sd_bus_call(world.control, m, PATIENCE_MSEC * 1000ULL, &error, NULL) >= 0,
                  "%s: %s", sd_bus_message_get_member(m), error.message);
        sd_bus_message_unref(m);
}

void world_tell(const char *member, const char *types, ...) {
        sd_bus_message *m;
        va_list ap;

        cr_assert(sd_bus_message_new_method_call(world.control, &m, FAKE_NAME, FAKE_PATH, FAKE_NAME,
                                                 member) >= 0);
        va_start(ap, types);
        cr_assert(sd_bus_message_appendv(m, types, ap) >= 0);
        va_end(ap);
        call(m);
}

void world_receive(const char *channel, const void *payload, size_t len) {
        sd_bus_message *m;

        cr_assert(sd_bus_message_new_method_call(world.control, &m, FAKE_NAME, FAKE_PATH, FAKE_NAME,
                                                 "Receive") >= 0);
        cr_assert(sd_bus_message_append(m, "s", channel) >= 0);
        cr_assert(sd_bus_message_append_array(m, 'y', payload, len) >= 0);
        call(m);
}

/* argv of a wherryctl with these arguments. */
static const char *const *command(const char *const *arguments) {
        static const char *argv[32];
        size_t n = 0;

        argv[n++] = WHERRYCTL;
        while (*arguments)
                argv[n++] = *arguments++;
        argv[n] = NULL;
        return argv;
}

static int wait_for(pid_t pid) {
        int status;

        cr_assert(waitpid(pid, &status, 0) == pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Reads to the end of both, and writes all of the input meanwhile. */
static void converse(struct child *child, const char *input, struct result *ret) {
        FILE *files[2];
        size_t size, left = input ? strlen(input) : 0;
        char buffer[65536];

        files[0] = open_memstream(&ret->out, &size);
        files[1] = open_memstream(&ret->err, &size);
        if (left == 0)
                (void)close(child->in);
        for (bool open[2] = {true, true}; open[0] || open[1];) {
                struct pollfd fds[] = {
                        {.fd = open[0] ? child->out : -1, .events = POLLIN},
                        {.fd = open[1] ? child->err : -1, .events = POLLIN},
                        {.fd = left > 0 ? child->in : -1, .events = POLLOUT},
                };

                cr_assert(poll(fds, 3, PATIENCE_MSEC) > 0, "wherryctl hangs");
                for (int i = 0; i < 2; i++) {
                        ssize_t n = fds[i].revents ? read(fds[i].fd, buffer, sizeof(buffer)) : -1;

                        if (n > 0)
                                (void)fwrite(buffer, 1, (size_t)n, files[i]);
                        open[i] &= n != 0;
                }
                if (fds[2].revents) {
                        ssize_t n = write(child->in, input, left);

                        left = n > 0 ? left - (size_t)n : 0;
                        input += n > 0 ? n : 0;
                        if (left == 0)
                                (void)close(child->in);
                }
        }
        (void)fclose(files[0]);
        (void)fclose(files[1]);
}

struct child *world_spawn(const char *const *arguments) {
        struct child *child = calloc(1, sizeof(*child));
        int in[2], out[2], err[2];

        (void)signal(SIGPIPE, SIG_IGN);
        cr_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
                  pipe2(err, O_CLOEXEC) == 0);
        child->pid = spawn((int[]){in[0], out[1], err[1]}, command(arguments));
        (void)close(in[0]);
        (void)close(out[1]);
        (void)close(err[1]);
        (void)fcntl(in[1], F_SETFL, O_NONBLOCK);
        child->in = in[1];
        child->out = out[0];
        child->err = err[0];
        return child;
}

struct result world_run(const char *input, const char *const *arguments) {
        struct child *child = world_spawn(arguments);
        struct result result = {};

        converse(child, input, &result);
        result.status = wait_for(child->pid);
        (void)close(child->out);
        (void)close(child->err);
        free(child);
        return result;
}

void result_deinit(struct result *result) {
        free(result->out);
        free(result->err);
}

struct result world_run_on_terminal(unsigned short columns, const char *const *arguments) {
        struct winsize size = {.ws_col = columns, .ws_row = 24};
        struct result result = {};
        char buffer[4096];
        int master, slave;
        size_t len;
        FILE *file;
        pid_t pid;
        ssize_t n;

        cr_assert(openpty(&master, &slave, NULL, NULL, &size) == 0);
        pid = spawn((int[]){slave, slave, slave}, command(arguments));
        (void)close(slave);
        file = open_memstream(&result.out, &len);
        while ((n = read(master, buffer, sizeof(buffer))) > 0)
                (void)fwrite(buffer, 1, (size_t)n, file);
        (void)fclose(file);
        (void)close(master);
        result.status = wait_for(pid);
        return result;
}

char *child_line(struct child *child) {
        for (;;) {
                char *newline = memchr(child->text, '\n', child->len);
                struct pollfd fd = {.fd = child->out, .events = POLLIN};
                ssize_t n;

                if (newline) {
                        size_t taken = (size_t)(newline - child->text) + 1;
                        char *line = strndup(child->text, taken - 1);

                        child->len -= taken;
                        memmove(child->text, child->text + taken, child->len);
                        return line;
                }
                cr_assert(poll(&fd, 1, PATIENCE_MSEC) == 1, "no line comes");
                n = read(child->out, child->text + child->len, sizeof(child->text) - child->len);
                cr_assert(n > 0, "the output ends: %.*s", (int)child->len, child->text);
                child->len += (size_t)n;
        }
}

int child_end(struct child *child, int signal) {
        struct result rest = {};
        int status;

        if (signal)
                (void)kill(child->pid, signal);
        converse(child, NULL, &rest);
        status = wait_for(child->pid);
        (void)close(child->out);
        (void)close(child->err);
        result_deinit(&rest);
        free(child);
        return status;
}
