/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MSEC 30000 /* until a test gives up */

void tool_use_bus(const char *address) {
        (void)setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
        (void)setenv("LC_ALL", "C.UTF-8", 1);
        (void)setenv("TERM", "xterm", 1);
        (void)setenv("TZ", "UTC", 1);
        (void)unsetenv("NO_COLOR");
        (void)unsetenv("COLUMNS");
}

/* The child's standard input, output and error are these descriptors. */
static pid_t spawn(const int fds[3], const char *const *argv) {
        pid_t pid = fork();

        cr_assert(pid >= 0);
        if (pid > 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_DFL);
        for (int i = 0; i < 3; i++)
                (void)dup2(fds[i], i);
        (void)close_range(3, ~0u, 0);
        (void)execv(argv[0], (char *const *)argv);
        _exit(127);
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

void tool_write(struct tool *tool, const char *text, size_t len) {
        while (len > 0) {
                struct pollfd fd = {.fd = tool->in, .events = POLLOUT};
                ssize_t n;

                cr_assert(poll(&fd, 1, PATIENCE_MSEC) == 1, "it does not read");
                n = write(tool->in, text, len);
                cr_assert(n > 0, "it does not read");
                text += n;
                len -= (size_t)n;
        }
}

void tool_close_input(struct tool *tool) {
        (void)close(tool->in);
        tool->in = -1;
}

/* Reads to the end of both, and writes all of the input meanwhile. */
static void converse(struct tool *tool, const char *input, struct tool_result *ret) {
        FILE *files[2];
        size_t size, left = input ? strlen(input) : 0;
        char buffer[65536];

        files[0] = open_memstream(&ret->out, &size);
        files[1] = open_memstream(&ret->err, &size);
        if (left == 0 && tool->in >= 0)
                tool_close_input(tool);
        for (bool open[2] = {true, true}; open[0] || open[1];) {
                struct pollfd fds[] = {
                        {.fd = open[0] ? tool->out : -1, .events = POLLIN},
                        {.fd = open[1] ? tool->err : -1, .events = POLLIN},
                        {.fd = left > 0 ? tool->in : -1, .events = POLLOUT},
                };

                cr_assert(poll(fds, 3, PATIENCE_MSEC) > 0, "wherryctl hangs");
                for (int i = 0; i < 2; i++) {
                        ssize_t n = fds[i].revents ? read(fds[i].fd, buffer, sizeof(buffer)) : -1;

                        if (n > 0)
                                (void)fwrite(buffer, 1, (size_t)n, files[i]);
                        open[i] &= n != 0;
                }
                if (fds[2].revents) {
                        ssize_t n = write(tool->in, input, left);

                        left = n > 0 ? left - (size_t)n : 0;
                        input += n > 0 ? n : 0;
                        if (left == 0)
                                tool_close_input(tool);
                }
        }
        (void)fclose(files[0]);
        (void)fclose(files[1]);
}

struct tool *tool_spawn(const char *const *arguments) {
        struct tool *tool = calloc(1, sizeof(*tool));
        int in[2], out[2], err[2];

        (void)signal(SIGPIPE, SIG_IGN);
        cr_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
                  pipe2(err, O_CLOEXEC) == 0);
        tool->pid = spawn((int[]){in[0], out[1], err[1]}, command(arguments));
        (void)close(in[0]);
        (void)close(out[1]);
        (void)close(err[1]);
        (void)fcntl(in[1], F_SETFL, O_NONBLOCK);
        tool->in = in[1];
        tool->out = out[0];
        tool->err = err[0];
        return tool;
}

struct tool_result tool_run(const char *input, const char *const *arguments) {
        struct tool *tool = tool_spawn(arguments);
        struct tool_result result = {};

        converse(tool, input, &result);
        result.status = wait_for(tool->pid);
        (void)close(tool->out);
        (void)close(tool->err);
        free(tool);
        return result;
}

void tool_result_deinit(struct tool_result *result) {
        free(result->out);
        free(result->err);
}

void tool_expect(const struct tool_result *result, int status, const char *out, const char *err) {
        cr_expect(eq(int, result->status, status), "%s", result->err);
        if (out)
                cr_expect(strstr(result->out, out) != NULL, "'%s' is not in: %s", out, result->out);
        if (err)
                cr_expect(strstr(result->err, err) != NULL, "'%s' is not in: %s", err, result->err);
        /* A failure is one line. */
        if (status != 0 && result->err[0])
                cr_expect(strchr(result->err, '\n') == result->err + strlen(result->err) - 1, "%s",
                          result->err);
}

struct tool_result tool_run_on_terminal(unsigned short columns, const char *const *arguments) {
        struct winsize size = {.ws_col = columns, .ws_row = 24};
        struct tool_result result = {};
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

char *tool_line(struct tool *tool) {
        for (;;) {
                char *newline = memchr(tool->text, '\n', tool->len);
                struct pollfd fd = {.fd = tool->out, .events = POLLIN};
                ssize_t n;

                if (newline) {
                        size_t taken = (size_t)(newline - tool->text) + 1;
                        char *line = strndup(tool->text, taken - 1);

                        tool->len -= taken;
                        memmove(tool->text, tool->text + taken, tool->len);
                        return line;
                }
                cr_assert(poll(&fd, 1, PATIENCE_MSEC) == 1, "no line comes");
                n = read(tool->out, tool->text + tool->len, sizeof(tool->text) - tool->len);
                cr_assert(n > 0, "the output ends: %.*s", (int)tool->len, tool->text);
                tool->len += (size_t)n;
        }
}

void tool_expect_line(struct tool *tool, const char *part) {
        char *line = tool_line(tool);

        cr_expect(strstr(line, part) != NULL, "'%s' is not in: %s", part, line);
        free(line);
}

int tool_end(struct tool *tool, int signal) {
        struct tool_result rest = {};
        int status;

        if (signal)
                (void)kill(tool->pid, signal);
        converse(tool, NULL, &rest);
        status = wait_for(tool->pid);
        (void)close(tool->out);
        (void)close(tool->err);
        tool_result_deinit(&rest);
        free(tool);
        return status;
}
