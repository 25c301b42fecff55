/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "program_pages.h"

#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADERS_MAX 32

static int drop(struct dl_phdr_info *info, size_t size, void *userdata) {
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
        size_t n = info->dlpi_phnum < HEADERS_MAX ? info->dlpi_phnum : HEADERS_MAX;
        ElfW(Phdr) headers[HEADERS_MAX];

        /* They stand in a page that is dropped: looking at one there would bring it back. */
        (void)memcpy(headers, info->dlpi_phdr, n * sizeof(*headers));
        for (size_t i = 0; i < n; i++) {
                uintptr_t begin = info->dlpi_addr + headers[i].p_vaddr;
                uintptr_t end = begin + headers[i].p_memsz;

                /* What is never written is the file itself. */
                if (headers[i].p_type != PT_LOAD || headers[i].p_flags & PF_W)
                        continue;
                begin -= begin % page;
                (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
        }
        return 0;
}

void program_pages_drop(void) {
        (void)dl_iterate_phdr(drop, NULL);
}
