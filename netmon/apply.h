/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages about links and addresses into a model, with what sysfs knows of a new link. */

#include <stdint.h>

struct model;
struct nlmsghdr;

enum apply_verdict {
        APPLY_NOTHING, /* the model knew */
        APPLY_ASIDE,   /* it differs now in what matters to nobody */
        APPLY_MATTERS, /* it differs now */
};

/* RTM_NEWLINK, DELLINK, NEWADDR, DELADDR. An enum apply_verdict; or -EBADMSG, -ENOMSG or -ENOMEM,
 * and the model is as before. */
int apply_message(struct model *model, const struct nlmsghdr *nlh, uint64_t now_usec);
