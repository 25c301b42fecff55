/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nd_msg.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nlattr.h"

#define ROUTER_ADVERTISEMENT 134 /* ICMPv6 */
#define UNRESTRICTED "urn:ietf:params:capport:unrestricted"

static const enum mnl_attr_data_type nd_types[NDUSEROPT_SRCADDR + 1];

/* Anybody on the network can send one, so it must look like a URI: ASCII without blanks. */
static int parse_portal(const uint8_t *value, size_t len, char *ret) {
        while (len > 0 && value[len - 1] == 0)
                len--; /* padding */
        if (len == 0 || len >= ND_PORTAL_SIZE)
                return -EBADMSG;
        for (size_t i = 0; i < len; i++)
                if (value[i] <= ' ' || value[i] >= 0x7f)
                        return -EBADMSG;
        memcpy(ret, value, len);
        ret[len] = '\0';
        if (strcmp(ret, UNRESTRICTED) == 0)
                ret[0] = '\0';
        return 0;
}

static int parse_pref64(const uint8_t *value, size_t len, struct nd_msg *msg) {
        static const uint8_t lengths[] = {96, 64, 56, 48, 40, 32};
        uint8_t bytes[16] = {}, code;

        if (len != 2 + 12)
                return -EBADMSG;
        /* 13 bits of lifetime in units of 8 s, 3 bits of prefix length code. */
        code = value[1] & 7;
        if (code >= sizeof(lengths))
                return -EBADMSG;
        msg->prefix_len = lengths[code];
        msg->prefix_lifetime_sec = (uint32_t)(value[0] << 8 | (value[1] & 0xf8));
        memcpy(bytes, value + 2, msg->prefix_len / 8);
        (void)netaddr_from_bytes(AF_INET6, bytes, sizeof(bytes), &msg->prefix);
        return 0;
}

static int parse_option(const uint8_t *option, size_t left, struct nd_msg *msg) {
        size_t len;

        if (left < 2)
                return -EBADMSG;
        len = 8 * (size_t)option[1];
        if (len == 0 || len > left)
                return -EBADMSG;
        switch (option[0]) {
        case ND_CAPTIVE_PORTAL:
                msg->option = ND_CAPTIVE_PORTAL;
                return parse_portal(option + 2, len - 2, msg->portal);
        case ND_PREF64:
                msg->option = ND_PREF64;
                return parse_pref64(option + 2, len - 2, msg);
        default:
                return -ENOMSG;
        }
}

int nd_msg_parse(const struct nlmsghdr *nlh, struct nd_msg *ret) {
        const struct nlattr *tb[NDUSEROPT_SRCADDR + 1];
        const struct nduseroptmsg *header = nlmsg_header(nlh, sizeof(*header));
        struct nd_msg msg = {};
        const uint8_t *options;
        size_t left;
        int r;

        if (!header || header->nduseropt_ifindex <= 0)
                return -EBADMSG;
        if (header->nduseropt_family != AF_INET6 ||
            header->nduseropt_icmp_type != ROUTER_ADVERTISEMENT)
                return -ENOMSG;
        options = (const uint8_t *)(header + 1);
        left = nlh->nlmsg_len - MNL_NLMSG_HDRLEN - sizeof(*header);
        if (header->nduseropt_opts_len > left)
                return -EBADMSG;
        /* The kernel sends a message for each option. */
        r = parse_option(options, header->nduseropt_opts_len, &msg);
        if (r < 0)
                return r;
        r = nlattr_parse_message(nlh, sizeof(*header) + MNL_ALIGN(header->nduseropt_opts_len),
                                 nd_types, NDUSEROPT_SRCADDR + 1, tb);
        if (r < 0)
                return r;
        if (tb[NDUSEROPT_SRCADDR] &&
            !netaddr_from_bytes(AF_INET6, mnl_attr_get_payload(tb[NDUSEROPT_SRCADDR]),
                                mnl_attr_get_payload_len(tb[NDUSEROPT_SRCADDR]), &msg.router))
                return -EBADMSG;
        msg.index = (uint32_t)header->nduseropt_ifindex;
        *ret = msg;
        return 0;
}
