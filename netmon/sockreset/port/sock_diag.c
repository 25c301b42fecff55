/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sock_diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "diag_msg.h"
#include "nlanswer.h"

/* The kernel fills a dump's datagrams up to 32 KiB when the reader takes as much. A turn of the
 * loop reads one, some 400 sockets. */
#define DATAGRAM_MAX (32 * 1024)

/* One search is a dump of each, from the second half on for an IPv6 address. */
static const struct {
        uint8_t family;
        uint8_t protocol;
} tables[] = {
        {AF_INET, IPPROTO_TCP},
        {AF_INET, IPPROTO_UDP},
        {AF_INET6, IPPROTO_TCP},
        {AF_INET6, IPPROTO_UDP},
};
#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

struct sock_diag {
        const struct sock_diag_owner *owner;
        void *userdata;
        int dump_fd;
        int destroy_fd;
        sd_event_source *source; /* dump_fd */
        sd_event_source *next;   /* there is another table to ask for */
        struct own_address address;
        size_t table; /* that is dumped now */
        struct nlanswer answer;
        int result; /* of the search so far */
        struct nlanswer destroyed;
        _Alignas(struct nlmsghdr) uint8_t datagram[DATAGRAM_MAX];
};

static void table_done(struct sock_diag *diag, int result) {
        if (diag->result == 0)
                diag->result = result;
        diag->answer.seq++; /* what still comes is not ours */
        diag->table++;
        (void)sd_event_source_set_enabled(diag->next, SD_EVENT_ONESHOT);
}

static int on_next(sd_event_source *source, void *userdata) {
        struct sock_diag *diag = userdata;
        _Alignas(struct nlmsghdr) uint8_t buf[DIAG_MSG_SIZE];
        size_t len;

        if (diag->table == N_TABLES) {
                diag->owner->done(diag->result, diag->userdata);
                return 0;
        }
        diag->answer.is_interrupted = false;
        len = diag_msg_build_dump(tables[diag->table].family, tables[diag->table].protocol,
                                  &diag->address.address, ++diag->answer.seq, buf);
        if (send(diag->dump_fd, buf, len, 0) < 0)
                table_done(diag, -errno);
        return 0;
}

static void take_datagram(struct sock_diag *diag, size_t left) {
        const void *data = diag->datagram;
        const struct nlmsghdr *nlh;
        struct diag_socket socket;
        int result;

        for (;;) {
                switch (nlanswer_take(&diag->answer, &data, &left, &nlh, &result)) {
                case NLANSWER_NOTHING:
                        return;
                case NLANSWER_MESSAGE:
                        /* The kernel has picked them; a wrong one would be a wrong connection
                         * closed. */
                        if (diag_msg_parse(nlh, tables[diag->table].protocol, &socket) >= 0 &&
                            diag_socket_is_from(&socket, &diag->address))
                                diag->owner->found(&socket, diag->userdata);
                        break;
                case NLANSWER_END:
                        table_done(diag, result);
                        return;
                }
        }
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct sock_diag *diag = userdata;
        struct sockaddr_nl sender = {};
        socklen_t sender_len = sizeof(sender);
        ssize_t n = recvfrom(fd, diag->datagram, sizeof(diag->datagram), MSG_DONTWAIT | MSG_TRUNC,
                             (struct sockaddr *)&sender, &sender_len);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n < 0 || (size_t)n > sizeof(diag->datagram))
                table_done(diag, n < 0 ? -errno : -EMSGSIZE);
        else if (sender.nl_pid == 0 && diag->table < N_TABLES)
                take_datagram(diag, (size_t)n);
        return 0;
}

static int open_socket(int *ret) {
        const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
        CLEANUP(close_fdp) int fd = -1;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        *ret = steal_fd(&fd);
        return 0;
}

int sock_diag_new(sd_event *event, const struct sock_diag_owner *owner, void *userdata,
                  struct sock_diag **ret) {
        CLEANUP(sock_diag_freep) struct sock_diag *diag = calloc(1, sizeof(*diag));
        int r;

        if (!diag)
                return -ENOMEM;
        diag->owner = owner;
        diag->userdata = userdata;
        diag->table = N_TABLES;
        diag->dump_fd = diag->destroy_fd = -1;
        r = open_socket(&diag->dump_fd);
        if (r < 0)
                return r;
        r = open_socket(&diag->destroy_fd);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &diag->source, diag->dump_fd, EPOLLIN, on_readable, diag);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &diag->next, on_next, diag);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(diag->next, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = STEAL(diag);
        return 0;
}

void sock_diag_free(struct sock_diag *diag) {
        if (!diag)
                return;
        sd_event_source_disable_unref(diag->source);
        sd_event_source_disable_unref(diag->next);
        if (diag->dump_fd >= 0)
                (void)close(diag->dump_fd);
        if (diag->destroy_fd >= 0)
                (void)close(diag->destroy_fd);
        free(diag);
}

void sock_diag_search(struct sock_diag *diag, const struct own_address *address) {
        diag->address = *address;
        diag->table = address->address.family == AF_INET6 ? N_TABLES / 2 : 0;
        diag->result = 0;
        (void)sd_event_source_set_enabled(diag->next, SD_EVENT_ONESHOT);
}

/* The kernel has written its answer when send() returns. */
int sock_diag_destroy(struct sock_diag *diag, const struct diag_socket *socket) {
        _Alignas(struct nlmsghdr) uint8_t buf[DIAG_MSG_SIZE], reply[DIAG_MSG_SIZE];
        size_t len = diag_msg_build_destroy(socket, ++diag->destroyed.seq, buf);

        if (send(diag->destroy_fd, buf, len, 0) < 0)
                return -errno;
        for (;;) {
                struct sockaddr_nl sender = {};
                socklen_t sender_len = sizeof(sender);
                ssize_t n = recvfrom(diag->destroy_fd, reply, sizeof(reply), MSG_DONTWAIT,
                                     (struct sockaddr *)&sender, &sender_len);
                const void *data = reply;
                const struct nlmsghdr *nlh;
                size_t left;
                int result;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                left = (size_t)n;
                if (sender.nl_pid == 0 &&
                    nlanswer_take(&diag->destroyed, &data, &left, &nlh, &result) == NLANSWER_END)
                        return result;
        }
}
