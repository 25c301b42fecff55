/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Room on the disk: what adds to the queue is refused in time, so that what takes away never finds
 * the disk full.
 *
 * Three things see to that. Pages that new rows need are allocated in the file before the rows are
 * accepted, so that a checkpoint always succeeds. The log is grown once to a fixed size and used
 * over and over. A ballast file is given up when all that was not enough (others fill the disk, and
 * the file system needs space even to overwrite); nothing is accepted until it is there again. */

#include <stdbool.h>
#include <stdint.h>

struct store_db;

struct store_space {
        uint64_t limit_bytes;
        uint64_t log_bytes;
        uint64_t page_bytes;
        uint64_t limit_pages; /* max_page_count */
        uint64_t spare_pages; /* of these, kept for what takes away */
        uint64_t free_pages;  /* at least so many are allocated and not yet promised */
        int ballast_fd;
        bool ballasted;      /* the ballast stands */
        bool refuse_growth;  /* the present transaction has met a full disk */
        uint64_t log_frames; /* in the log since it was last moved into the file */
};

/* Prepares an open database: limit, log, ballast. A full disk is no error. */
int store_space_init(struct store_db *db);

/* Promises so many pages to new rows; false on a full disk and at the limit. */
bool store_space_take(struct store_db *db, uint64_t pages);

/* Pages that a row with so many bytes takes, at most. */
uint64_t store_space_pages(const struct store_space *space, uint64_t bytes);

void store_space_drop_ballast(struct store_space *space);

/* Moves the log into the file, so that it is used from its beginning again: when it is half full,
 * to leave room for the next transaction. */
bool store_space_is_log_long(const struct store_space *space);
int store_space_checkpoint(struct store_db *db);

bool store_space_has_log(const struct store_db *db);

/* Before the end: the file alone holds the whole queue. */
void store_space_finish(struct store_db *db);
