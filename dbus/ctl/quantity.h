/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Numbers as people write them. Each returns 0, -EINVAL, or -ERANGE when it is too large. */

#include <stdbool.h>
#include <stdint.h>

/* Decimal, or hexadecimal with 0x. */
int quantity_count(const char *text, uint64_t max, uint64_t *ret);

/* "30s", "1h30min", "0.5s", "250ms"; a number alone is seconds; "never" is UINT64_MAX. */
int quantity_duration(const char *text, uint64_t *ret_usec);

/* "1000", "64K", "1.5M", "1GiB": powers of 1024. */
int quantity_size(const char *text, uint64_t *ret_bytes);

int quantity_real(const char *text, double *ret);

/* yes no, true false, on off, 1 0 */
int quantity_bool(const char *text, bool *ret);
