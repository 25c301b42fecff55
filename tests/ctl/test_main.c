/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl where there are no daemons, or not even a bus. */

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"
#include "world.h"

static void start(void) {
        tool_use_bus("unix:path=/nonexistent/bus");
        (void)unsetenv("DBUS_SESSION_BUS_ADDRESS");
        (void)unsetenv("XDG_RUNTIME_DIR");
}

TestSuite(main, .init = start);

static const char *const verbs[] = {
        "status", "monitor", "interfaces", "path",    "channels", "open",  "send",
        "listen", "queue",   "reconnect",  "suspend", "resume",   "close",
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* Fails with one line that says so. */
static void expect_failure(const struct tool_result *result, int status, const char *err) {
        cr_expect(eq(int, result->status, status), "%s", result->err);
        cr_expect(strncmp(result->err, "wherryctl: ", 11) == 0 && strstr(result->err, err) != NULL,
                  "'%s' is not in: %s", err, result->err);
        cr_expect(strchr(result->err, '\n') == result->err + strlen(result->err) - 1);
        cr_expect(eq(str, result->out, ""));
}

Test(main, help_needs_no_bus) {
        RESULT all = RUN("--help");

        cr_expect(eq(int, all.status, 0));
        cr_expect(eq(str, all.err, ""));
        for (size_t i = 0; i < N_VERBS; i++) {
                RESULT one = RUN(verbs[i], "--help");
                RESULT before = RUN("-h", verbs[i]);
                char usage[64];

                (void)snprintf(usage, sizeof(usage), "Usage: wherryctl %s [OPTION...]", verbs[i]);
                cr_expect(eq(int, one.status, 0));
                cr_expect(strncmp(one.out, usage, strlen(usage)) == 0, "%s", one.out);
                cr_expect(strstr(one.out, "\nExit status\n") != NULL);
                cr_expect(strstr(one.out, "JSON") != NULL);
                cr_expect(eq(str, before.out, one.out));
                cr_expect(strstr(all.out, verbs[i]) != NULL);
                for (const char *line = one.out; *line; line += strcspn(line, "\n") + 1)
                        cr_expect(strcspn(line, "\n") <= 80, "%s: %s", verbs[i], line);
        }
}

Test(main, version) {
        RESULT result = RUN("--version");

        cr_expect(eq(int, result.status, 0));
        cr_expect(eq(str, result.out, "wherryctl " WHERRY_VERSION "\n"));
}

Test(main, wrong_use) {
        static const struct {
                const char *arguments[4];
                const char *err;
        } rows[] = {
                {{NULL}, "which verb? See wherryctl --help"},
                {{"stauts"}, "unknown verb 'stauts'; did you mean 'status'?"},
                {{"frobnicate"}, "unknown verb 'frobnicate'; see wherryctl --help"},
                {{"evil\033[2J"}, "unknown verb 'evil\\x1b[2J'"},
                {{""}, "unknown verb ''; see"},
                {{"--jsno", "status"},
                 "unknown option --jsno; did you mean --json? (see wherryctl "
                 "--help)"},
                {{"listen", "x", "--cuont"}, "did you mean --count? (see wherryctl listen --help)"},
                {{"status", "extra"}, "too many arguments; usage: wherryctl status [OPTION...]"},
                {{"open", "chat"}, "too few arguments; usage: wherryctl open [OPTION...] NAME URI"},
                {{"listen", "x", "--count=0"}, "--count=0: expected a number from 1"},
                {{"listen", "x", "--timeout=soon"}, "expected a length of time, such as 30s"},
                {{"send", "x", "--uuid=zz"}, "--uuid=zz: expected 32 hexadecimal digits"},
                {{"close", "x", "--flush=-1"}, "--flush=-1: expected a length of time"},
                {{"status", "--bus=nonsense"}, "nonsense is not a D-Bus address"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                RESULT result = tool_run(NULL, rows[i].arguments);

                expect_failure(&result, 2, rows[i].err);
        }
}

Test(main, no_bus) {
        RESULT system = RUN("status");
        RESULT session = RUN("status", "--session");
        RESULT address = RUN("channels", "--bus=unix:path=/nonexistent/x");
        RESULT json = RUN("status", "--json");

        expect_failure(&system, 6, "no system bus (No such file or directory)");
        expect_failure(&session, 6, "no session bus");
        expect_failure(&address, 6, "no bus at unix:path=/nonexistent/x (No such file or");
        cr_expect(eq(int, json.status, 6));
        cr_expect(strncmp(json.out, "{\"network\":null,\"agent\":null,", 29) == 0, "%s", json.out);
}

Test(main, a_bus_that_is_silent, .timeout = 60) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char argument[160];
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/wherry-silent-%d",
                       getpid());
        (void)snprintf(argument, sizeof(argument), "--bus=unix:path=%s", address.sun_path);
        cr_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        cr_assert(listen(fd, 8) == 0);
        RESULT result = RUN("status", argument);
        (void)unlink(address.sun_path);
        (void)close(fd);
        expect_failure(&result, 7, "no bus at ");
}

Test(main, no_daemons) {
        static const struct {
                const char *arguments[4];
                const char *err;
        } rows[] = {
                {{"interfaces"}, "wherry-netmon is not running; start it with systemctl start"},
                {{"path", "default"}, "wherry-netmon is not running"},
                {{"channels"}, "wherry-agent is not running; start it with systemctl start"},
                {{"channels", "x"}, "wherry-agent is not running"},
                {{"open", "x", "ws://y/"}, "wherry-agent is not running"},
                {{"send", "x", "y"}, "wherry-agent is not running"},
                {{"send", "x", "--lines"}, "wherry-agent is not running"},
                {{"listen", "x"}, "wherry-agent is not running"},
                {{"queue"}, "wherry-agent is not running"},
                {{"reconnect"}, "wherry-agent is not running"},
                {{"close", "x"}, "wherry-agent is not running"},
        };

        world_start_empty();
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                RESULT result = tool_run(NULL, rows[i].arguments);

                expect_failure(&result, 6, rows[i].err);
        }
        RESULT status = RUN("status");
        cr_expect(eq(int, status.status, 6));
        cr_expect(eq(str, status.err, ""));
        cr_expect(eq(str, status.out,
                     "network   wherry-netmon is not running; start it with systemctl start "
                     "wherry-netmon\n"
                     "agent     wherry-agent is not running; start it with systemctl start "
                     "wherry-agent\n"));
        world_stop();
}

Test(main, bus_options_say_how_to_start_the_daemon) {
        char argument[160];

        world_start_empty();
        (void)setenv("DBUS_SESSION_BUS_ADDRESS", world_address(), 1);
        (void)snprintf(argument, sizeof(argument), "--bus=%s", world_address());
        RESULT session = RUN("--session", "channels");
        RESULT address = RUN("channels", argument);
        expect_failure(&session, 6, "start it with wherry-agent --session");
        expect_failure(&address, 6, "start it with wherry-agent --bus=unix:path=");
        world_stop();
}

/* "wherryctl ... | head" is no reason to complain. */
Test(main, a_reader_that_went_away) {
        int fds[2], status;

        cr_assert(pipe(fds) == 0);
        (void)close(fds[0]);
        cr_assert(dup2(fds[1], 9) == 9);
        (void)signal(SIGPIPE, SIG_DFL);
        status = system(WHERRYCTL " --help >&9");
        cr_expect(eq(int, WEXITSTATUS(status), 0));
}

Test(main, a_full_disk_is_a_failure) {
        int status = system(WHERRYCTL " --help > /dev/full 2> /dev/null");

        cr_expect(eq(int, WEXITSTATUS(status), 1));
}
