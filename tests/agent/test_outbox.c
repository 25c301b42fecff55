/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outbox.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

static struct outbox o;

static void setup(void) {
        outbox_init(&o, 4, 1000);
}

static void teardown(void) {
        outbox_deinit(&o);
}

TestSuite(outbox, .init = setup, .fini = teardown);

static void add_facts(struct message_facts facts, size_t bytes) {
        cr_assert(eq(int, outbox_add(&o, &facts, malloc(bytes + 1), bytes), 0));
}

static void add(uint64_t id) {
        add_facts((struct message_facts){.id = id}, 10);
}

static enum outbox_action next(void) {
        return outbox_next(&o, true, 100);
}

static void load(uint64_t first, uint64_t last) {
        cr_assert(eq(int, next(), OUTBOX_LOAD));
        outbox_load_started(&o);
        for (uint64_t id = first; id <= last; id++)
                add(id);
        outbox_load_done(&o, true);
}

static void write_all(void) {
        while (next() == OUTBOX_WRITE)
                outbox_wrote(&o);
}

/* The pong is here; how many are gone by it. */
static size_t proved(void) {
        size_t before = o.n_entries;

        outbox_proved(&o);
        outbox_pop(&o);
        return before - o.n_entries;
}

static size_t proved_ids(const uint64_t *ids, size_t n) {
        size_t before = o.n_entries;

        outbox_proved_ids(&o, ids, n);
        outbox_pop(&o);
        return before - o.n_entries;
}

Test(outbox, loads_writes_proves_in_order) {
        load(1, 3);
        for (uint64_t id = 1; id <= 3; id++) {
                cr_assert(eq(int, next(), OUTBOX_WRITE));
                cr_assert(eq(u64, outbox_head(&o)->facts.id, id));
                outbox_wrote(&o);
        }
        cr_assert(eq(int, next(), OUTBOX_PROVE));
        outbox_proving(&o);
        cr_assert(eq(int, next(), OUTBOX_WAIT));
        cr_assert(eq(sz, proved(), 3));
        cr_assert(eq(int, next(), OUTBOX_WAIT));
        cr_assert(eq(u64, o.bytes, 0));
}

Test(outbox, pong_when_nothing_was_written_proves_nothing) {
        cr_assert(eq(sz, proved(), 0));
        load(1, 2);
        cr_assert(eq(sz, proved(), 0));
        cr_assert(eq(int, next(), OUTBOX_WRITE));
}

Test(outbox, nothing_happens_while_not_writable) {
        cr_assert(eq(int, outbox_next(&o, false, 0), OUTBOX_WAIT));
}

Test(outbox, one_proof_at_a_time_covers_what_was_written_before_it) {
        load(1, 2);
        write_all();
        outbox_proving(&o);
        outbox_poke(&o, false);
        load(3, 4);
        write_all();
        cr_assert(eq(int, next(), OUTBOX_WAIT)); /* the first ping is outstanding */
        cr_assert(eq(sz, proved(), 2));
        cr_assert(eq(int, next(), OUTBOX_PROVE));
        outbox_proving(&o);
        cr_assert(eq(sz, proved(), 2));
}

Test(outbox, window_limits_messages_and_bytes) {
        cr_assert(eq(sz, outbox_load_limit(&o), 4));
        outbox_load_started(&o);
        for (uint64_t id = 1; id <= 4; id++)
                add(id);
        outbox_load_done(&o, false);
        write_all();
        cr_assert(eq(int, next(), OUTBOX_PROVE));
        outbox_proving(&o);
        cr_assert(eq(int, next(), OUTBOX_WAIT)); /* full, though there is more */
        cr_assert(eq(sz, proved(), 4));
        outbox_load_started(&o);
        add_facts((struct message_facts){.id = 5}, 5000);
        outbox_load_done(&o, false);
        write_all();
        cr_assert(eq(int, next(), OUTBOX_PROVE)); /* one of any size, and nothing beside it */
}

Test(outbox, message_queued_during_a_load_is_not_forgotten) {
        cr_assert(eq(int, next(), OUTBOX_LOAD));
        outbox_load_started(&o);
        cr_assert(eq(int, next(), OUTBOX_WAIT));
        outbox_poke(&o, false);
        outbox_load_done(&o, true);
        cr_assert(eq(int, next(), OUTBOX_LOAD));
}

