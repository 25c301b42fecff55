/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uevent_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "rfkill_msg.h"

#define GROUP_KERNEL 1          /* as opposed to what udev sends on */
#define DATAGRAM_MAX (8 * 1024) /* the kernel writes at most 2 KiB, and the path before that */

struct uevent_socket {
        int fd;
        char datagram[DATAGRAM_MAX];
};

/* That somebody plugs in a disk or starts a container wakes nobody. Nothing before them has a fixed
 * length, but the last words of a switch's announcement are "RFKILL_NAME=...", "RFKILL_TYPE=...",
 * "RFKILL_STATE=...", "SEQNUM=...": so they are looked for at the end, in any case of letters. */
static int attach_filter(int fd) {
        enum {
                LOOKED_AT =
                        80, /* places of a word, one byte apart; a jump reaches over 255 steps */
                LETTER_CASE = 0x20202020,
                STEPS_EACH = 3
        };
        struct sock_filter code[3 + LOOKED_AT * STEPS_EACH + 2];
        unsigned n = 0;

        code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_SUB | BPF_K,
                                                 LOOKED_AT - 1 + sizeof(uint32_t));
        code[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
        for (uint32_t i = 0; i < LOOKED_AT; i++) {
                uint8_t to_the_end = (uint8_t)((LOOKED_AT - 1 - i) * STEPS_EACH + 1);

                code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_IND, i);
                code[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, LETTER_CASE);
                code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x72666b69,
                                                         to_the_end, 0); /* "rfki" */
        }
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER,
                          &(struct sock_fprog){.len = (unsigned short)n, .filter = code},
                          sizeof(struct sock_fprog)) < 0
                       ? -errno
                       : 0;
}

int uevent_socket_new(struct uevent_socket **ret) {
        CLEANUP(uevent_socket_freep) struct uevent_socket *uevent = malloc(sizeof(*uevent));
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};
        const unsigned group = GROUP_KERNEL;
        int r;

        if (!uevent)
                return -ENOMEM;
        uevent->fd =
                socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
        if (uevent->fd < 0)
                return -errno;
        r = attach_filter(uevent->fd);
        if (r < 0)
                return r;
        if (bind(uevent->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        if (setsockopt(uevent->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
                return -errno;
        *ret = STEAL(uevent);
        return 0;
}

void uevent_socket_free(struct uevent_socket *uevent) {
        if (!uevent)
                return;
        if (uevent->fd >= 0)
                (void)close(uevent->fd);
        free(uevent);
}

int uevent_socket_fd(const struct uevent_socket *uevent) {
        return uevent->fd;
}

/* The length of what came, 0 when it is of no account, or -errno. */
static ssize_t receive(struct uevent_socket *uevent) {
        struct sockaddr_nl sender = {};
        socklen_t len = sizeof(sender);
        ssize_t n = recvfrom(uevent->fd, uevent->datagram, sizeof(uevent->datagram), MSG_TRUNC,
                             (struct sockaddr *)&sender, &len);

        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        /* Other processes may send to the group too. */
        if (sender.nl_pid != 0)
                return 0;
        return n > (ssize_t)sizeof(uevent->datagram) ? -EMSGSIZE : n;
}

enum uevent_news uevent_socket_receive(struct uevent_socket *uevent, struct rfkill_msg *ret) {
        for (;;) {
                ssize_t n = receive(uevent);

                if (n == -EAGAIN)
                        return UEVENT_NOTHING;
                if (n < 0)
                        return UEVENT_LOST;
                if (n > 0 && rfkill_msg_parse(uevent->datagram, (size_t)n, ret) == 0)
                        return UEVENT_RFKILL;
        }
}
