/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "genl_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/nl80211.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "nlanswer.h"
#include "nlattr.h"
#include "wifi_msg.h"

#define DATAGRAM_MAX (32 * 1024)
#define QUERY_MAX 64

struct genl_socket {
        int events;
        int requests;
        uint16_t family; /* 0: there is no nl80211 */
        uint32_t seq;
        size_t left; /* of the datagram, not yet handed out */
        const void *next;
        _Alignas(struct nlmsghdr) uint8_t datagram[DATAGRAM_MAX];
        _Alignas(struct nlmsghdr) uint8_t reply[DATAGRAM_MAX];
};

/* Frames, scans and stations of an access point wake nobody. */
static int attach_filter(int fd) {
        enum {
                TYPE = 4,
                COMMAND = 16
        };
        struct sock_filter code[] = {
                /* 16-bit loads swap as if from the network; nlmsg_type is in host order. */
                BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(GENL_ID_CTRL), 9, 0),
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, COMMAND),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NL80211_CMD_NEW_INTERFACE, 7, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NL80211_CMD_DEL_INTERFACE, 6, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NL80211_CMD_CONNECT, 5, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NL80211_CMD_ROAM, 4, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NL80211_CMD_DISCONNECT, 3, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NL80211_CMD_PORT_AUTHORIZED, 2, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NL80211_CMD_NOTIFY_CQM, 1, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NL80211_CMD_CH_SWITCH_NOTIFY, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
                BPF_STMT(BPF_RET | BPF_K, 0),
        };
        const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
                                                                                           : 0;
}

static int open_socket(int type, int *ret) {
        CLEANUP(close_fdp)
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | type, NETLINK_GENERIC);
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};

        if (fd < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        *ret = steal_fd(&fd);
        return 0;
}

static void join(struct genl_socket *genl, struct nl_sock *resolver, const char *family,
                 const char *name) {
        int group = genl_ctrl_resolve_grp(resolver, family, name);

        if (group >= 0)
                (void)setsockopt(genl->events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
                                 sizeof(group));
}

/* Finds the family, if it is there, and hears it from then on. */
static int resolve(struct genl_socket *genl) {
        struct nl_sock *resolver = nl_socket_alloc();
        int family = -1;

        if (!resolver)
                return -ENOMEM;
        if (genl_connect(resolver) < 0) {
                nl_socket_free(resolver);
                return -EAGAIN;
        }
        join(genl, resolver, "nlctrl", "notify");
        family = genl_ctrl_resolve(resolver, NL80211_GENL_NAME);
        genl->family = family >= 0 ? (uint16_t)family : 0;
        if (family >= 0) {
                join(genl, resolver, NL80211_GENL_NAME, NL80211_MULTICAST_GROUP_CONFIG);
                join(genl, resolver, NL80211_GENL_NAME, NL80211_MULTICAST_GROUP_MLME);
        }
        nl_socket_free(resolver);
        return 0;
}

int genl_socket_new(struct genl_socket **ret) {
        CLEANUP(genl_socket_freep) struct genl_socket *genl = calloc(1, sizeof(*genl));
        int r;

        if (!genl)
                return -ENOMEM;
        genl->events = genl->requests = -1;
        r = open_socket(SOCK_NONBLOCK, &genl->events);
        if (r < 0)
                return r;
        r = open_socket(0, &genl->requests);
        if (r < 0)
                return r;
        r = attach_filter(genl->events);
        if (r < 0)
                return r;
        r = resolve(genl);
        if (r < 0)
                return r;
        *ret = STEAL(genl);
        return 0;
}

void genl_socket_free(struct genl_socket *genl) {
        if (!genl)
                return;
        if (genl->events >= 0)
                (void)close(genl->events);
        if (genl->requests >= 0)
                (void)close(genl->requests);
        free(genl);
}

int genl_socket_fd(const struct genl_socket *genl) {
        return genl->events;
}

