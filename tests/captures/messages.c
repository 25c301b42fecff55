/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "messages.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "nlattr.h"

/* What nobody reads, and is large or another every time. */
static bool is_left_out(bool hides_kinds, uint16_t type, uint16_t attribute) {
        if (type != RTM_NEWLINK && type != RTM_DELLINK)
                return false;
        return attribute == IFLA_STATS || attribute == IFLA_STATS64 || attribute == IFLA_AF_SPEC ||
               attribute == IFLA_MAP || (attribute == IFLA_LINKINFO && hides_kinds);
}

/* Counts of jiffies. */
static bool is_time(uint16_t type, uint16_t attribute) {
        switch (type) {
        case RTM_NEWADDR:
        case RTM_DELADDR:
                return attribute == IFA_CACHEINFO;
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
                return attribute == RTA_CACHEINFO;
        case RTM_NEWNEIGH:
        case RTM_DELNEIGH:
                return attribute == NDA_CACHEINFO;
        default:
                return false;
        }
}

static size_t header_size(uint16_t type) {
        switch (type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
                return sizeof(struct ifinfomsg);
        case RTM_NEWADDR:
        case RTM_DELADDR:
                return sizeof(struct ifaddrmsg);
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
                return sizeof(struct rtmsg);
        case RTM_NEWNEIGH:
        case RTM_DELNEIGH:
                return sizeof(struct ndmsg);
        default:
                return 0; /* taken as it is */
        }
}

/* Puts one message behind the others, without what tells one reader from another. */
static void append(const struct nlmsghdr *nlh, struct messages *messages) {
        struct nlmsghdr *copy = (struct nlmsghdr *)(void *)(messages->data + messages->len);

        memcpy(copy, nlh, nlh->nlmsg_len);
        copy->nlmsg_seq = copy->nlmsg_pid = 0;
        copy->nlmsg_flags &= (uint16_t)~NLM_F_MULTI;
        messages->len += NLMSG_ALIGN(nlh->nlmsg_len);
}

void messages_append_short(struct messages *messages, const struct nlmsghdr *nlh,
                           bool hides_kinds) {
        _Alignas(struct nlmsghdr) uint8_t buf[MESSAGES_MAX];
        struct nlmsghdr *kept = (struct nlmsghdr *)buf;
        const size_t size = header_size(nlh->nlmsg_type);
        const struct nlattr *attr;

        if (size == 0) {
                append(nlh, messages);
                return;
        }
        memcpy(kept, nlh, NLMSG_LENGTH(size));
        kept->nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
        mnl_attr_for_each(attr, nlh, size) {
                struct nlattr *put = mnl_nlmsg_get_payload_tail(kept);
                uint16_t type = mnl_attr_get_type(attr);

                if (is_left_out(hides_kinds, nlh->nlmsg_type, type))
                        continue;
                memcpy(put, attr, MNL_ALIGN(attr->nla_len));
                if (is_time(nlh->nlmsg_type, type))
                        memset(mnl_attr_get_payload(put), 0, mnl_attr_get_payload_len(put));
                kept->nlmsg_len += (uint32_t)MNL_ALIGN(attr->nla_len);
        }
        append(kept, messages);
}

void messages_append_all(struct messages *messages, const void *data, size_t len) {
        const struct nlmsghdr *nlh;

        while ((nlh = nlmsg_take(&data, &len)))
                if (nlh->nlmsg_type >= NLMSG_MIN_TYPE)
                        append(nlh, messages);
}
