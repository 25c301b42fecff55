/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int max_level = LOG_INFO;

void log_set_level(int level) {
        max_level = level;
}

int log_level_from_string(const char *word) {
        static const struct {
                const char *word;
                int level;
        } levels[] = {
                {"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
                {"info", LOG_INFO}, {"debug", LOG_DEBUG},
        };

        for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
                if (strcmp(word, levels[i].word) == 0)
                        return levels[i].level;
        return -EINVAL;
}

void log_line(int level, const char *format, ...) {
        char line[1024];
        size_t used = 0;
        va_list ap;
        int n;

        if (level > max_level)
                return;
        if (getenv("JOURNAL_STREAM"))
                used = (size_t)snprintf(line, sizeof(line), "<%d>", level);

        va_start(ap, format);
        n = vsnprintf(line + used, sizeof(line) - used - 1, format, ap);
        va_end(ap);
        if (n < 0)
                return;
        used += (size_t)n;
        if (used > sizeof(line) - 2)
                used = sizeof(line) - 2;
        line[used++] = '\n';
        /* One write, so that lines of several processes do not mix; nobody to tell if it fails. */
        if (write(STDERR_FILENO, line, used) < 0)
                return;
}
