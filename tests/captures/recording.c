/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording.h"

#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address_msg.h"
#include "die.h"
#include "link_msg.h"
#include "marks.h"
#include "messages.h"
#include "moment.h"
#include "neigh_msg.h"
#include "netaddr.h"
#include "netconf_msg.h"
#include "nlattr.h"
#include "replay.h"
#include "route_msg.h"
#include "rule_msg.h"
#include "settings.h"

#define QUIET_MSEC 40 /* so long the kernel is silent when it has said all */
#define WAIT_MSEC 10000
#define KNOWN_MAX 32
#define QUERY_MAX 256

static const unsigned groups[] = {
        RTNLGRP_LINK,         RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
        RTNLGRP_IPV6_ROUTE,   RTNLGRP_IPV4_RULE,    RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP,
        RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_ND_USEROPT,
};

struct recording {
        struct capture capture;
        int events;
        int neighbours;
        int requests;
        uint32_t seq;
        uint64_t began_usec;
        bool hides_kinds;
        /* All that there was since the begin: it may be asked for when it is gone. */
        uint32_t links[KNOWN_MAX];
        size_t n_links;
        struct netaddr sources[KNOWN_MAX];
        size_t n_sources;
        struct netaddr gateways[KNOWN_MAX];
        size_t n_gateways;
        struct marks marks;
        /* For the next moment. */
        struct capture_event events_heard[KNOWN_MAX];
        size_t n_events_heard;
        struct capture_answer wifi_answers[KNOWN_MAX];
        size_t n_wifi_answers;
};

static int open_socket(const unsigned *wanted, size_t n) {
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        int size = 4 * 1024 * 1024;

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                die("netlink: %s", strerror(errno));
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        for (size_t i = 0; i < n; i++)
                if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &wanted[i],
                               sizeof(wanted[i])) < 0)
                        die("group %u: %s", wanted[i], strerror(errno));
        return fd;
}

/* Takes the messages of one datagram that are no end and no error. */
static int take_datagram(const struct recording *recording, const void *data, size_t left,
                         struct messages *messages, bool *ret_is_end) {
        const struct nlmsghdr *nlh;

        while ((nlh = nlmsg_take(&data, &left))) {
                const struct nlmsgerr *error;

                if (nlh->nlmsg_type == NLMSG_ERROR) {
                        error = nlmsg_header(nlh, sizeof(*error));
                        *ret_is_end = true;
                        return error ? error->error : -EBADMSG;
                }
                if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
                        die("a dump was interrupted");
                *ret_is_end = nlh->nlmsg_type == NLMSG_DONE || !(nlh->nlmsg_flags & NLM_F_MULTI);
                if (nlh->nlmsg_type != NLMSG_DONE)
                        messages_append_short(messages, nlh, recording->hides_kinds);
        }
        return 0;
}

static void add_message(struct recording *recording, struct capture_answer *answer,
                        const struct nlmsghdr *nlh) {
        answer->messages =
                reallocarray(answer->messages, answer->n_messages + 1, sizeof(*answer->messages));
        if (!answer->messages)
                die("out of memory");
        answer->messages[answer->n_messages++] =
                capture_add_message(&recording->capture, nlh, nlh->nlmsg_len);
}

/* Sends a request without sequence number and puts the answer into the capture. */
static int ask(struct recording *recording, const void *request, size_t len,
               struct messages *messages) {
        static _Alignas(struct nlmsghdr) uint8_t datagram[MESSAGES_MAX];
        struct capture_answer answer = {};
        const struct nlmsghdr *nlh = request;
        bool is_end = false;
        const void *data;
        size_t left;

        messages->len = 0;
        if (send(recording->requests, request, len, 0) < 0)
                die("request: %s", strerror(errno));
        while (!is_end) {
                ssize_t n = recv(recording->requests, datagram, sizeof(datagram), 0);

                if (n < 0)
                        die("answer: %s", strerror(errno));
                answer.error = take_datagram(recording, datagram, (size_t)n, messages, &is_end);
        }
        answer.request = (struct capture_bytes){malloc(len), len};
        memcpy(answer.request.data, request, len);
        answer.is_dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
        data = messages->data;
        left = messages->len;
        while ((nlh = nlmsg_take(&data, &left)))
                add_message(recording, &answer, nlh);
        capture_add_answer(&recording->capture, &answer);
        return answer.error;
}

static void know_link(struct recording *recording, uint32_t index) {
        for (size_t i = 0; i < recording->n_links; i++)
                if (recording->links[i] == index)
                        return;
        if (recording->n_links == KNOWN_MAX)
                die("too many links");
        recording->links[recording->n_links++] = index;
}

static void know_address(struct netaddr *list, size_t *n, const struct netaddr *address) {
        for (size_t i = 0; i < *n; i++)
                if (netaddr_equal(&list[i], address))
                        return;
        if (*n == KNOWN_MAX)
                die("too many addresses");
        list[(*n)++] = *address;
}

