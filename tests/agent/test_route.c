/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "route.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "failure.h"
#include "netns.h"

TestSuite(route, .init = netns_enter);

Test(route, probe) {
        static const struct {
                const char *address;
                const char *interface;
                int result;
        } rows[] = {
                {"127.0.0.1", "", 0},
                {"127.0.0.1", "lo", 0},
                {"::1", "", 0},
                {"127.0.0.1", "gone0", -ENODEV},
                {"192.0.2.1", "", 0},
                {"192.0.2.1", "silent0", 0},
                {"198.51.100.1", "", -ENETUNREACH},
                {"2001:db8::1", "", -ENETUNREACH},
                {"203.0.113.1", "", -EHOSTUNREACH},
                {"203.0.113.2", "", -EACCES},
                {"203.0.113.3", "", -EINVAL},
        };

        shell("ip link add silent0 type veth peer name silent1 && ip link set silent0 up && "
              "ip address add 192.0.2.2/24 dev silent0 && "
              "ip route add unreachable 203.0.113.1 && ip route add prohibit 203.0.113.2 && "
              "ip route add blackhole 203.0.113.3");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct address address;
                int r;

                cr_assert(eq(int, address_parse(rows[i].address, &address), 0));
                r = route_probe(&address, rows[i].interface);
                cr_assert(eq(int, r, rows[i].result), "row %zu", i);
                cr_assert(r == 0 || failure_find(FAILURE_SOCKET, -r).kind == CAUSE_NO_PATH,
                          "row %zu", i);
        }
}
