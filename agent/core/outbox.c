/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Losses over the same head message until it is sent alone. The next one is the proof. */
#define SUSPECT_LOSSES 3

void outbox_init(struct outbox *o, uint32_t max_messages, uint64_t max_bytes) {
        *o = (struct outbox){.max_messages = max_messages, .max_bytes = max_bytes, .more = true};
}

void outbox_deinit(struct outbox *o) {
        for (size_t i = 0; i < o->n_entries; i++)
                free(o->entries[i].payload);
        free(o->entries);
        free(o->withdrawn);
        *o = (struct outbox){0};
}

static size_t outbox_window(const struct outbox *o) {
        return o->n_suspect >= SUSPECT_LOSSES ? 1 : o->max_messages;
}

static bool outbox_has_room(const struct outbox *o) {
        if (o->n_entries == 0)
                return true;
        return o->n_entries < outbox_window(o) && o->bytes < o->max_bytes;
}

const struct outbox_entry *outbox_head(const struct outbox *o) {
        return o->n_written < o->n_entries ? &o->entries[o->n_written] : NULL;
}

enum outbox_action outbox_next(struct outbox *o, bool writable, uint64_t now_realtime_usec) {
        const struct outbox_entry *head = outbox_head(o);

        if (!writable)
                return OUTBOX_WAIT;
        if (head && o->marking_id == 0) {
                if (head->facts.expires_realtime_usec != 0 &&
                    head->facts.expires_realtime_usec <= now_realtime_usec)
                        return OUTBOX_EXPIRE;
                if (head->facts.at_most_once && !head->marked)
                        return OUTBOX_MARK;
                return OUTBOX_WRITE;
        }
        if (o->more && !o->loading && outbox_has_room(o))
                return OUTBOX_LOAD;
        if (o->n_written > 0 && o->proof_id == 0 && !o->by_message)
                return OUTBOX_PROVE;
        return OUTBOX_WAIT;
}

void outbox_poke(struct outbox *o, bool rewind) {
        o->more = true;
        if (rewind)
                o->rewind = true;
}

uint64_t outbox_load_after(const struct outbox *o) {
        if (o->rewind || o->n_entries == 0)
                return 0;
        return o->highest_id;
}

size_t outbox_load_limit(const struct outbox *o) {
        size_t window = outbox_window(o);

        /* A read from the first on brings those once more that are here already. */
        return o->rewind || o->n_entries >= window ? window : window - o->n_entries;
}

void outbox_load_started(struct outbox *o) {
        o->loading = true;
        o->rewind = false;
        /* What is queued while the read is under way says so by outbox_poke(). */
        o->more = false;
}

void outbox_load_done(struct outbox *o, bool exhausted) {
        o->loading = false;
        if (!exhausted || o->stale)
                o->more = true;
        o->stale = false;
}

static bool outbox_is_withdrawn(const struct outbox *o, uint64_t id) {
        for (size_t i = 0; i < o->n_withdrawn; i++)
                if (o->withdrawn[i] == id)
                        return true;
        return false;
}

static bool outbox_is_loaded(const struct outbox *o, uint64_t id) {
        if (id > o->highest_id)
                return false;
        for (size_t i = 0; i < o->n_entries; i++)
                if (o->entries[i].facts.id == id)
                        return true;
        return false;
}

/* Where a new one goes: by id, but behind what is written or about to be: one that was parked and
 * came back has a low id. */
static size_t outbox_place(const struct outbox *o, uint64_t id) {
        size_t first = o->n_written + (o->marking_id != 0);
        size_t at = o->n_entries;

        while (at > first && o->entries[at - 1].facts.id > id)
                at--;
        return at;
}

int outbox_add(struct outbox *o, const struct message_facts *facts, uint8_t *payload,
               size_t payload_bytes) {
        size_t at = outbox_place(o, facts->id);

        if (o->stale || outbox_is_loaded(o, facts->id) || outbox_is_withdrawn(o, facts->id)) {
                free(payload);
                return 0;
        }
        if (o->n_entries == o->n_allocated) {
                size_t n = o->n_allocated == 0 ? 8 : o->n_allocated * 2;
                struct outbox_entry *entries = reallocarray(o->entries, n, sizeof(*entries));

                if (!entries) {
                        free(payload);
                        return -ENOMEM;
                }
                o->entries = entries;
                o->n_allocated = n;
        }
        memmove(&o->entries[at + 1], &o->entries[at], (o->n_entries - at) * sizeof(*o->entries));
        o->entries[at] = (struct outbox_entry){
                .facts = *facts, .payload = payload, .payload_bytes = payload_bytes};
        o->n_entries++;
        o->bytes += payload_bytes;
        if (facts->id > o->highest_id)
                o->highest_id = facts->id;
        return 0;
}

static void outbox_remove(struct outbox *o, size_t at) {
        o->bytes -= o->entries[at].payload_bytes;
        free(o->entries[at].payload);
        if (o->entries[at].written)
                o->n_written--;
        o->n_entries--;
        memmove(&o->entries[at], &o->entries[at + 1], (o->n_entries - at) * sizeof(*o->entries));
}

