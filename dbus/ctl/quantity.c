/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quantity.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "moment.h"

struct unit {
        const char *name;
        uint64_t value;
};

#define MINUTE (60 * USEC_PER_SEC)

static const struct unit durations[] = {
        {"us", 1},           {"ms", USEC_PER_MSEC},
        {"s", USEC_PER_SEC}, {"sec", USEC_PER_SEC},
        {"m", MINUTE},       {"min", MINUTE},
        {"h", 60 * MINUTE},  {"d", 24 * 60 * MINUTE},
        {"", USEC_PER_SEC},  {},
};

static const struct unit sizes[] = {
        {"K", 1 << 10},   {"KiB", 1 << 10}, {"M", 1 << 20},
        {"MiB", 1 << 20}, {"G", 1 << 30},   {"GiB", 1 << 30},
        {"B", 1},         {"", 1},          {},
};

int quantity_count(const char *text, uint64_t max, uint64_t *ret) {
        bool hex = strncasecmp(text, "0x", 2) == 0;
        unsigned long long n;
        char *end;

        if (!isdigit((unsigned char)text[0]) || (hex && !isxdigit((unsigned char)text[2])))
                return -EINVAL;
        errno = 0;
        n = strtoull(text, &end, hex ? 16 : 10);
        if (*end)
                return -EINVAL;
        if (errno == ERANGE || n > max)
                return -ERANGE;
        *ret = n;
        return 0;
}

static const struct unit *find_unit(const struct unit *units, const char *text, size_t len) {
        for (; units->name; units++)
                if (strlen(units->name) == len && strncasecmp(units->name, text, len) == 0)
                        return units;
        return NULL;
}

/* One number with its unit; moves `text` behind it. */
static int read_part(const char **text, const struct unit *units, uint64_t *ret) {
        const struct unit *unit;
        const char *at = *text;
        uint64_t whole = 0, fraction = 0, scale = 1, product;
        size_t len = 0;

        if (!isdigit((unsigned char)*at))
                return -EINVAL;
        for (; isdigit((unsigned char)*at); at++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (uint64_t)(*at - '0'), &whole))
                        return -ERANGE;
        if (*at == '.') {
                if (!isdigit((unsigned char)*++at))
                        return -EINVAL;
                for (; isdigit((unsigned char)*at); at++) {
                        if (scale == USEC_PER_SEC) /* finer than any unit */
                                continue;
                        fraction = fraction * 10 + (uint64_t)(*at - '0');
                        scale *= 10;
                }
        }
        while (isalpha((unsigned char)at[len]))
                len++;
        unit = find_unit(units, at, len);
        if (!unit)
                return -EINVAL;
        if (__builtin_mul_overflow(whole, unit->value, &product) ||
            __builtin_add_overflow(product, fraction * unit->value / scale, &product))
                return -ERANGE;
        *text = at + len;
        *ret = product;
        return 0;
}

int quantity_duration(const char *text, uint64_t *ret_usec) {
        uint64_t sum = 0, part;
        int r;

        if (strcasecmp(text, "never") == 0) {
                *ret_usec = USEC_NEVER;
                return 0;
        }
        do {
                r = read_part(&text, durations, &part);
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(sum, part, &sum) || sum == USEC_NEVER)
                        return -ERANGE;
        } while (*text);
        *ret_usec = sum;
        return 0;
}

int quantity_size(const char *text, uint64_t *ret_bytes) {
        uint64_t bytes;
        int r;

        r = read_part(&text, sizes, &bytes);
        if (r < 0)
                return r;
        if (*text)
                return -EINVAL;
        *ret_bytes = bytes;
        return 0;
}

int quantity_real(const char *text, double *ret) {
        char *end;
        double value = strtod(text, &end);

        if (end == text || *end || !isfinite(value))
                return -EINVAL;
        *ret = value;
        return 0;
}

int quantity_bool(const char *text, bool *ret) {
        static const char *const words[][2] = {
                {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                for (int value = 0; value < 2; value++)
                        if (strcasecmp(text, words[i][value]) == 0) {
                                *ret = value;
                                return 0;
                        }
        return -EINVAL;
}
