/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

uint64_t when_realtime(uint64_t boottime_usec, const struct moment *at) {
        /* Unsigned arithmetic is right in both directions. */
        return at->realtime_usec - at->usec + boottime_usec;
}

static struct tm local(uint64_t realtime_usec) {
        time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
        struct tm tm = {};

        (void)localtime_r(&seconds, &tm);
        return tm;
}

void when_rfc3339(uint64_t realtime_usec, char text[WHEN_MAX]) {
        time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
        struct tm tm = {};
        size_t len;

        (void)gmtime_r(&seconds, &tm);
        len = strftime(text, WHEN_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
        (void)snprintf(text + len, WHEN_MAX - len, ".%06" PRIu64 "Z", realtime_usec % USEC_PER_SEC);
}

void when_clock(uint64_t realtime_usec, char text[WHEN_MAX]) {
        struct tm tm = local(realtime_usec);
        size_t len = strftime(text, WHEN_MAX, "%H:%M:%S", &tm);

        (void)snprintf(text + len, WHEN_MAX - len, ".%03" PRIu64,
                       realtime_usec % USEC_PER_SEC / USEC_PER_MSEC);
}

void when_date(uint64_t realtime_usec, char text[WHEN_MAX]) {
        struct tm tm = local(realtime_usec);

        (void)strftime(text, WHEN_MAX, "%Y-%m-%d %H:%M:%S", &tm);
}

void when_length(uint64_t usec, char text[WHEN_MAX]) {
        static const struct {
                const char *name;
                uint64_t seconds;
        } units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
        uint64_t seconds = usec / USEC_PER_SEC, rest;
        size_t i = 0;

        if (usec < USEC_PER_MSEC) {
                (void)snprintf(text, WHEN_MAX, "%" PRIu64 " us", usec);
                return;
        }
        if (usec < USEC_PER_SEC) {
                (void)snprintf(text, WHEN_MAX, "%" PRIu64 " ms", usec / USEC_PER_MSEC);
                return;
        }
        while (seconds < units[i].seconds)
                i++;
        rest = seconds % units[i].seconds;
        if (units[i].seconds > 1 && rest >= units[i + 1].seconds)
                (void)snprintf(text, WHEN_MAX, "%" PRIu64 " %s %" PRIu64 " %s",
                               seconds / units[i].seconds, units[i].name,
                               rest / units[i + 1].seconds, units[i + 1].name);
        else
                (void)snprintf(text, WHEN_MAX, "%" PRIu64 " %s", seconds / units[i].seconds,
                               units[i].name);
}
