/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The mirror of the kernel's links and addresses: all that netmon keeps of the network. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateways.h"
#include "hint.h"
#include "link.h"

struct candidates;
struct underlay_cache;
struct nd_msg;
struct settings;

struct model {
        const struct settings *settings; /* borrowed */
        struct hint_source hints;        /* find is NULL where there are none */
        /* Collected once for all that is asked now, borrowed; NULL: to be collected each time. */
        const struct candidates *candidates;
        struct underlay_cache *underlays; /* the same, and filled as they are asked for */
        struct gateways gateways;
        struct link **links; /* by index */
        size_t n_links;
        uint64_t last_id;
        uint64_t advert_usec; /* nothing that routers said expires before */
        unsigned switched;    /* bits 1 << enum link_type: their radios were, a moment ago */
};

void model_init(struct model *model, const struct settings *settings);
void model_deinit(struct model *model);

/* Apply a message at `now_usec` (CLOCK_BOOTTIME). They return which enum link_change bits it made
 * differ, 0 for nothing, or -ENOMEM. */
int model_apply_link(struct model *model, const struct link_msg *msg, uint64_t now_usec);
int model_apply_address(struct model *model, const struct address_msg *msg);
int model_apply_advert(struct model *model, const struct nd_msg *msg, uint64_t now_usec);
/* Drops what routers said and is due; true when that changed a link. */
bool model_expire_adverts(struct model *model, uint64_t now_usec);
/* What sysfs says of a link that was added. */
void model_set_device(struct model *model, struct link *link, const struct link_device *device);
/* Asks the hints again, of every link. Returns true when that makes a difference to any. */
bool model_take_hints(struct model *model);
/* True when there was such a link or address. */
bool model_remove_link(struct model *model, uint32_t index);
bool model_remove_address(struct model *model, const struct address_msg *msg);

/* Makes `model` what `fresh` is, as if every difference had been told by a message. Empties
 * `fresh`. Returns true when anything differed. */
bool model_replace(struct model *model, struct model *fresh, uint64_t now_usec);

struct link *model_find(const struct model *model, uint32_t index);
/* By name or alternative name. */
struct link *model_find_name(const struct model *model, const char *name);
