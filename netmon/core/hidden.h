/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which interfaces are nobody's business: what containers and machines bring along. */

#include <stdbool.h>

struct link;
struct model;

/* Ports of a bridge or bond, virtual links without an address that is more than link-local, and
 * bridges with virtual ports only; unless the configuration names the interface. One that stands
 * in a path is shown all the same, which is for the caller to know. */
bool link_is_hidden(const struct model *model, const struct link *link);

/* Whether what happens to the link can change anything that is said: it is shown, stands in a path,
 * or has an address. Else nothing has to be asked again because of it: whatever routes it gets are
 * announced. */
bool link_matters(const struct model *model, const struct link *link);