void outbox_marking(struct outbox *o) {
        o->marking_id = o->entries[o->n_written].facts.id;
}

void outbox_marked(struct outbox *o, uint64_t id) {
        if (o->marking_id != id)
                return; /* rewound meanwhile */
        o->marking_id = 0;
        o->entries[o->n_written].marked = true;
}

void outbox_wrote(struct outbox *o) {
        o->entries[o->n_written].written = true;
        o->n_written++;
}

void outbox_proving(struct outbox *o) {
        o->proof_id = o->entries[o->n_written - 1].facts.id;
}

void outbox_proved(struct outbox *o) {
        size_t n = 0;

        /* By position, not by id: one that came back has a low id and may stand behind. */
        while (n < o->n_written && o->entries[n].facts.id != o->proof_id)
                n++;
        for (size_t i = 0; n < o->n_written && i <= n; i++)
                o->entries[i].proved = true;
        o->proof_id = 0;
}

/* Where a written one stands, looked for from `at` on; n_written when it is not there. */
static size_t outbox_find_written(const struct outbox *o, uint64_t id, size_t at) {
        for (size_t i = 0; i < o->n_written; i++, at++) {
                if (at >= o->n_written)
                        at = 0;
                if (o->entries[at].facts.id == id)
                        return at;
        }
        return o->n_written;
}

void outbox_proved_ids(struct outbox *o, const uint64_t *ids, size_t n) {
        size_t next = 0;

        /* Nearly always they come in the order in which they were written. */
        for (size_t i = 0; i < n; i++) {
                size_t at = outbox_find_written(o, ids[i], next);

                if (at == o->n_written)
                        continue;
                o->entries[at].proved = true;
                next = at + 1;
        }
}

void outbox_pop(struct outbox *o) {
        size_t kept = 0;

        if (o->n_written == 0)
                return;
        /* The losses over the first one were not in a row. */
        if (o->entries[0].proved)
                o->n_suspect = 0;
        for (size_t i = 0; i < o->n_written; i++) {
                if (o->entries[i].proved) {
                        o->bytes -= o->entries[i].payload_bytes;
                        free(o->entries[i].payload);
                } else if (kept != i) {
                        o->entries[kept++] = o->entries[i];
                } else {
                        kept++;
                }
        }
        memmove(o->entries + kept, o->entries + o->n_written,
                (o->n_entries - o->n_written) * sizeof(*o->entries));
        o->n_entries -= o->n_written - kept;
        o->n_written = kept;
}

bool outbox_rejected(struct outbox *o, uint64_t id) {
        size_t at = outbox_find_written(o, id, 0);

        if (at == o->n_written)
                return false;
        if (at == 0)
                o->n_suspect = 0;
        outbox_remove(o, at);
        return true;
}

bool outbox_withdraw(struct outbox *o, uint64_t id) {
        uint64_t *withdrawn;

        for (size_t i = 0; i < o->n_entries; i++) {
                if (o->entries[i].facts.id != id)
                        continue;
                if (o->entries[i].written || o->entries[i].marked || o->marking_id == id)
                        return false;
                outbox_remove(o, i);
                break;
        }
        withdrawn = reallocarray(o->withdrawn, o->n_withdrawn + 1, sizeof(*withdrawn));
        if (!withdrawn)
                return false;
        o->withdrawn = withdrawn;
        o->withdrawn[o->n_withdrawn++] = id;
        return true;
}

void outbox_withdrawn(struct outbox *o, uint64_t id) {
        for (size_t i = 0; i < o->n_withdrawn; i++)
                if (o->withdrawn[i] == id) {
                        o->withdrawn[i] = o->withdrawn[--o->n_withdrawn];
                        return;
                }
}

uint64_t outbox_lost(struct outbox *o, bool over_message) {
        uint64_t head;

        if (o->n_written == 0)
                return 0;
        if (!over_message) {
                o->n_suspect = 0;
                return 0;
        }
        head = o->entries[0].facts.id;
        if (o->suspect_id != head)
                o->n_suspect = 0;
        o->suspect_id = head;
        o->n_suspect++;
        if (o->n_suspect <= SUSPECT_LOSSES)
                return 0;
        o->n_suspect = 0; /* should it ever come back, it begins anew */
        return head;
}

void outbox_unload(struct outbox *o) {
        size_t keep = o->n_written + (o->marking_id != 0);

        /* One that is marked on disk would not be read again. */
        while (o->n_entries > keep && !o->entries[o->n_entries - 1].marked)
                outbox_remove(o, o->n_entries - 1);
        o->more = true;
        o->rewind = true;
}

void outbox_rewind(struct outbox *o) {
        for (size_t i = 0; i < o->n_entries; i++)
                free(o->entries[i].payload);
        o->n_entries = 0;
        o->n_written = 0;
        o->bytes = 0;
        o->marking_id = 0;
        o->proof_id = 0;
        o->highest_id = 0;
        o->more = true;
        o->stale = o->loading;
}
