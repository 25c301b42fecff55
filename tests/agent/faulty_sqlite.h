/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SQLite with faults on demand: a VFS in front of the usual one, and a malloc. */

#include <stdbool.h>

enum faulty_call {
        FAULTY_WRITE,
        FAULTY_SYNC,
        FAULTY_TRUNCATE,
        FAULTY_READ,
        FAULTY_OPEN,
        FAULTY_MALLOC,
        FAULTY_CALL_COUNT
};

/* Once in a process, before SQLite is used. */
void faulty_sqlite_install(void);

/* Fails the nth of these calls from now on (1: the next) with `code` of SQLite; `forever`: and all
 * after it. 0 stops failing. */
void faulty_sqlite_fail(enum faulty_call call, unsigned nth, int code, bool forever);

/* How many there were since it was installed. */
unsigned faulty_sqlite_calls(enum faulty_call call);

/* The next sync waits inside until the other is called. */
void faulty_sqlite_hold_sync(void);
void faulty_sqlite_wait_held(void);
void faulty_sqlite_release_sync(void);

/* From now on what is written to files directly in FROM goes to TO with the sync that follows: what
 * a power cut would leave. A sync that fails loses it for good, as Linux does. TO holds copies of
 * the files. */
void faulty_sqlite_mirror(const char *from, const char *to);
