/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <glob.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct reader {
        config_set set;
        void *userdata;
        char key[128]; /* that was refused first */
        char expected[256];
        int error;
        int line; /* of that key */
        FILE *file;
        int n_lines; /* read so far */
        int read_error;
};

/* libinih's reader. A line that is longer than libinih takes, or hides its end behind a NUL, is
 * made one that is broken. */
static char *on_line(char *buffer, int size, void *userdata) {
        struct reader *reader = userdata;
        bool broken = false;
        int c, len = 0;

        while ((c = getc(reader->file)) != EOF) {
                broken = broken || c == '\0' || len == size - 1;
                if (!broken)
                        buffer[len++] = (char)c;
                if (c == '\n')
                        break;
        }
        if (c == EOF && ferror(reader->file))
                reader->read_error = errno;
        if (len == 0 && !broken)
                return NULL;
        buffer[len] = '\0';
        if (broken)
                (void)snprintf(buffer, (size_t)size, "?");
        reader->n_lines++;
        return buffer;
}

/* libinih's handler: 1 is success, 0 makes ini_parse() return this line's number. */
static int on_key(void *userdata, const char *section, const char *key, const char *value) {
        struct reader *reader = userdata;
        int r;

        if (reader->error < 0) /* libinih goes on after an error: the first one counts */
                return 0;
        r = reader->set(section, key, value, reader->expected, sizeof(reader->expected),
                        reader->userdata);
        if (r >= 0)
                return 1;
        reader->error = r;
        reader->line = reader->n_lines;
        (void)snprintf(reader->key, sizeof(reader->key), "%s", key);
        if (r == -ENOENT)
                (void)snprintf(reader->expected, sizeof(reader->expected),
                               "no such key in section [%s]", section);
        return 0;
}

static int read_file(const char *path, struct reader *reader, char *problem, size_t problem_size) {
        int line = 0, error;

        reader->n_lines = 0;
        reader->read_error = 0;
        reader->file = fopen(path, "re");
        error = errno;
        if (reader->file) {
                line = ini_parse_stream(on_line, reader, on_key, reader);
                error = reader->read_error;
                (void)fclose(reader->file);
        }
        if (!reader->file || error != 0 || line < 0) {
                if (line < 0)
                        error = ENOMEM;
                (void)snprintf(problem, problem_size, "%s: %s", path, strerror(error));
                return -error;
        }
        if (line == 0)
                return 0;
        if (line == reader->line)
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

int config_read_named(const char *path, const char *fallback, config_set set, void *userdata,
                      char *problem, size_t problem_size) {
        if (path && access(path, R_OK) < 0) {
                int r = -errno;

                (void)snprintf(problem, problem_size, "%s: %s", path, strerror(-r));
                return r;
        }
        return config_read(path ? path : fallback, set, userdata, problem, problem_size);
}
