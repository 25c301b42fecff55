/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel_msg.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <string.h>

#include "nlattr.h"

#define ATTRIBUTES_MAX (IFLA_GRE_FWMARK + 1)

static const struct {
        const char *kind;
        uint16_t remote;
        uint16_t mark;
} kinds[] = {
        {"ipip", IFLA_IPTUN_REMOTE, IFLA_IPTUN_FWMARK},
        {"sit", IFLA_IPTUN_REMOTE, IFLA_IPTUN_FWMARK},
        {"ip6tnl", IFLA_IPTUN_REMOTE, IFLA_IPTUN_FWMARK},
        {"gre", IFLA_GRE_REMOTE, IFLA_GRE_FWMARK},
        {"gretap", IFLA_GRE_REMOTE, IFLA_GRE_FWMARK},
        {"ip6gre", IFLA_GRE_REMOTE, IFLA_GRE_FWMARK},
        {"ip6gretap", IFLA_GRE_REMOTE, IFLA_GRE_FWMARK},
        {"erspan", IFLA_GRE_REMOTE, IFLA_GRE_FWMARK},
        {"ip6erspan", IFLA_GRE_REMOTE, IFLA_GRE_FWMARK},
        {"vti", IFLA_VTI_REMOTE, IFLA_VTI_FWMARK},
        {"vti6", IFLA_VTI_REMOTE, IFLA_VTI_FWMARK},
};

int tunnel_msg_parse(const char *kind, const struct nlattr *data, struct tunnel_end *ret) {
        const struct nlattr *tb[ATTRIBUTES_MAX], *remote;
        enum mnl_attr_data_type types[ATTRIBUTES_MAX] = {};
        struct tunnel_end end = {};
        size_t i = 0;
        int r;

        while (i < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[i].kind, kind) != 0)
                i++;
        if (i == sizeof(kinds) / sizeof(kinds[0])) {
                *ret = end;
                return 0;
        }
        types[kinds[i].mark] = MNL_TYPE_U32;
        r = nlattr_parse_nested(data, types, ATTRIBUTES_MAX, tb);
        if (r < 0)
                return r;
        remote = tb[kinds[i].remote];
        if (remote) {
                size_t len = mnl_attr_get_payload_len(remote);

                if (!netaddr_from_bytes(len == 4 ? AF_INET : AF_INET6, mnl_attr_get_payload(remote),
                                        len, &end.remote))
                        return -EBADMSG;
                if (netaddr_is_unspecified(&end.remote))
                        end.remote = (struct netaddr){};
        }
        end.mark = nlattr_u32(tb[kinds[i].mark], 0);
        *ret = end;
        return 0;
}
