/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's sockets: a search that does not hold up the loop, and the end of one of them. */

#include <systemd/sd-event.h>

struct diag_socket;
struct own_address;
struct sock_diag;

struct sock_diag_owner {
        /* A connection from the address that is searched for. */
        void (*found)(const struct diag_socket *socket, void *userdata);
        /* The search is over: 0, or what went wrong first. */
        void (*done)(int result, void *userdata);
};

/* `owner` is borrowed. */
int sock_diag_new(sd_event *event, const struct sock_diag_owner *owner, void *userdata,
                  struct sock_diag **ret);
void sock_diag_free(struct sock_diag *diag);

static inline void sock_diag_freep(struct sock_diag **diag) {
        sock_diag_free(*diag);
}

/* Searches for TCP and connected UDP sockets with that source; only one search at a time. Then
 * done() is called, and never from here. */
void sock_diag_search(struct sock_diag *diag, const struct own_address *address);

/* Ends a connection: whatever its process waits for fails with ECONNABORTED. -ENOENT when it has
 * ended meanwhile, -EPERM without CAP_NET_ADMIN, -EOPNOTSUPP when the kernel cannot do it. */
int sock_diag_destroy(struct sock_diag *diag, const struct diag_socket *socket);
