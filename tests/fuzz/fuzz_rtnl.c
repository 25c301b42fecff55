/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Datagrams of rtnetlink through all that netmon does with them: links and addresses into a model,
 * routes, settings and counters into answers. A dump that says the same makes no difference. */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "any_message.h"
#include "apply.h"
#include "bus_interface.h"
#include "bus_path.h"
#include "manager_property.h"
#include "marks.h"
#include "neigh_msg.h"
#include "netconf_msg.h"
#include "nlattr.h"
#include "property.h"
#include "route_msg.h"
#include "rule_msg.h"
#include "stats_msg.h"
#include "world.h"

#define NOW_USEC 1000
#define DATAGRAM_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the kernel answers from: the datagram's messages, over and over. */
struct datagram {
        const uint8_t *data;
        size_t size;
        const void *at;
        size_t left;
        struct marks marks;
};

static void require(bool condition) {
        if (!condition)
                abort();
}

/* The next message of that type, NULL when there is none in the whole datagram. */
static const struct nlmsghdr *find_message(struct datagram *datagram, uint16_t type) {
        for (int round = 0; round < 2; round++) {
                const struct nlmsghdr *nlh;

                while ((nlh = nlmsg_take(&datagram->at, &datagram->left)))
                        if (nlh->nlmsg_type == type)
                                return nlh;
                datagram->at = datagram->data;
                datagram->left = datagram->size;
        }
        return NULL;
}

static int look_up(void *userdata, const struct route_query *query, struct route_reply *ret) {
        const struct nlmsghdr *nlh = find_message(userdata, RTM_NEWROUTE);
        int r = nlh ? route_reply_parse(nlh, ret) : -ENETUNREACH;

        require(r < 0 || ret->n_nexthops <= ROUTE_NEXTHOPS_MAX);
        return r;
}

static int rp_filter(void *userdata, uint32_t ifindex) {
        const struct nlmsghdr *nlh = find_message(userdata, RTM_NEWNETCONF);
        struct netconf_msg msg;

        if (!nlh || netconf_msg_parse(nlh, &msg) < 0)
                return 0;
        require(msg.rp_filter >= NETCONF_RP_FILTER_ABSENT);
        return msg.rp_filter;
}

static int marks(void *userdata, const struct marks **ret) {
        struct datagram *datagram = userdata;
        const void *at = datagram->data;
        size_t left = datagram->size;
        const struct nlmsghdr *nlh;
        struct rule_msg rule;

        datagram->marks = (struct marks){};
        while ((nlh = nlmsg_take(&at, &left)))
                if (nlh->nlmsg_type == RTM_NEWRULE && rule_msg_parse(nlh, &rule) == 0)
                        marks_add(&datagram->marks, &rule);
        *ret = &datagram->marks;
        return 0;
}

static int stats(void *userdata, uint32_t ifindex, struct link_stats *ret) {
        const struct nlmsghdr *nlh = find_message(userdata, RTM_NEWSTATS);

        return nlh ? stats_reply_parse(nlh, ret) : -ENODEV;
}

static void check_neighbour(const struct nlmsghdr *nlh) {
        struct neigh_msg msg;

        if (neigh_msg_parse(nlh, &msg) == 0)
                require(msg.hardware_address_len <= LINK_HARDWARE_ADDRESS_MAX);
}

static void check_link(const struct link *link) {
        size_t at = 0;

        require(link->facts.name[0] != '\0' && strlen(link->facts.name) < IFNAMSIZ);
        require(strlen(link->facts.kind) < LINK_KIND_SIZE);
        require(link->facts.hardware_address_len <= LINK_HARDWARE_ADDRESS_MAX);
        require(link->facts.lower != link->facts.index);
        while (at < link->altnames_len)
                at += strlen(link->altnames + at) + 1;
        require(at == link->altnames_len);
        for (size_t i = 0; i < link->n_addresses; i++)
                require(netaddr_len(&link->addresses[i].local) > 0);
}