static void ask_links(struct recording *recording, struct messages *messages) {
        uint8_t query[QUERY_MAX];
        size_t left;
        const void *data = messages->data;
        const struct nlmsghdr *nlh;

        (void)ask(recording, query, link_msg_build_query(0, 0, query, sizeof(query)), messages);
        left = messages->len;
        while ((nlh = nlmsg_take(&data, &left))) {
                struct link_msg msg;

                if (link_msg_parse(nlh, &msg) == 0)
                        know_link(recording, msg.facts.index);
        }
}

static void ask_addresses(struct recording *recording, struct messages *messages) {
        uint8_t query[QUERY_MAX];
        const void *data = messages->data;
        const struct nlmsghdr *nlh;
        size_t left;

        (void)ask(recording, query, address_msg_build_dump(0, query), messages);
        left = messages->len;
        while ((nlh = nlmsg_take(&data, &left))) {
                struct address_msg msg;

                if (address_msg_parse(nlh, &msg) == 0 &&
                    netaddr_scope(&msg.address.local) > NETADDR_LINK)
                        know_address(recording->sources, &recording->n_sources, &msg.address.local);
        }
}

static void ask_rules(struct recording *recording, struct messages *messages) {
        uint8_t query[QUERY_MAX];
        const void *data = messages->data;
        const struct nlmsghdr *nlh;
        size_t left;

        (void)ask(recording, query, rule_msg_build_dump(0, query), messages);
        left = messages->len;
        while ((nlh = nlmsg_take(&data, &left))) {
                struct rule_msg msg;

                if (rule_msg_parse(nlh, &msg) == 0)
                        marks_add(&recording->marks, &msg);
        }
}

static void look_up(struct recording *recording, const struct route_query *query,
                    struct messages *messages) {
        struct route_query asked = *query;
        uint8_t buf[QUERY_MAX];

        for (unsigned match = 0; match < 2; match++) {
                struct route_reply reply;

                asked.match = match == 1;
                if (ask(recording, buf, route_query_build(&asked, 0, buf), messages) < 0 ||
                    route_reply_parse((const struct nlmsghdr *)messages->data, &reply) < 0)
                        continue;
                if (reply.gateway.family != 0)
                        know_address(recording->gateways, &recording->n_gateways, &reply.gateway);
        }
}

/* By every interface, from every address, with every mark. */
static void ask_routes(struct recording *recording, const struct netaddr *destination,
                       struct messages *messages) {
        for (size_t i = 0; i <= recording->n_links; i++) {
                struct route_query query = {
                        .destination = *destination,
                        .oif = i == 0 ? 0 : recording->links[i - 1],
                };

                look_up(recording, &query, messages);
                for (size_t k = 0; k < recording->n_sources; k++) {
                        query.source = recording->sources[k];
                        if (query.source.family == destination->family)
                                look_up(recording, &query, messages);
                }
        }
        for (size_t i = 0; i < recording->marks.n; i++) {
                struct route_query query = {
                        .destination = *destination,
                        .mark = recording->marks.entries[i].mark,
                };

                look_up(recording, &query, messages);
        }
}

static void ask_all_routes(struct recording *recording, struct messages *messages) {
        struct settings settings;
        struct netaddr watched;

        settings_init(&settings);
        (void)netaddr_from_text(REPLAY_WATCHED, &watched);
        ask_routes(recording, &settings.default4_low, messages);
        ask_routes(recording, &settings.default4_high, messages);
        ask_routes(recording, &settings.default6, messages);
        ask_routes(recording, &watched, messages);
}

/* Of each link, which makes the kernel look at it and announce what it holds back. */
static void ask_each_link(struct recording *recording, struct messages *messages) {
        uint8_t query[QUERY_MAX];

        (void)ask(recording, query, netconf_msg_build_query(NETCONFA_IFINDEX_ALL, 0, query),
                  messages);
        for (size_t i = 0; i < recording->n_links; i++) {
                uint32_t index = recording->links[i];

                (void)ask(recording, query, netconf_msg_build_query((int32_t)index, 0, query),
                          messages);
                (void)ask(recording, query, link_msg_build_query(index, 0, query, sizeof(query)),
                          messages);
        }
}

static void ask_neighbours(struct recording *recording, struct messages *messages) {
        uint8_t query[QUERY_MAX];

        for (size_t i = 0; i < recording->n_links; i++)
                for (size_t k = 0; k < recording->n_gateways; k++)
                        (void)ask(recording, query,
                                  neigh_msg_build_query(recording->links[i],
                                                        &recording->gateways[k], 0, query),
                                  messages);
}

static void answer_wifi(struct recording *recording) {
        for (size_t i = 0; i < recording->n_wifi_answers; i++)
                capture_add_answer(&recording->capture, &recording->wifi_answers[i]);
        recording->n_wifi_answers = 0;
}

static void ask_all(struct recording *recording) {
        static struct messages messages;

        ask_links(recording, &messages);
        ask_each_link(recording, &messages);
        ask_links(recording, &messages); /* as they are by now */
        ask_addresses(recording, &messages);
        ask_rules(recording, &messages);
        ask_all_routes(recording, &messages);
        ask_neighbours(recording, &messages);
        answer_wifi(recording);
}

