/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <glob.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

struct reader {
        config_set set;
        void *userdata;
        char key[128]; /* the key that was refused; empty when the line itself is broken */
        char expected[256];
        int error;
};

/* libinih's handler: 1 is success, 0 makes ini_parse() return this line's number. */
static int on_key(void *userdata, const char *section, const char *key, const char *value) {
        struct reader *reader = userdata;
        int r;

        r = reader->set(section, key, value, reader->expected, sizeof(reader->expected),
                        reader->userdata);
        if (r >= 0)
                return 1;
        if (reader->error == 0) { /* libinih goes on after an error: the first one counts */
                reader->error = r;
                (void)snprintf(reader->key, sizeof(reader->key), "%s", key);
                if (r == -ENOENT)
                        (void)snprintf(reader->expected, sizeof(reader->expected),
                                       "no such key in section [%s]", section);
        }
        return 0;
}

static int read_file(const char *path, struct reader *reader, char *problem, size_t problem_size) {
        FILE *file = fopen(path, "re");
        int line;

        if (!file) {
                int error = errno;

                (void)snprintf(problem, problem_size, "%s: %s", path, strerror(error));
                return -error;
        }
        line = ini_parse_file(file, on_key, reader);
        (void)fclose(file);
        if (line == 0)
                return 0;
        if (line < 0) {
                (void)snprintf(problem, problem_size, "%s: cannot be read", path);
                return -EIO;
        }
        if (reader->key[0] != '\0')
                (void)snprintf(problem, problem_size, "%s:%d: %s: %s", path, line, reader->key,
                               reader->expected);
        else
                (void)snprintf(problem, problem_size, "%s:%d: expected [section] or key = value",
                               path, line);
        return -EINVAL;
}

int config_read(const char *path, config_set set, void *userdata, char *problem,
                size_t problem_size) {
        struct reader reader = {.set = set, .userdata = userdata};
        char pattern[4096];
        glob_t drop_ins;
        int r;

        r = read_file(path, &reader, problem, problem_size);
        if (r < 0 && r != -ENOENT)
                return r;

        (void)snprintf(pattern, sizeof(pattern), "%s.d/*.conf", path);
        r = glob(pattern, 0, NULL, &drop_ins);
        if (r == GLOB_NOMATCH)
                return 0;
        if (r != 0) {
                (void)snprintf(problem, problem_size, "%s: cannot be listed", pattern);
                return -EIO;
        }
        r = 0;
        for (size_t i = 0; r == 0 && i < drop_ins.gl_pathc; i++)
                r = read_file(drop_ins.gl_pathv[i], &reader, problem, problem_size);
        globfree(&drop_ins);
        return r;
}