static void check_model(const struct model *model) {
        for (size_t i = 0; i < model->n_links; i++) {
                require(i == 0 || model->links[i - 1]->facts.index < model->links[i]->facts.index);
                check_link(model->links[i]);
        }
}

/* Every message of the datagram, or only every second one. */
static void apply_all(struct model *model, const uint8_t *data, size_t size, size_t step) {
        const void *at = data;
        const struct nlmsghdr *nlh;

        for (size_t i = 0; (nlh = nlmsg_take(&at, &size)); i++) {
                size_t n_links = model->n_links;
                int r;

                if (i % step != 0)
                        continue;
                check_neighbour(nlh);
                r = apply_message(model, nlh, NOW_USEC);
                require(r == APPLY_NOTHING || r == APPLY_ASIDE || r == APPLY_MATTERS ||
                        r == -EBADMSG || r == -ENOMSG);
                require(r > 0 || model->n_links == n_links);
        }
        check_model(model);
}

static void check_resync(struct model *model, const uint8_t *data, size_t size) {
        for (int i = 0; i < 2; i++) {
                struct model fresh;
                bool changed;

                model_init(&fresh, model->settings);
                apply_all(&fresh, data, size, 1);
                changed = model_replace(model, &fresh, NOW_USEC);
                require(i == 0 || !changed);
                require(fresh.n_links == 0);
                check_model(model);
        }
}

static void check_answer(const struct answer *answer) {
        require(answer->n_nexthops <= ROUTE_NEXTHOPS_MAX);
        require(answer->n_alternatives <= ANSWER_ALTERNATIVES_MAX);
        require(answer_equal(answer, answer));
}

/* A copy right before memory that cannot be read: libmnl is not watched by the sanitizer. */
static const uint8_t *fence(const uint8_t *data, size_t size) {
        static uint8_t *start;
        uint8_t *copy;

        if (!start) {
                start = mmap(NULL, 2 * DATAGRAM_MAX, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                require(start != MAP_FAILED);
                require(mprotect(start + DATAGRAM_MAX, DATAGRAM_MAX, PROT_NONE) == 0);
        }
        copy = start + DATAGRAM_MAX - NLMSG_ALIGN(size);
        (void)memcpy(copy, data, size);
        return copy;
}

/* All that the daemon says of it can be sent. */
static void check_bus(const struct world *world, const struct watched *watched) {
        sd_bus_message *m;

        require(sd_bus_message_new_signal(any_bus(), &m, "/", "a.b", "C") >= 0);
        require(property_append_all(&manager_properties, m, NULL, world) >= 0);
        require(bus_interface_append_all(m, world, BUS_INTERFACE_ALL) >= 0);
        if (watched) {
                require(bus_path_append(m, "default", &watched->answer) >= 0);
                require(bus_path_append_alternatives(m, "default", &watched->answer) >= 0);
        }
        sd_bus_message_unref(m);
}

static void run(const uint8_t *data, size_t size) {
        struct datagram datagram = {.data = data, .size = size, .at = data, .left = size};
        struct kernel kernel = {
                .look_up = look_up,
                .rp_filter = rp_filter,
                .marks = marks,
                .stats = stats,
                .userdata = &datagram,
        };
        struct question question = {.kind = QUESTION_DEFAULT};
        struct watched *watched;
        struct world world;

        world_init(&world, &kernel);
        apply_all(&world.model, data, size, 2);
        if (watched_take(&world.watched, &question, &world.model, &kernel, 1, NOW_USEC, &watched) <
            0)
                watched = NULL;
        (void)world_ask(&world, 0, NOW_USEC);
        check_resync(&world.model, data, size);
        (void)world_ask(&world, 0, NOW_USEC);
        check_answer(&world.summary.primary4);
        check_answer(&world.summary.primary6);
        check_bus(&world, watched);
        if (watched) {
                check_answer(&watched->answer);
                watched_release(&world.watched, watched);
        }
        world_deinit(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size > 0 && size <= DATAGRAM_MAX)
                run(fence(data, size), size);
        return 0;
}
