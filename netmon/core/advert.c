/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "advert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moment.h"
#include "nd_msg.h"

static bool clear_portal(struct advert *advert) {
        bool had = advert->portal != NULL;

        free(advert->portal);
        advert->portal = NULL;
        return had;
}

static bool clear_prefix(struct advert *advert) {
        bool had = advert->prefix.family != 0;

        advert->prefix = (struct netaddr){};
        advert->prefix_len = 0;
        return had;
}

static int apply_portal(struct advert *advert, const struct nd_msg *msg, uint64_t now_usec) {
        char *portal;

        if (advert->portal && !netaddr_equal(&advert->portal_router, &msg->router))
                return 0;
        if (msg->portal[0] == '\0')
                return clear_portal(advert);
        advert->portal_until_usec = now_usec + ADVERT_LIFETIME_USEC;
        if (advert->portal && strcmp(advert->portal, msg->portal) == 0)
                return 0;
        portal = strdup(msg->portal);
        if (!portal)
                return -ENOMEM;
        free(advert->portal);
        advert->portal = portal;
        advert->portal_router = msg->router;
        return 1;
}

static int apply_prefix(struct advert *advert, const struct nd_msg *msg, uint64_t now_usec) {
        if (advert->prefix.family != 0 && !netaddr_equal(&advert->prefix_router, &msg->router))
                return 0;
        if (msg->prefix_lifetime_sec == 0)
                return clear_prefix(advert);
        advert->prefix_until_usec = now_usec + msg->prefix_lifetime_sec * USEC_PER_SEC;
        if (netaddr_equal(&advert->prefix, &msg->prefix) && advert->prefix_len == msg->prefix_len)
                return 0;
        advert->prefix = msg->prefix;
        advert->prefix_len = msg->prefix_len;
        advert->prefix_router = msg->router;
        return 1;
}

int advert_apply(struct advert *advert, const struct nd_msg *msg, uint64_t now_usec) {
        bool expired = advert_expire(advert, now_usec);
        int r = 0;

        switch (msg->option) {
        case ND_CAPTIVE_PORTAL:
                r = apply_portal(advert, msg, now_usec);
                break;
        case ND_PREF64:
                r = apply_prefix(advert, msg, now_usec);
                break;
        }
        return r < 0 ? r : r > 0 || expired;
}

bool advert_expire(struct advert *advert, uint64_t now_usec) {
        bool changed = false;

        if (advert->portal && advert->portal_until_usec <= now_usec)
                changed |= clear_portal(advert);
        if (advert->prefix.family != 0 && advert->prefix_until_usec <= now_usec)
                changed |= clear_prefix(advert);
        return changed;
}

bool advert_clear(struct advert *advert) {
        bool had_portal = clear_portal(advert), had_prefix = clear_prefix(advert);

        return had_portal || had_prefix;
}

uint64_t advert_deadline(const struct advert *advert) {
        uint64_t due_usec = USEC_NEVER;

        if (advert->portal)
                due_usec = advert->portal_until_usec;
        if (advert->prefix.family != 0 && advert->prefix_until_usec < due_usec)
                due_usec = advert->prefix_until_usec;
        return due_usec;
}

const char *advert_format_prefix(const struct advert *advert, char *text) {
        char prefix[NETADDR_TEXT_SIZE];

        if (netaddr_format(&advert->prefix, prefix)[0] == '\0')
                text[0] = '\0';
        else
                (void)snprintf(text, ADVERT_PREFIX_TEXT_SIZE, "%s/%u", prefix, advert->prefix_len);
        return text;
}
