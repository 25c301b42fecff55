/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A store in a directory of its own, and requests done one after the other. */

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

/* The wall clock when the test began, and the present of every request that does not say its own.
 */
extern uint64_t support_t0;
#define HOUR_USEC (UINT64_C(3600) * 1000000)

/* Made by support_init(), removed by support_deinit(). */
extern char support_directory[64];

void support_init(void);
void support_deinit(void);

/* Runs a shell command in the directory. */
void support_run(const char *command);
const char *support_path(const char *name);

/* Fails the test when the store cannot be opened. */
struct store *support_open(void);
struct store *support_open_limited(uint64_t limit_bytes);

/* Submits, waits, and gives the request back. */
struct store_request *support_do(struct store *store, struct store_request *request);
/* The next finished request. */
struct store_request *support_wait(struct store *store);
/* The same, expects `error`, and frees it. */
void support_expect(struct store *store, struct store_request *request, int error);

struct store_request *support_put(const char *name);
/* The id of a new channel. */
uint64_t support_channel(struct store *store, const char *name);

/* With one message. */
struct store_request *support_send(uint64_t channel, const char *payload);
struct store_request *support_receive(uint64_t channel, const char *payload);
/* One message more. */
struct store_message *support_add(struct store_request *request, const char *payload);
void support_set_uuid(struct store_message *message, uint8_t byte);

/* The same request, at that time; within these limits. */
struct store_request *support_at(struct store_request *request, uint64_t usec);
struct store_request *support_limited(struct store_request *request, uint64_t messages,
                                      uint64_t bytes);

/* With ids, the list ending with 0. */
struct store_request *support_ids(enum store_kind kind, uint64_t channel, const uint64_t *ids);
#define IDS(...) ((const uint64_t[]){__VA_ARGS__, 0})
struct store_request *support_finish(uint64_t channel, enum message_state state,
                                     const uint64_t *ids);

/* Sends and expects success: the id. */
uint64_t support_sent(struct store *store, uint64_t channel, const char *payload);
uint64_t support_received(struct store *store, uint64_t channel, const char *payload);

#define is(actual, expected) eq(str, (char *)(actual), (char *)(expected))

/* What READ_OUT, READ_IN or LIST gives, as "1:payload 2:payload". */
const char *support_text(const struct store_request *request);
/* "1 2 3" */
const char *support_id_text(const struct store_request *request);
/* The whole outbox, or inbox, in that form. */
const char *support_outbox(struct store *store, uint64_t channel);
const char *support_inbox(struct store *store, uint64_t channel);
/* All parked, as "1:cancelled:reason". */
const char *support_parked(struct store *store, uint64_t channel);

/* Runs SQL on the closed database. */
void support_sql(const char *sql);
/* The one number that it answers. */
int64_t support_sql_number(const char *sql);
