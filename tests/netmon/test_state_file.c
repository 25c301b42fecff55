/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state_file.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "summary.h"

static char directory[32], path[64];
static struct summary summary;
static struct state_file *file;

static void open_file(void) {
        cr_assert(eq(int, state_file_new(path, &file), 0));
}

static void setup(void) {
        (void)strcpy(directory, "/tmp/wherry-state-XXXXXX");
        cr_assert(mkdtemp(directory) != NULL);
        (void)snprintf(path, sizeof(path), "%s/run/state", directory);
        summary_init(&summary);
        open_file();
}

static void teardown(void) {
        char command[64];

        state_file_free(file);
        (void)snprintf(command, sizeof(command), "rm -rf %s", directory);
        cr_assert(eq(int, system(command), 0));
}

TestSuite(state_file, .init = setup, .fini = teardown);

static struct stat status(void) {
        struct stat st;

        cr_assert(eq(int, stat(path, &st), 0), "%s", strerror(errno));
        return st;
}

static void expect_line(const char *line) {
        char text[1024] = "";
        FILE *stream = fopen(path, "re");

        cr_assert(stream != NULL);
        cr_assert(lt(sz, 0, fread(text, 1, sizeof(text) - 1, stream)));
        (void)fclose(stream);
        cr_assert(strstr(text, line) != NULL, "%s", text);
}

Test(state_file, is_replaced_when_something_changed) {
        struct stat first, second;

        (void)umask(077);
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        expect_line("STATE=offline\n");
        first = status();
        cr_assert(eq(u32, first.st_mode & 0777, 0644));
        summary.state_since_usec++;
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        cr_assert(eq(u64, status().st_ino, first.st_ino));
        summary.state = NETWORK_ROUTED;
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        expect_line("STATE=routed\n");
        second = status();
        cr_assert(second.st_ino != first.st_ino || second.st_mtim.tv_nsec != first.st_mtim.tv_nsec);
}

Test(state_file, stays_over_a_restart) {
        struct stat before;

        cr_assert(eq(int, state_file_update(file, &summary), 0));
        before = status();
        state_file_free(file);
        open_file();
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        cr_assert(eq(u64, (uint64_t)status().st_mtim.tv_nsec, (uint64_t)before.st_mtim.tv_nsec));
        state_file_free(file);
        file = NULL;
        expect_line("STATE=offline\n");
}

Test(state_file, failure_is_told_once_and_overcome) {
        char command[64];

        (void)snprintf(command, sizeof(command), "touch %s/run", directory);
        cr_assert(eq(int, system(command), 0));
        cr_assert(eq(int, state_file_update(file, &summary), -ENOTDIR));
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        (void)snprintf(command, sizeof(command), "rm %s/run", directory);
        cr_assert(eq(int, system(command), 0));
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        expect_line("STATE=offline\n");
}

static void limit_file_size(rlim_t size) {
        const struct rlimit limit = {.rlim_cur = size, .rlim_max = RLIM_INFINITY};

        cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &limit), 0));
}

static int count_entries(void) {
        char run[64];
        DIR *stream;
        int n = 0;

        (void)snprintf(run, sizeof(run), "%s/run", directory);
        stream = opendir(run);
        cr_assert(stream != NULL);
        for (struct dirent *entry; (entry = readdir(stream));)
                n += entry->d_name[0] != '.';
        (void)closedir(stream);
        return n;
}

Test(state_file, what_is_not_true_any_more_is_not_left_when_there_is_no_room) {
        (void)signal(SIGXFSZ, SIG_IGN);
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        cr_assert(eq(int, count_entries(), 1));
        summary.state = NETWORK_ROUTED;
        limit_file_size(50);
        cr_assert(eq(int, state_file_update(file, &summary), -ENOSPC));
        cr_assert(eq(int, count_entries(), 0));
        summary.state = NETWORK_OFFLINE;
        limit_file_size(RLIM_INFINITY);
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        expect_line("STATE=offline\n");
        cr_assert(eq(int, count_entries(), 1));
}

Test(state_file, everybody_reaches_it_whatever_our_umask_is) {
        char run[64];
        struct stat st;

        (void)umask(077);
        cr_assert(eq(int, state_file_update(file, &summary), 0));
        (void)snprintf(run, sizeof(run), "%s/run", directory);
        cr_assert(eq(int, stat(run, &st), 0));
        cr_assert(eq(u32, st.st_mode & 0777, 0755));
        cr_assert(eq(u32, status().st_mode & 0777, 0644));
}

Test(state_file, without_a_name_there_is_none) {
        state_file_free(file);
        cr_assert(eq(int, state_file_new("", &file), 0));
        cr_assert(eq(int, state_file_update(file, &summary), 0));
}
