/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One line a message on standard error, with the journal's level prefix when the journal reads it.
 *
 * error: a function is lost; warning: degraded (the text ends ", ignoring" or ", retrying");
 * notice: a state changed; info: rare; debug: free. The line starts with the object it is about.
 * Payloads, tokens and network names never go above debug. */

#include <syslog.h>

/* Lines less urgent than `level` (LOG_ERR to LOG_DEBUG) are dropped; LOG_INFO unless set. */
void log_set_level(int level);

/* "error warning notice info debug" to LOG_*; -EINVAL for another word. */
int log_level_from_string(const char *word);

void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
