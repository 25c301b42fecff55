/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The links that a link stands on. */

#include <stddef.h>
#include <stdint.h>

struct model;

#define BENEATH_MAX 32

struct beneath {
        uint32_t indices[BENEATH_MAX]; /* lowers before what stands on them, each once */
        size_t n;
};

/* Adds a link and everything beneath it: the ports of a bridge or bond, the link under a VLAN or
 * macvlan. What no longer fits is left out. */
void beneath_add(struct beneath *beneath, const struct model *model, uint32_t index);
