/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's announcements of its devices, those of kill switches alone. A switch is in no
 * network namespace: it is announced in all of them that belong to the first user namespace. */

struct rfkill_msg;
struct uevent_socket;

int uevent_socket_new(struct uevent_socket **ret);
void uevent_socket_free(struct uevent_socket *uevent);

static inline void uevent_socket_freep(struct uevent_socket **uevent) {
        uevent_socket_free(*uevent);
}

int uevent_socket_fd(const struct uevent_socket *uevent);

enum uevent_news {
        UEVENT_NOTHING, /* no more of them for now */
        UEVENT_RFKILL,  /* *ret is filled */
        UEVENT_LOST,    /* read what there is anew */
};

/* Reads the next one. Never blocks. */
enum uevent_news uevent_socket_receive(struct uevent_socket *uevent, struct rfkill_msg *ret);
