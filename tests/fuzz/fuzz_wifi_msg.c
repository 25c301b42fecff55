/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever the bytes, what is taken from them keeps to its bounds and makes a link that can be
 * told. */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "nlattr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

static void take(const struct nlmsghdr *nlh, struct link *link) {
        struct wifi_msg msg;
        int r;

        (void)family_msg_parse(nlh, "nl80211");
        r = wifi_msg_parse(nlh, &msg);
        require(r == 0 || r == -EBADMSG || r == -ENOMSG);
        if (r < 0)
                return;
        require(msg.ssid_len <= WIFI_SSID_MAX);
        (void)wifi_take_event(link, &msg, 1);
        (void)wifi_take_facts(link, &msg, &msg);
        require(link->wifi.losing < LOSING_COUNT && link->place.ssid_len <= WIFI_SSID_MAX);
        require(link->wifi.is_managed || link->wifi.signal_dbm == 0);
        (void)wifi_expire(link, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct link link = {};
        const struct nlmsghdr *nlh;
        /* Aligned as a datagram is, and exactly as long. */
        void *copy = malloc(size);
        const void *left = copy;

        (void)memcpy(copy, data, size);
        while ((nlh = nlmsg_take(&left, &size)))
                take(nlh, &link);
        free(copy);
        return 0;
}