Test(outbox, at_most_once_is_marked_before_it_is_written) {
        outbox_load_started(&o);
        add_facts((struct message_facts){.id = 1, .at_most_once = true}, 1);
        add(2);
        outbox_load_done(&o, true);
        cr_assert(eq(int, next(), OUTBOX_MARK));
        outbox_marking(&o);
        cr_assert(eq(int, next(), OUTBOX_WAIT)); /* order: 2 waits too */
        outbox_marked(&o, 99);
        cr_assert(eq(int, next(), OUTBOX_WAIT));
        outbox_marked(&o, 1);
        cr_assert(eq(int, next(), OUTBOX_WRITE));
}

Test(outbox, expired_head_is_not_written) {
        outbox_load_started(&o);
        add_facts((struct message_facts){.id = 1, .expires_realtime_usec = 100}, 1);
        add_facts((struct message_facts){.id = 2, .expires_realtime_usec = 101}, 1);
        outbox_load_done(&o, true);
        cr_assert(eq(int, next(), OUTBOX_EXPIRE));
        cr_assert(outbox_withdraw(&o, 1));
        cr_assert(eq(int, next(), OUTBOX_WRITE));
        cr_assert(eq(u64, outbox_head(&o)->facts.id, 2));
}

Test(outbox, withdrawing_is_too_late_once_written_or_marked) {
        outbox_load_started(&o);
        add(1);
        add_facts((struct message_facts){.id = 2, .at_most_once = true}, 1);
        add(3);
        outbox_load_done(&o, true);
        outbox_wrote(&o);
        cr_assert(not(outbox_withdraw(&o, 1)));
        outbox_marking(&o);
        cr_assert(not(outbox_withdraw(&o, 2)));
        cr_assert(outbox_withdraw(&o, 3));
        cr_assert(eq(sz, o.n_entries, 2));
}

Test(outbox, withdrawn_message_is_not_loaded_by_a_read_under_way) {
        outbox_load_started(&o);
        cr_assert(outbox_withdraw(&o, 2));
        add(1);
        add(2);
        outbox_load_done(&o, true);
        cr_assert(eq(sz, o.n_entries, 1));
        outbox_withdrawn(&o, 2);
        add(2);
        cr_assert(eq(sz, o.n_entries, 2));
}

Test(outbox, loss_rewinds_to_the_first_on_disk) {
        load(1, 3);
        outbox_wrote(&o);
        cr_assert(eq(u64, outbox_load_after(&o), 3));
        cr_assert(eq(u64, outbox_lost(&o, false), 0));
        outbox_rewind(&o);
        cr_assert(eq(u64, outbox_load_after(&o), 0));
        load(1, 3);
        cr_assert(eq(u64, outbox_head(&o)->facts.id, 1));
}

Test(outbox, read_that_was_under_way_at_a_loss_brings_nothing) {
        load(1, 2);
        outbox_poke(&o, false);
        cr_assert(eq(int, next(), OUTBOX_WRITE));
        outbox_load_started(&o);
        (void)outbox_lost(&o, false);
        outbox_rewind(&o);
        cr_assert(eq(int, next(), OUTBOX_WAIT));
        add(3);
        outbox_load_done(&o, true);
        cr_assert(eq(sz, o.n_entries, 0));
        load(1, 3);
        cr_assert(eq(u64, outbox_head(&o)->facts.id, 1));
}

Test(outbox, message_that_came_back_is_loaded_once_and_behind_what_is_written) {
        load(5, 6);
        write_all();
        outbox_proving(&o);
        outbox_poke(&o, true);
        cr_assert(eq(int, next(), OUTBOX_LOAD));
        cr_assert(eq(u64, outbox_load_after(&o), 0));
        cr_assert(eq(sz, outbox_load_limit(&o), 4));
        outbox_load_started(&o);
        add(2);
        add(5);
        add(6);
        add(7);
        outbox_load_done(&o, true);
        cr_assert(eq(sz, o.n_entries, 4));
        cr_assert(eq(u64, outbox_head(&o)->facts.id, 2));
        cr_assert(eq(sz, proved(), 2));
        outbox_wrote(&o);
        cr_assert(eq(u64, outbox_head(&o)->facts.id, 7));
        cr_assert(eq(u64, outbox_load_after(&o), 7));
}

