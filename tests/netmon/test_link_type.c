/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link_type.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <stdio.h>

#include "link_msg.h"

Test(link_type, guess) {
        static const struct {
                struct link_facts facts;
                struct link_device device;
                enum link_type type;
        } rows[] = {
                {{.flags = IFF_LOOPBACK, .arphrd = ARPHRD_LOOPBACK}, {}, LINK_TYPE_LOOPBACK},
                {{.kind = "wireguard", .arphrd = ARPHRD_NONE}, {}, LINK_TYPE_VPN},
                {{.kind = "tun", .tun_type = IFF_TUN}, {}, LINK_TYPE_VPN},
                {{.kind = "tun", .tun_type = IFF_TAP}, {}, LINK_TYPE_VIRTUAL},
                {{.kind = "sit", .arphrd = ARPHRD_SIT}, {}, LINK_TYPE_VPN},
                {{.kind = "rmnet", .arphrd = ARPHRD_RAWIP}, {}, LINK_TYPE_CELLULAR},
                {{.kind = "wwan"}, {}, LINK_TYPE_CELLULAR},
                {{.kind = "ppp", .arphrd = ARPHRD_PPP}, {}, LINK_TYPE_UNKNOWN},
                {{.kind = "bridge", .arphrd = ARPHRD_ETHER}, {}, LINK_TYPE_VIRTUAL},
                {{.kind = "veth", .arphrd = ARPHRD_ETHER}, {}, LINK_TYPE_VIRTUAL},
                {{.arphrd = ARPHRD_ETHER}, {.devtype = "wlan"}, LINK_TYPE_WIFI},
                {{.arphrd = ARPHRD_ETHER}, {.wireless = true}, LINK_TYPE_WIFI},
                {{.arphrd = ARPHRD_ETHER}, {.devtype = "wwan"}, LINK_TYPE_CELLULAR},
                {{.arphrd = ARPHRD_NONE}, {.driver = "qmi_wwan"}, LINK_TYPE_CELLULAR},
                {{.arphrd = ARPHRD_RAWIP}, {}, LINK_TYPE_CELLULAR},
                {{.arphrd = ARPHRD_ETHER}, {.devtype = "bluetooth"}, LINK_TYPE_BLUETOOTH},
                {{.arphrd = ARPHRD_ETHER},
                 {.driver = "rndis_host", .physical = true},
                 LINK_TYPE_TETHER},
                {{.arphrd = ARPHRD_ETHER, .hardware_address_len = 6, .hardware_address = {0x02}},
                 {.driver = "cdc_ncm", .physical = true},
                 LINK_TYPE_TETHER},
                {{.arphrd = ARPHRD_ETHER, .hardware_address_len = 6, .hardware_address = {0x00}},
                 {.driver = "cdc_ncm", .physical = true},
                 LINK_TYPE_ETHERNET},
                {{.arphrd = ARPHRD_ETHER}, {.physical = true}, LINK_TYPE_ETHERNET},
                {{.arphrd = ARPHRD_ETHER, .parent_bus = "virtio"}, {}, LINK_TYPE_ETHERNET},
                {{.arphrd = ARPHRD_ETHER}, {}, LINK_TYPE_VIRTUAL},
                {{.arphrd = ARPHRD_TUNNEL}, {}, LINK_TYPE_VPN},
                {{.arphrd = ARPHRD_INFINIBAND}, {.physical = true}, LINK_TYPE_UNKNOWN},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(int, link_type_guess(&rows[i].facts, &rows[i].device), rows[i].type),
                          "row %zu", i);
}

Test(link_type, words_lead_there_and_back) {
        enum link_type type;
        enum metered metered;

        for (unsigned i = 0; i < LINK_TYPE_COUNT; i++) {
                cr_assert(eq(int, link_type_from_string(link_type_to_string(i), &type), 0));
                cr_assert(eq(int, type, (int)i));
        }
        for (unsigned i = 0; i < METERED_COUNT; i++) {
                cr_assert(eq(int, metered_from_string(metered_to_string(i), &metered), 0));
                cr_assert(eq(int, metered, (int)i));
        }
        cr_assert(eq(int, link_type_from_string("cable", &type), -EINVAL));
        cr_assert(eq(int, metered_from_string("", &metered), -EINVAL));
}

Test(link_type, what_costs) {
        cr_assert(eq(int, link_type_metered(LINK_TYPE_CELLULAR), METERED_YES));
        cr_assert(eq(int, link_type_metered(LINK_TYPE_TETHER), METERED_YES));
        cr_assert(eq(int, link_type_metered(LINK_TYPE_ETHERNET), METERED_NO));
        cr_assert(eq(int, link_type_metered(LINK_TYPE_WIFI), METERED_UNKNOWN));
}
