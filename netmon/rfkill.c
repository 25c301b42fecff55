/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rfkill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "log.h"
#include "moment.h"
#include "rfkill_msg.h"
#include "sysfs.h"
#include "uevent_socket.h"
#include "world.h"

#define TURN_MESSAGES_MAX 256

struct rfkill {
        struct world *world;
        rfkill_handler handler;
        void *userdata;
        struct uevent_socket *uevent;
        sd_event_source *source;
        bool is_lost; /* announcements are missing: those still in the socket are old */
};

static bool read_all(struct rfkill *rfkill) {
        struct radio_switches fresh;

        sysfs_read_switches(SYSFS_ROOT, &fresh);
        return radio_switches_replace(&rfkill->world->switches, &fresh, moment_boottime_usec());
}

static bool take(struct rfkill *rfkill, const struct rfkill_msg *msg) {
        return radio_switches_take(&rfkill->world->switches, msg, moment_boottime_usec());
}

static int on_announcement(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct rfkill *rfkill = userdata;
        enum uevent_news news = UEVENT_RFKILL;
        struct rfkill_msg msg;
        bool changed = false;

        for (unsigned i = 0; i < TURN_MESSAGES_MAX && news != UEVENT_NOTHING; i++) {
                news = uevent_socket_receive(rfkill->uevent, &msg);
                if (news == UEVENT_LOST)
                        rfkill->is_lost = true;
                if (news == UEVENT_RFKILL && !rfkill->is_lost)
                        changed |= take(rfkill, &msg);
        }
        if (news == UEVENT_NOTHING && rfkill->is_lost) {
                rfkill->is_lost = false;
                changed |= read_all(rfkill);
        }
        if (changed)
                rfkill->handler(rfkill->userdata);
        return 0;
}

static bool has_radio(enum link_type type) {
        return type == LINK_TYPE_WIFI || type == LINK_TYPE_CELLULAR || type == LINK_TYPE_BLUETOOTH;
}

static bool is_gone(const struct model *model, const struct path *path) {
        return path->ifindex != 0 && has_radio(path->type) && !model_find(model, path->ifindex);
}

static bool is_link_switched_off(const struct world *world) {
        const struct model *model = &world->model;

        for (size_t i = 0; i < model->n_links; i++) {
                const struct link *link = model->links[i];

                if (has_radio(link->type) && !link_is_up(link) && (link->recent & LINK_CHANGE_UP))
                        return true;
        }
        return is_gone(model, &world->summary.primary4.selected) ||
               is_gone(model, &world->summary.primary6.selected);
}

void rfkill_look(struct rfkill *rfkill) {
        const struct radio_switches *switches = &rfkill->world->switches;
        struct rfkill_msg msg;

        if (switches->n == 0 || !is_link_switched_off(rfkill->world))
                return;
        for (size_t i = 0; i < switches->n; i++)
                if (sysfs_read_switch(SYSFS_ROOT, switches->list[i].index, &msg) == 0)
                        (void)take(rfkill, &msg);
}

int rfkill_new(sd_event *event, struct world *world, rfkill_handler handler, void *userdata,
               struct rfkill **ret) {
        CLEANUP(rfkill_freep) struct rfkill *rfkill = calloc(1, sizeof(*rfkill));
        int r;

        if (!rfkill)
                return -ENOMEM;
        rfkill->world = world;
        rfkill->handler = handler;
        rfkill->userdata = userdata;
        r = uevent_socket_new(&rfkill->uevent);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_info("rfkill: cannot be followed (%s), ignoring", strerror(-r));
                *ret = STEAL(rfkill);
                return 0;
        }
        r = sd_event_add_io(event, &rfkill->source, uevent_socket_fd(rfkill->uevent), EPOLLIN,
                            on_announcement, rfkill);
        if (r < 0)
                return r;
        /* Why a link went comes before that it did. */
        r = sd_event_source_set_priority(rfkill->source, SD_EVENT_PRIORITY_IMPORTANT - 1);
        if (r < 0)
                return r;
        /* Heard before they are read, so that nothing is switched in between. */
        (void)read_all(rfkill);
        *ret = STEAL(rfkill);
        return 0;
}

void rfkill_free(struct rfkill *rfkill) {
        if (!rfkill)
                return;
        sd_event_source_disable_unref(rfkill->source);
        uevent_socket_free(rfkill->uevent);
        free(rfkill);
}
