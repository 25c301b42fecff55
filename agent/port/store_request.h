/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the storage thread does with a request around its work. A transaction may have to be done
 * again, so a request keeps what it was asked until the commit. */

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

/* It changes something, so it needs a transaction; and its commit must wait for the disk. */
bool store_request_writes(const struct store_request *request);
bool store_request_is_durable(const struct store_request *request);

/* Forgets the results of an earlier try. */
void store_request_reset(struct store_request *request);
/* The results are final: on success ids[] becomes what was found, where the kind says so. */
void store_request_settle(struct store_request *request);

/* Of the payloads that the submitter gave. */
size_t store_request_payload_bytes(const struct store_request *request);

/* One more id of found[]. */
int store_request_add_id(struct store_request *request, uint64_t id);
/* One more of messages[], zeroed, for a payload of so many bytes; NULL without memory. */
struct store_message *store_request_add_message(struct store_request *request, uint64_t bytes);
int store_message_set_payload(struct store_message *message, const void *data, size_t len);

/* Before store_request_has_id(). */
void store_request_sort_ids(struct store_request *request);
bool store_request_has_id(const struct store_request *request, uint64_t id);

/* So much is beyond the limits of the request, 0 meaning none. */
static inline bool store_request_is_over(const struct store_request *request, uint64_t n_messages,
                                         uint64_t n_bytes) {
        return (request->limit_messages > 0 && n_messages > request->limit_messages) ||
               (request->limit_bytes > 0 && n_bytes > request->limit_bytes);
}

/* Another result fits into the limits; the first one always does. */
static inline bool store_request_has_place(const struct store_request *request, uint64_t bytes) {
        return request->n_messages == 0 || !store_request_is_over(request, request->n_messages + 1,
                                                                  request->result_bytes + bytes);
}
