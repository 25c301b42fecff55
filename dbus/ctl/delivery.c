/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery.h"

#include <errno.h>
#include <string.h>

#include "bus_dict.h"
#include "cleanup.h"
#include "must.h"
#include "names.h"
#include "peer.h"
#include "value.h"

#define PAGE_MESSAGES 128 /* the most that GetMessages gives */

struct message {
        uint64_t id;
        bool final;
};

struct delivery {
        struct ctl *ctl;
        const struct channel *channel;
        delivery_final final;
        void *userdata;
        struct peer *agent;
        sd_bus_slot *states, *overflow;
        struct message *messages; /* by rising id */
        size_t n_messages, room, n_open;
        bool doubtful; /* some states may have been missed: ask */
};

static bool is_final(const char *state) {
        return strcmp(state, "queued") != 0 && strcmp(state, "sent") != 0;
}

static int compare_ids(const void *a, const void *b) {
        const struct message *left = a, *right = b;

        return left->id < right->id ? -1 : left->id > right->id;
}

static void finish(struct delivery *d, struct message *message, const char *state,
                   const char *reason) {
        if (message->final || !is_final(state))
                return;
        message->final = true;
        d->n_open--;
        d->final(message->id, state, reason, d->userdata);
}

static bool is_ours(const struct delivery *d, sd_bus_message *m) {
        return peer_sent(d->agent, m) && strcmp(sd_bus_message_get_path(m), d->channel->path) == 0;
}

static int on_states(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct delivery *d = userdata;
        const char *state, *reason;
        uint64_t id;
        int r;

        if (!is_ours(d, m))
                return 0;
        r = sd_bus_message_enter_container(m, 'a', "(tss)");
        while (r > 0 && (r = sd_bus_message_read(m, "(tss)", &id, &state, &reason)) > 0) {
                struct message key = {.id = id};
                struct message *message = NULL;

                if (d->n_messages > 0)
                        message =
                                bsearch(&key, d->messages, d->n_messages, sizeof(key), compare_ids);
                if (message)
                        finish(d, message, state, reason);
        }
        return 0;
}

static int on_overflow(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct delivery *d = userdata;

        d->doubtful |= is_ours(d, m);
        return 0;
}

static void on_agent(struct peer *agent, void *userdata) {
        struct delivery *d = userdata;

        d->doubtful |= peer_is_there(agent);
}

struct delivery *delivery_new(struct ctl *ctl, const struct channel *channel, delivery_final final,
                              void *userdata) {
        struct delivery *d = MUST_HAVE(calloc(1, sizeof(*d)));

        d->ctl = ctl;
        d->channel = channel;
        d->final = final;
        d->userdata = userdata;
        must(sd_bus_match_signal(ctl->bus, &d->states, AGENT_BUS_NAME, NULL,
                                 AGENT_CHANNEL_INTERFACE, "MessageStates", on_states, d));
        must(sd_bus_match_signal(ctl->bus, &d->overflow, AGENT_BUS_NAME, NULL,
                                 AGENT_CHANNEL_INTERFACE, "Overflow", on_overflow, d));
        d->agent = peer_new(ctl, &agent_service, on_agent, d);
        return d;
}

void delivery_free(struct delivery *d) {
        if (!d)
                return;
        sd_bus_slot_unref(d->states);
        sd_bus_slot_unref(d->overflow);
        peer_free(d->agent);
        free(d->messages);
        free(d);
}

void delivery_add(struct delivery *d, uint64_t id, bool again) {
        d->doubtful |= again;
        if (d->n_messages > 0 && id <= d->messages[d->n_messages - 1].id)
                return; /* a UUID given twice */
        if (d->n_messages == d->room) {
                d->room = d->room ? 2 * d->room : 64;
                d->messages = MUST_HAVE(reallocarray(d->messages, d->room, sizeof(*d->messages)));
        }
        d->messages[d->n_messages++] = (struct message){.id = id};
        d->n_open++;
}

static int get_page(struct delivery *d, uint64_t after_id, json_object **ret) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        m = channel_method(d->ctl, d->channel, "GetMessages");
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        must(bus_dict_put_string(m, "direction", "out"));
        must(bus_dict_put_u64(m, "after-id", after_id));
        must(sd_bus_message_close_container(m));
        r = sd_bus_call(d->ctl->bus, m, BUS_TIMEOUT_USEC, NULL, &reply);
        return r < 0 ? r : value_read(reply, ret);
}

/* Finishes our messages up to `last_id` by the page that lists all that are left up to there: what
 * is not listed was delivered. */
static void apply_page(struct delivery *d, size_t *index, json_object *page, uint64_t last_id) {
        size_t listed = 0, n = json_object_array_length(page);

        for (; *index < d->n_messages && d->messages[*index].id <= last_id; (*index)++) {
                struct message *message = &d->messages[*index];
                json_object *entry = NULL;

                while (listed < n &&
                       value_number(json_object_array_get_idx(page, listed), "id") < message->id)
                        listed++;
                if (listed < n)
                        entry = json_object_array_get_idx(page, listed);
                if (entry && value_number(entry, "id") == message->id)
                        finish(d, message, value_string(entry, "state"),
                               value_string(entry, "reason"));
                else
                        finish(d, message, "delivered", "");
        }
}

/* Asks the agent for what may have been missed. When it is away, the next owner of its name is
 * asked. */
static void resync(struct delivery *d) {
        CLEANUP(channel_deinit) struct channel channel = {};
        size_t index = 0;
        int r;

        d->doubtful = false;
        /* A restarted agent has to be told again that we listen. */
        r = channel_get(d->ctl, d->channel->word, &channel, NULL);
        while (index < d->n_messages && d->messages[index].final)
                index++;
        while (r >= 0 && index < d->n_messages) {
                CLEANUP(json_object_putp) json_object *page = NULL;
                size_t n;

                r = get_page(d, d->messages[index].id - 1, &page);
                if (r < 0)
                        break;
                /* Signals that came before the answer know the reasons, which it does not. */
                (void)bus_process(d->ctl);
                n = json_object_array_length(page);
                apply_page(d, &index, page,
                           n < PAGE_MESSAGES
                                   ? UINT64_MAX
                                   : value_number(json_object_array_get_idx(page, n - 1), "id"));
        }
}

enum outcome delivery_wait(struct delivery *d, uint64_t timeout_usec) {
        uint64_t now_usec = moment_now().usec, end_usec;
        enum outcome o;

        if (__builtin_add_overflow(now_usec, timeout_usec, &end_usec))
                end_usec = USEC_NEVER;
        for (;;) {
                o = bus_process(d->ctl);
                if (o != OUTCOME_OK)
                        return o;
                if (d->doubtful)
                        resync(d);
                if (d->n_open == 0)
                        return OUTCOME_OK;
                now_usec = moment_now().usec;
                if (now_usec >= end_usec)
                        break;
                if (!d->doubtful)
                        (void)sd_bus_wait(d->ctl->bus, end_usec - now_usec);
        }
        output_complain("%zu of %zu messages not delivered yet; they stay queued, see wherryctl "
                        "queue %s",
                        d->n_open, d->n_messages, d->channel->word);
        return OUTCOME_TIMEOUT;
}