static uint64_t lose_over_message(uint64_t id) {
        uint64_t poison;

        load(id, id + 1);
        write_all();
        poison = outbox_lost(&o, true);
        outbox_rewind(&o);
        return poison;
}

Test(outbox, poison_is_sent_alone_and_then_found) {
        for (int i = 0; i < 3; i++)
                cr_assert(eq(u64, lose_over_message(7), 0));
        cr_assert(eq(sz, outbox_load_limit(&o), 1));
        cr_assert(eq(u64, lose_over_message(7), 7));
        /* When it was parked and comes back it is tried as before. */
        cr_assert(eq(u64, lose_over_message(7), 0));
        /* Its successor is innocent. */
        cr_assert(eq(u64, lose_over_message(8), 0));
        cr_assert(eq(sz, outbox_load_limit(&o), 4));
}

Test(outbox, other_losses_and_deliveries_clear_the_suspicion) {
        for (int i = 0; i < 3; i++)
                cr_assert(eq(u64, lose_over_message(7), 0));
        load(7, 7);
        write_all();
        cr_assert(eq(u64, outbox_lost(&o, false), 0));
        outbox_rewind(&o);
        for (int i = 0; i < 3; i++)
                cr_assert(eq(u64, lose_over_message(7), 0));
        load(7, 7);
        write_all();
        outbox_proving(&o);
        (void)proved();
        cr_assert(eq(sz, outbox_load_limit(&o), 4));
}

Test(outbox, delivery_of_another_clears_the_suspicion) {
        for (int i = 0; i < 3; i++)
                cr_assert(eq(u64, lose_over_message(7), 0));
        load(8, 8);
        write_all();
        outbox_proving(&o);
        (void)proved();
        outbox_poke(&o, true); /* the first one comes back */
        cr_assert(eq(u64, lose_over_message(7), 0));
        cr_assert(eq(sz, outbox_load_limit(&o), 4));
}

Test(outbox, each_is_proved_by_itself_in_any_order) {
        o.by_message = true;
        load(1, 4);
        write_all();
        cr_assert(eq(int, next(), OUTBOX_WAIT)); /* no ping */
        cr_assert(eq(sz, proved_ids((uint64_t[]){3, 99, 2, 3}, 4), 2));
        cr_assert(eq(sz, o.n_written, 2));
        cr_assert(eq(u64, o.entries[0].facts.id, 1));
        cr_assert(eq(u64, o.entries[1].facts.id, 4));
        cr_assert(eq(u64, o.bytes, 20));
        cr_assert(eq(sz, proved_ids((uint64_t[]){4, 1}, 2), 2));
        cr_assert(eq(u64, o.bytes, 0));
        outbox_poke(&o, false);
        load(5, 6);
        cr_assert(eq(u64, outbox_head(&o)->facts.id, 5));
}

Test(outbox, what_is_not_written_is_neither_proved_nor_rejected) {
        o.by_message = true;
        load(1, 2);
        outbox_wrote(&o);
        cr_assert(eq(sz, proved_ids((uint64_t[]){2}, 1), 0));
        cr_assert(not(outbox_rejected(&o, 2)));
        cr_assert(outbox_rejected(&o, 1));
        cr_assert(not(outbox_rejected(&o, 1)));
        cr_assert(eq(sz, o.n_entries, 1));
        cr_assert(eq(u64, outbox_head(&o)->facts.id, 2));
        cr_assert(eq(u64, o.bytes, 10));
}

Test(outbox, proof_of_another_does_not_clear_the_suspicion_of_the_first) {
        o.by_message = true;
        for (int i = 0; i < 2; i++)
                cr_assert(eq(u64, lose_over_message(7), 0));
        load(7, 8);
        write_all();
        cr_assert(eq(sz, proved_ids((uint64_t[]){8}, 1), 1));
        (void)outbox_lost(&o, true);
        outbox_rewind(&o);
        cr_assert(eq(sz, outbox_load_limit(&o), 1));
}