static void add_event(struct recording *recording, int fd, enum capture_source source) {
        static _Alignas(struct nlmsghdr) uint8_t datagram[MESSAGES_MAX];
        static struct messages messages;
        struct capture_moment *moment =
                &recording->capture.moments[recording->capture.n_moments - 1];
        ssize_t n = recv(fd, datagram, sizeof(datagram), 0);
        bool is_end;

        if (n < 0)
                die("announcement: %s", strerror(errno));
        messages.len = 0;
        (void)take_datagram(recording, datagram, (size_t)n, &messages, &is_end);
        capture_add_event(moment, source, messages.data, messages.len);
}

static bool wait_for_events(const struct recording *recording, struct pollfd fds[static 2],
                            int msec) {
        fds[0] = (struct pollfd){recording->events, POLLIN, 0};
        fds[1] = (struct pollfd){recording->neighbours, POLLIN, 0};
        return poll(fds, 2, msec) > 0;
}

/* Reads what is announced into the last moment, until the kernel is silent. */
static void take_events(struct recording *recording) {
        struct pollfd fds[2];

        while (wait_for_events(recording, fds, QUIET_MSEC)) {
                if (fds[0].revents)
                        add_event(recording, recording->events, CAPTURE_ROUTE);
                if (fds[1].revents)
                        add_event(recording, recording->neighbours, CAPTURE_NEIGHBOUR);
        }
}

static struct capture_moment *begin(struct recording *recording, const char *label) {
        struct capture_moment *moment = capture_add_moment(
                &recording->capture, moment_boottime_usec() - recording->began_usec, label);

        for (size_t i = 0; i < recording->n_events_heard; i++) {
                struct capture_event *event = &recording->events_heard[i];

                capture_add_event(moment, event->source, event->datagram.data, event->datagram.len);
                free(event->datagram.data);
        }
        recording->n_events_heard = 0;
        return moment;
}

/* The rest of a moment that has begun, and those that come of it. */
static void go_on(struct recording *recording) {
        struct pollfd fds[2];

        take_events(recording);
        ask_all(recording);
        while (wait_for_events(recording, fds, QUIET_MSEC)) {
                (void)begin(recording, "");
                take_events(recording);
                ask_all(recording);
        }
}

struct recording *recording_new(void) {
        static const unsigned neighbour_group = RTNLGRP_NEIGH;
        struct recording *recording = calloc(1, sizeof(*recording));

        if (!recording)
                die("out of memory");
        recording->events = open_socket(groups, sizeof(groups) / sizeof(groups[0]));
        recording->neighbours = open_socket(&neighbour_group, 1);
        recording->requests = open_socket(NULL, 0);
        recording->began_usec = moment_boottime_usec();
        return recording;
}

void recording_free(struct recording *recording) {
        (void)close(recording->events);
        (void)close(recording->neighbours);
        (void)close(recording->requests);
        capture_deinit(&recording->capture);
        free(recording);
}

const struct capture *recording_capture(const struct recording *recording) {
        return &recording->capture;
}

void recording_take(struct recording *recording, const char *label) {
        (void)begin(recording, label);
        go_on(recording);
}

void recording_wait(struct recording *recording, const char *label) {
        struct pollfd fds[2];

        if (!wait_for_events(recording, fds, WAIT_MSEC))
                die("%s: nothing came", label);
        recording_take(recording, label);
}

void recording_sleep(struct recording *recording, const char *label, uint64_t slept_usec) {
        begin(recording, label)->slept_usec = slept_usec;
        go_on(recording);
}

void recording_hide_kinds(struct recording *recording) {
        recording->hides_kinds = true;
}

static void hear(struct recording *recording, enum capture_source source, const void *data,
                 size_t len) {
        struct capture_event *event = &recording->events_heard[recording->n_events_heard];

        if (recording->n_events_heard == KNOWN_MAX)
                die("too much is heard");
        *event = (struct capture_event){source, {malloc(len), len}};
        memcpy(event->datagram.data, data, len);
        recording->n_events_heard++;
}

void recording_hear_wifi(struct recording *recording, const void *data, size_t len) {
        static struct messages messages;

        messages.len = 0;
        messages_append_all(&messages, data, len);
        hear(recording, CAPTURE_WIFI, messages.data, messages.len);
}

void recording_hear_switch(struct recording *recording, const void *data, size_t len) {
        hear(recording, CAPTURE_SWITCH, data, len);
}

void recording_answer_wifi(struct recording *recording, const void *request, size_t len,
                           const void *data, size_t data_len) {
        static struct messages messages;
        const struct nlmsghdr *nlh = request;
        struct capture_answer *answer;
        const void *left_data;
        size_t left;

        if (recording->n_wifi_answers == KNOWN_MAX)
                die("too many answers of nl80211");
        answer = &recording->wifi_answers[recording->n_wifi_answers++];
        *answer = (struct capture_answer){
                .request = {malloc(len), len},
                .is_dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP,
        };
        memcpy(answer->request.data, request, len);
        messages.len = 0;
        messages_append_all(&messages, data, data_len);
        left_data = messages.data;
        left = messages.len;
        while ((nlh = nlmsg_take(&left_data, &left)))
                add_message(recording, answer, nlh);
}
