/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "settings.h"

#define OPERSTATE_UNKNOWN 0 /* RFC 2863 as in IF_OPER_* */
#define OPERSTATE_UP 6

void link_free(struct link *link) {
        free(link->altnames);
        free(link->addresses);
        (void)advert_clear(&link->advert);
        free(link);
}

unsigned link_note(struct link *link, unsigned changed) {
        link->changed |= changed;
        link->recent |= changed;
        return changed;
}

bool link_has_name(const struct link *link, const char *name) {
        if (strcmp(link->facts.name, name) == 0)
                return true;
        for (size_t at = 0; at < link->altnames_len; at += strlen(link->altnames + at) + 1)
                if (strcmp(link->altnames + at, name) == 0)
                        return true;
        return false;
}

const struct address *link_find_address(const struct link *link, const struct netaddr *address) {
        for (size_t i = 0; i < link->n_addresses; i++)
                if (netaddr_equal(&link->addresses[i].local, address))
                        return &link->addresses[i];
        return NULL;
}

enum netaddr_scope address_scope(const struct address *address) {
        enum netaddr_scope own = netaddr_scope(&address->local), given = NETADDR_GLOBAL;

        if (address->scope >= RT_SCOPE_HOST)
                given = NETADDR_HOST;
        else if (address->scope >= RT_SCOPE_LINK)
                given = NETADDR_LINK;
        else if (address->scope >= RT_SCOPE_SITE)
                given = NETADDR_SITE;
        return given < own ? given : own;
}

bool address_is_routable(const struct address *address) {
        return !address_is_duplicate(address) && !address_is_tentative(address) &&
               address_scope(address) > NETADDR_LINK;
}

static uint32_t distance(uint32_t a, uint32_t b) {
        return a > b ? a - b : b - a;
}

static unsigned link_take_hint(struct link *link, const struct hint_source *source) {
        struct hint was = link->hint, now = {};
        bool was_roaming = link_is_roaming(link);
        unsigned changed = 0;

        if (source->find)
                source->find(source->userdata, link->facts.name, &now);
        if (strcmp(was.operator_name, now.operator_name) != 0 ||
            strcmp(was.technology, now.technology) != 0 || was.registration != now.registration ||
            was.is_connected != now.is_connected)
                changed |= LINK_CHANGE_BEARER;
        if (distance(was.signal_quality, now.signal_quality) < SIGNAL_QUALITY_STEP)
                now.signal_quality = was.signal_quality;
        else
                changed |= LINK_CHANGE_SIGNAL_QUALITY;
        link->hint = now;
        if (link_is_roaming(link) != was_roaming)
                changed |= LINK_CHANGE_ROAMING;
        return changed;
}

static enum metered judge_metered(const struct link *link, const struct settings *settings,
                                  enum link_type type, enum metered_source *ret_source) {
        enum metered metered;
        bool hinted;

        *ret_source = METERED_SOURCE_CONFIG;
        if (settings_metered(settings, link->facts.name, &metered))
                return metered;
        metered = hint_judge_metered(link->hint.metered, link_type_metered(type), &hinted);
        *ret_source = METERED_SOURCE_NONE;
        if (metered != METERED_UNKNOWN)
                *ret_source = hinted ? METERED_SOURCE_NETWORK_MANAGER : METERED_SOURCE_TYPE;
        return metered;
}

unsigned link_classify(struct link *link, const struct settings *settings,
                       const struct hint_source *hints) {
        enum link_type type = link_type_guess(&link->facts, &link->device);
        enum metered_source source;
        enum metered metered;
        unsigned changed = link_take_hint(link, hints);

        link->is_named = settings_names(settings, link->facts.name);
        (void)settings_type(settings, link->facts.name, &type);
        metered = judge_metered(link, settings, type, &source);
        if (link->type != type)
                changed |= LINK_CHANGE_TYPE;
        if (link->metered != metered || link->metered_source != source)
                changed |= LINK_CHANGE_METERED;
        link->type = type;
        link->metered = metered;
        link->metered_source = source;
        return changed;
}

static unsigned link_set_usable(struct link *link, uint64_t now_usec) {
        bool usable = link_is_up(link) && link_has_carrier(link) &&
                      (link->facts.operstate == OPERSTATE_UP ||
                       link->facts.operstate == OPERSTATE_UNKNOWN);

        if (link->usable == usable && link->since_usec != 0)
                return 0;
        link->usable = usable;
        link->since_usec = now_usec;
        return LINK_CHANGE_USABLE;
}

int link_set_altnames(struct link *link, const char *altnames, size_t len) {
        char *copy = NULL;

        if (link->altnames_len == len && (len == 0 || memcmp(link->altnames, altnames, len) == 0))
                return 0;
        if (len > 0) {
                copy = malloc(len);
                if (!copy)
                        return -ENOMEM;
                memcpy(copy, altnames, len);
        }
        free(link->altnames);
        link->altnames = copy;
        link->altnames_len = len;
        return LINK_CHANGE_ALTNAMES;
}

