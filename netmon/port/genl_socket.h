/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* nl80211 over generic netlink: its announcements, also of a module that is loaded later, and
 * questions to it. Nothing is ever set. */

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

struct genl_socket;
struct wifi_msg;

int genl_socket_new(struct genl_socket **ret);
void genl_socket_free(struct genl_socket *genl);

static inline void genl_socket_freep(struct genl_socket **genl) {
        genl_socket_free(*genl);
}

int genl_socket_fd(const struct genl_socket *genl);

enum genl_news {
        GENL_NOTHING, /* there is no more now */
        GENL_WIFI,    /* *ret is filled */
        GENL_LOST, /* announcements were lost, or the family came or went: ask about everything */
};

/* Reads one announcement. */
enum genl_news genl_socket_receive(struct genl_socket *genl, struct wifi_msg *ret);

/* What an interface is, and who it is with: without bssid when it is with nobody. 0; -ENODEV when
 * it is no WiFi; or -EAGAIN. */
int genl_socket_ask(struct genl_socket *genl, uint32_t ifindex, struct wifi_msg *ret_interface,
                    struct wifi_msg *ret_station);