/* A datagram of the kernel's: its length, 0 when there is none, or a negative errno. */
static ssize_t receive(int fd, void *buf) {
        for (;;) {
                struct sockaddr_nl sender = {};
                socklen_t sender_len = sizeof(sender);
                ssize_t n = recvfrom(fd, buf, DATAGRAM_MAX, MSG_DONTWAIT | MSG_TRUNC,
                                     (struct sockaddr *)&sender, &sender_len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                if (n > DATAGRAM_MAX)
                        return -ENOBUFS;
                if (sender.nl_pid == 0)
                        return n;
        }
}

static enum genl_news take_message(struct genl_socket *genl, const struct nlmsghdr *nlh,
                                   struct wifi_msg *ret) {
        if (nlh->nlmsg_type != GENL_ID_CTRL)
                return nlh->nlmsg_type == genl->family && wifi_msg_parse(nlh, ret) == 0
                               ? GENL_WIFI
                               : GENL_NOTHING;
        if (family_msg_parse(nlh, NL80211_GENL_NAME) == FAMILY_NO_NEWS)
                return GENL_NOTHING;
        (void)resolve(genl);
        return GENL_LOST;
}

enum genl_news genl_socket_receive(struct genl_socket *genl, struct wifi_msg *ret) {
        for (;;) {
                const struct nlmsghdr *nlh = nlmsg_take(&genl->next, &genl->left);
                enum genl_news news;
                ssize_t n;

                if (nlh) {
                        news = take_message(genl, nlh, ret);
                        if (news != GENL_NOTHING)
                                return news;
                        continue;
                }
                n = receive(genl->events, genl->datagram);
                genl->next = genl->datagram;
                genl->left = n > 0 ? (size_t)n : 0;
                if (n < 0)
                        return GENL_LOST;
                if (n == 0)
                        return GENL_NOTHING;
        }
}

/* Looks for the message that is wanted in a datagram of answers. 1: the answer ends here. */
static int take_answer(struct nlanswer *answer, const void *data, size_t left,
                       enum wifi_event wanted, struct wifi_msg *ret, int *result) {
        const struct nlmsghdr *nlh;
        struct wifi_msg msg;
        int r;

        for (;;) {
                switch (nlanswer_take(answer, &data, &left, &nlh, &r)) {
                case NLANSWER_NOTHING:
                        return 0;
                case NLANSWER_MESSAGE:
                        if (*result < 0 && wifi_msg_parse(nlh, &msg) == 0 && msg.event == wanted) {
                                *ret = msg;
                                *result = 0;
                        }
                        if (!(nlh->nlmsg_flags & NLM_F_MULTI))
                                return 1;
                        break;
                case NLANSWER_END:
                        if (*result < 0 && r < 0)
                                *result = r;
                        return 1;
                }
        }
}

/* Sends a question and takes the first answer that is wanted; -ENOENT when there is none. The
 * kernel has answered when send() returns, and goes on with a dump when we read. */
static int ask(struct genl_socket *genl, const void *query, size_t len, enum wifi_event wanted,
               struct wifi_msg *ret) {
        struct nlanswer answer = {.seq = genl->seq};
        int result = -ENOENT;
        ssize_t n;

        if (send(genl->requests, query, len, 0) < 0)
                return -EAGAIN;
        do {
                n = receive(genl->requests, genl->reply);
                if (n <= 0)
                        return -EAGAIN;
        } while (take_answer(&answer, genl->reply, (size_t)n, wanted, ret, &result) == 0);
        return result == -EINTR ? -EAGAIN : result;
}

int genl_socket_ask(struct genl_socket *genl, uint32_t ifindex, struct wifi_msg *ret_interface,
                    struct wifi_msg *ret_station) {
        _Alignas(struct nlmsghdr) uint8_t buf[QUERY_MAX];
        struct wifi_msg found;
        size_t len;
        int r;

        if (genl->family == 0)
                return -ENODEV;
        len = wifi_msg_build_interface_query(genl->family, ifindex, ++genl->seq, buf);
        r = ask(genl, buf, len, WIFI_EVENT_FACTS, ret_interface);
        if (r < 0)
                return r == -EAGAIN ? r : -ENODEV;
        *ret_station = (struct wifi_msg){};
        if (!ret_interface->is_client)
                return 0;
        len = wifi_msg_build_station_query(genl->family, ifindex, ++genl->seq, buf);
        r = ask(genl, buf, len, WIFI_EVENT_FACTS, ret_station);
        if (r < 0)
                return r == -EAGAIN ? r : 0; /* with nobody */
        /* Older kernels do not tell the name where the supplicant does the association. */
        if (ret_interface->ssid_len > 0)
                return 0;
        len = wifi_msg_build_scan_query(genl->family, ifindex, ++genl->seq, buf);
        if (ask(genl, buf, len, WIFI_EVENT_ACCESS_POINT, &found) == 0) {
                ret_interface->ssid_len = found.ssid_len;
                memcpy(ret_interface->ssid, found.ssid, sizeof(found.ssid));
        }
        return 0;
}
