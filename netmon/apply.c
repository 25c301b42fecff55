/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>

#include "address_msg.h"
#include "hidden.h"
#include "link_msg.h"
#include "model.h"
#include "nd_msg.h"
#include "sysfs.h"

static int remove_link(struct model *model, uint32_t index) {
        const struct link *link = model_find(model, index);
        bool matters;

        if (!link)
                return APPLY_NOTHING;
        matters = link_matters(model, link);
        (void)model_remove_link(model, index);
        return matters ? APPLY_MATTERS : APPLY_ASIDE;
}

static int apply_link(struct model *model, const struct nlmsghdr *nlh, uint64_t now_usec) {
        struct link_msg msg;
        struct link_device device;
        struct link *link;
        bool mattered;
        int r;

        r = link_msg_parse(nlh, &msg);
        if (r < 0)
                return r;
        if (nlh->nlmsg_type == RTM_DELLINK)
                return remove_link(model, msg.facts.index);
        link = model_find(model, msg.facts.index);
        mattered = link && link_matters(model, link);
        r = model_apply_link(model, &msg, now_usec);
        if (r <= 0)
                return r;
        link = model_find(model, msg.facts.index);
        /* A software link has no device. */
        if ((r & LINK_CHANGE_ADDED) && msg.facts.kind[0] == '\0') {
                sysfs_read_device(SYSFS_ROOT, &msg.facts, &device);
                model_set_device(model, link, &device);
        }
        return mattered || link_matters(model, link) ? APPLY_MATTERS : APPLY_ASIDE;
}

static int apply_address(struct model *model, const struct nlmsghdr *nlh) {
        struct address_msg msg;
        int r;

        r = address_msg_parse(nlh, &msg);
        if (r < 0)
                return r;
        if (nlh->nlmsg_type == RTM_DELADDR)
                return model_remove_address(model, &msg) ? APPLY_MATTERS : APPLY_NOTHING;
        r = model_apply_address(model, &msg);
        return r > 0 ? APPLY_MATTERS : r;
}

static int apply_advert(struct model *model, const struct nlmsghdr *nlh, uint64_t now_usec) {
        struct nd_msg msg;
        const struct link *link;
        int r;

        /* Anyone on the network may send nonsense: that is no error of ours. */
        if (nd_msg_parse(nlh, &msg) < 0)
                return APPLY_NOTHING;
        r = model_apply_advert(model, &msg, now_usec);
        if (r <= 0)
                return r;
        link = model_find(model, msg.index);
        return link_matters(model, link) ? APPLY_MATTERS : APPLY_ASIDE;
}

int apply_message(struct model *model, const struct nlmsghdr *nlh, uint64_t now_usec) {
        switch (nlh->nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
                return apply_link(model, nlh, now_usec);
        case RTM_NEWADDR:
        case RTM_DELADDR:
                return apply_address(model, nlh);
        case RTM_NEWNDUSEROPT:
                return apply_advert(model, nlh, now_usec);
        default:
                return -ENOMSG;
        }
}
