/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "program_pages.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#define TABLE_BYTES ((size_t)1 << 20)
#define PAGE_BYTES ((size_t)4096)

/* A part of the program that is only read. */
static const unsigned char table[TABLE_BYTES] = {[5] = 5, [TABLE_BYTES - 1] = 9};
static int written = 1;

/* Pages of files that are mapped now. */
static unsigned long file_pages(void) {
        unsigned long size, resident, shared;
        FILE *file = fopen("/proc/self/statm", "re");

        cr_assert(file && fscanf(file, "%lu %lu %lu", &size, &resident, &shared) == 3);
        (void)fclose(file);
        return shared;
}

static unsigned sum_table(void) {
        const volatile unsigned char *at = table;
        unsigned sum = at[5] + at[TABLE_BYTES - 1];

        for (size_t i = 0; i < TABLE_BYTES; i += PAGE_BYTES)
                sum += at[i];
        return sum;
}

Test(program_pages, drop_what_comes_again) {
        unsigned long before, after;

        written = 2;
        cr_assert_eq(sum_table(), 14);
        before = file_pages();
        program_pages_drop();
        after = file_pages();
        cr_assert_lt(after + TABLE_BYTES / (size_t)sysconf(_SC_PAGESIZE), before + 32,
                     "%lu pages of files, %lu after", before, after);
        cr_assert_eq(sum_table(), 14);
        cr_assert_eq(written, 2);
}
