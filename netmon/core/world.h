/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All that netmon knows and says: the links and addresses, and the answers made of them. */

#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"
#include "model.h"
#include "radio_switches.h"
#include "settings.h"
#include "summary.h"
#include "watched.h"

/* How often an answer that speaks of unknown links or addresses is put off. */
#define WORLD_PATIENCE 2

struct beneath;

/* Where an interface's signal can be asked for; what is answered goes into its link. */
struct signal_source {
        void (*ask)(void *userdata, uint32_t ifindex);
        void *userdata;
};

/* Whom to tell that `ends_usec` may be another one because of a new question. */
struct world_alarm {
        void (*set)(void *userdata); /* NULL: nobody */
        void *userdata;
};

struct world {
        struct settings settings;
        struct kernel kernel;
        struct signal_source signals; /* ask is NULL where there are none */
        struct world_alarm alarm;
        struct model model;
        struct summary summary;
        struct summary was; /* the summary before the latest world_ask() */
        unsigned changed;   /* enum summary_change between the two, not yet published */
        unsigned reasons;   /* for it, enum reason */
        struct watched_list watched;
        uint64_t ends_usec;   /* when the first of the answers' routes ends; USEC_NEVER: none */
        uint64_t looked_usec; /* what ended up to then has been asked about */
        unsigned n_unknown;   /* rounds put off since the latest publication */
        uint64_t serial;      /* rises with every burst in which something visible changed */
        uint64_t overruns;
        uint64_t resyncs;
        bool is_preparing_for_sleep;
        struct radio_switches switches;
        bool is_airplane_mode;  /* all of them are blocked */
        bool was_airplane_mode; /* as published */
};

void world_init(struct world *world, const struct kernel *kernel);
void world_deinit(struct world *world);

/* Asks for everything again, with the enum reason bits of what called for it. 0 when done; 1 when
 * answers spoke of links or addresses not in the model: read what is new and ask again; -EAGAIN
 * when not all could be asked. What has no answer now keeps that of before. */
int world_ask(struct world *world, unsigned triggers, uint64_t now_usec);

/* What changed has been published. */
void world_published(struct world *world);
/* The messages of before are no reason any more for what changes from now on. */
void world_forget_reasons(struct world *world);

/* After a question was added: its answer's links stand in a path, its routes may end. */
void world_mark_paths(struct world *world);

/* True when a route has ended, once for each: ask again. */
bool world_take_end(struct world *world, uint64_t now_usec);

/* The links of the primary and watched paths and of the best way around each, with everything
 * beneath them: those whose carrier matters. */
void world_collect_links(const struct world *world, struct beneath *beneath);

/* Whether a link has an object on the bus: it is not hidden, or stands in a path. */
bool world_shows(const struct world *world, const struct link *link);
