/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"

static void become(uid_t uid, gid_t gid) {
        if (uid == getuid())
                return;
        if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
                die("cannot become user %u: %s", uid, strerror(errno));
}

pid_t child_start_as(uid_t uid, gid_t gid, const char *const *argv) {
        pid_t parent = getpid(), pid = fork();
        int fd, program = -1;
        sigset_t none;

        if (pid < 0)
                die("fork: %s", strerror(errno));
        if (pid > 0)
                return pid;
        /* A build directory in root's home is closed to other users. */
        if (strchr(argv[0], '/'))
                program = open(argv[0], O_RDONLY | O_CLOEXEC);
        become(uid, gid);
        /* After the change of user, which forgets it. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(127);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGPIPE, SIG_DFL);
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
                (void)dup2(fd, STDIN_FILENO);
        if (program >= 0)
                (void)fexecve(program, (char *const *)argv, environ);
        (void)execvp(argv[0], (char *const *)argv);
        die("%s: %s", argv[0], strerror(errno));
}

pid_t child_start(const char *const *argv) {
        return child_start_as(getuid(), getgid(), argv);
}

static int status_of(int status) {
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_stop(pid_t pid, int signal) {
        int status = 0;

        if (pid == 0)
                return 0;
        (void)kill(pid, signal);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        die("waitpid: %s", strerror(errno));
        return status_of(status);
}

int child_wait(pid_t pid, unsigned long long timeout_usec) {
        int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

        if (fd < 0)
                die("pidfd_open: %s", strerror(errno));
        if (poll(&poll_fd, 1, (int)(timeout_usec / 1000)) <= 0)
                die("process %d does not end", pid);
        (void)close(fd);
        if (waitpid(pid, &status, 0) < 0)
                die("waitpid: %s", strerror(errno));
        return status_of(status);
}
