/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "die.h"

#define ARGUMENTS_MAX 16

static void run(int output, char **arguments) {
        sigset_t none;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)dup2(output, STDOUT_FILENO);
        (void)execv(arguments[0], arguments);
        _exit(127);
}

void server_start(struct server *server, const char *program, ...) {
        char path[4096], line[64], *arguments[ARGUMENTS_MAX] = {(char *)"/usr/bin/python3", path};
        size_t n = 2;
        va_list ap;
        int fds[2];

        (void)snprintf(path, sizeof(path), "%s/%s", SERVERS_DIR, program);
        va_start(ap, program);
        while ((arguments[n] = va_arg(ap, char *)))
                if (++n == ARGUMENTS_MAX)
                        die("too many arguments of %s", program);
        va_end(ap);
        if (pipe2(fds, O_CLOEXEC) < 0)
                die("pipe: %s", strerror(errno));
        server->pid = fork();
        if (server->pid < 0)
                die("fork: %s", strerror(errno));
        if (server->pid == 0)
                run(fds[1], arguments);
        (void)close(fds[1]);
        server->output = fdopen(fds[0], "r");
        server_read_line(server, line, sizeof(line));
        server->port = (uint16_t)atoi(line);
}

void server_read_line(struct server *server, char *line, size_t size) {
        if (!fgets(line, (int)size, server->output))
                die("the server is gone");
        line[strcspn(line, "\n")] = '\0';
}

void server_stop(struct server *server) {
        (void)child_stop(server->pid, SIGKILL);
        (void)fclose(server->output);
}