unsigned link_set_facts(struct link *link, const struct link_facts *now, uint64_t now_usec) {
        const struct link_facts *was = &link->facts;
        unsigned flags = was->flags ^ now->flags, changed = 0;

        if (flags & IFF_UP)
                changed |= LINK_CHANGE_UP;
        if (flags & IFF_LOWER_UP)
                changed |= LINK_CHANGE_CARRIER;
        if (was->operstate != now->operstate)
                changed |= LINK_CHANGE_OPERSTATE;
        if (was->carrier_changes != now->carrier_changes)
                changed |= LINK_CHANGE_CARRIER_CHANGES;
        if (was->mtu != now->mtu)
                changed |= LINK_CHANGE_MTU;
        if (was->master != now->master || was->lower != now->lower ||
            was->end.mark != now->end.mark || !netaddr_equal(&was->end.remote, &now->end.remote) ||
            strcmp(was->slave_kind, now->slave_kind) != 0)
                changed |= LINK_CHANGE_PLACE;
        if (strcmp(was->name, now->name) != 0)
                changed |= LINK_CHANGE_NAME;
        if (was->hardware_address_len != now->hardware_address_len ||
            memcmp(was->hardware_address, now->hardware_address, now->hardware_address_len) != 0)
                changed |= LINK_CHANGE_HARDWARE_ADDRESS;
        link->facts = *now;
        changed |= link_set_usable(link, now_usec);
        if (!link->usable && advert_clear(&link->advert))
                changed |= LINK_CHANGE_ADVERT;
        return changed;
}

bool link_set_network_id(struct link *link, const char *id) {
        if (strcmp(link->network_id, id) == 0)
                return false;
        memcpy(link->network_id, id, strlen(id) + 1);
        (void)link_note(link, LINK_CHANGE_NETWORK_ID);
        return true;
}

/* An IPv6 address is on a link once, and its other end may change; pppd tells it later. */
static bool is_same_address(const struct address *a, const struct address *b) {
        return netaddr_equal(&a->local, &b->local) &&
               (a->local.family == AF_INET6 ||
                (netaddr_equal(&a->peer, &b->peer) && a->prefix_len == b->prefix_len));
}

static struct address *find_address(const struct link *link, const struct address *address) {
        for (size_t i = 0; i < link->n_addresses; i++)
                if (is_same_address(&link->addresses[i], address))
                        return &link->addresses[i];
        return NULL;
}

/* In what anyone is told of, its place among the others included. */
static bool is_equal_address(const struct address *a, const struct address *b) {
        return a->flags == b->flags && a->scope == b->scope && a->prefix_len == b->prefix_len &&
               a->is_secondary == b->is_secondary;
}

/* Below 0: `a` stands before `b`. Which of them came first does not count: after lost messages
 * nobody knows. */
static int compare_addresses(const struct address *a, const struct address *b) {
        if (a->local.family != b->local.family)
                return a->local.family == AF_INET ? -1 : 1;
        if (a->is_secondary != b->is_secondary)
                return a->is_secondary ? 1 : -1;
        if (address_scope(a) != address_scope(b))
                return address_scope(a) > address_scope(b) ? -1 : 1;
        return netaddr_compare(&a->local, &b->local);
}

static void link_drop_address(struct link *link, struct address *own) {
        size_t after = link->n_addresses - (size_t)(own - link->addresses) - 1;

        memmove(own, own + 1, after * sizeof(*own));
        link->n_addresses--;
}

static int link_add_address(struct link *link, const struct address *address) {
        size_t place = link->n_addresses;
        struct address *addresses =
                reallocarray(link->addresses, link->n_addresses + 1, sizeof(*addresses));

        if (!addresses)
                return -ENOMEM;
        link->addresses = addresses;
        while (place > 0 && compare_addresses(address, &addresses[place - 1]) < 0)
                place--;
        memmove(addresses + place + 1, addresses + place,
                (link->n_addresses - place) * sizeof(*addresses));
        addresses[place] = *address;
        link->n_addresses++;
        return 0;
}

int link_put_address(struct link *link, const struct address *address) {
        struct address *own = find_address(link, address);

        if (own && is_equal_address(own, address)) {
                own->peer = address->peer;
                return 0;
        }
        if (own)
                link_drop_address(link, own);
        if (link_add_address(link, address) < 0)
                return -ENOMEM;
        return (int)link_note(link, LINK_CHANGE_ADDRESSES);
}

bool link_take_address(struct link *link, const struct address *address) {
        struct address *own = find_address(link, address);

        if (!own)
                return false;
        link_drop_address(link, own);
        (void)link_note(link, LINK_CHANGE_ADDRESSES);
        return true;
}

static bool same_addresses(const struct link *a, const struct link *b) {
        if (a->n_addresses != b->n_addresses)
                return false;
        for (size_t i = 0; i < a->n_addresses; i++) {
                const struct address *other = find_address(b, &a->addresses[i]);

                if (!other || !is_equal_address(other, &a->addresses[i]))
                        return false;
        }
        return true;
}

bool link_is_same(const struct link *was, const struct link *now) {
        const struct link_facts *a = &was->facts, *b = &now->facts;

        if (strcmp(a->kind, b->kind) != 0)
                return false;
        return strcmp(a->name, b->name) == 0 ||
               (a->hardware_address_len == b->hardware_address_len &&
                memcmp(a->hardware_address, b->hardware_address, a->hardware_address_len) == 0);
}

unsigned link_take_over(struct link *link, struct link *fresh) {
        unsigned changed = 0;

        if (link->altnames_len != fresh->altnames_len ||
            (fresh->altnames_len > 0 &&
             memcmp(link->altnames, fresh->altnames, fresh->altnames_len) != 0)) {
                changed |= LINK_CHANGE_ALTNAMES;
                free(link->altnames);
                link->altnames = STEAL(fresh->altnames);
                link->altnames_len = fresh->altnames_len;
        }
        if (!same_addresses(link, fresh)) {
                changed |= LINK_CHANGE_ADDRESSES;
                free(link->addresses);
                link->addresses = STEAL(fresh->addresses);
                link->n_addresses = fresh->n_addresses;
        }
        return changed;
}
