/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "radio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "genl_socket.h"
#include "log.h"
#include "moment.h"
#include "world.h"

#define TURN_MESSAGES_MAX 256

struct radio {
        struct world *world;
        const struct radio_owner *owner;
        void *userdata;
        struct genl_socket *genl;
        sd_event_source *source;
        sd_event_source *timer; /* ends warnings of a link about to be lost */
};

static uint64_t next_expiry(const struct model *model) {
        uint64_t due_usec = USEC_NEVER;

        for (size_t i = 0; i < model->n_links; i++) {
                const struct wifi *wifi = &model->links[i]->wifi;

                if (wifi->losing != LOSING_NOT && wifi->losing_until_usec < due_usec)
                        due_usec = wifi->losing_until_usec;
        }
        return due_usec;
}

static void arm_timer(struct radio *radio) {
        uint64_t due_usec = next_expiry(&radio->world->model);

        (void)sd_event_source_set_time(radio->timer, due_usec);
        (void)sd_event_source_set_enabled(radio->timer,
                                          due_usec == USEC_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct radio *radio = userdata;
        struct model *model = &radio->world->model;
        bool changed = false;

        for (size_t i = 0; i < model->n_links; i++)
                changed |= wifi_expire(model->links[i], moment_boottime_usec());
        if (changed)
                radio->owner->changed(radio->userdata);
        arm_timer(radio);
        return 0;
}

static void forget_answers(struct model *model) {
        for (size_t i = 0; i < model->n_links; i++)
                model->links[i]->wifi.is_asked = false;
}

static unsigned take_event(struct radio *radio, const struct wifi_msg *msg) {
        struct link *link = model_find(&radio->world->model, msg->ifindex);
        unsigned verdict;

        if (!link)
                return WIFI_NOTHING; /* asked about when it comes */
        verdict = wifi_take_event(link, msg, moment_boottime_usec());
        if (verdict & WIFI_ASK_FACTS)
                link->wifi.is_asked = false;
        if (verdict & WIFI_ASK_LINK)
                radio->owner->ask_link(msg->ifindex, radio->userdata);
        return verdict;
}

static int on_announcement(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct radio *radio = userdata;
        unsigned verdict = WIFI_NOTHING;
        struct wifi_msg msg;

        for (unsigned i = 0; i < TURN_MESSAGES_MAX; i++) {
                enum genl_news news = genl_socket_receive(radio->genl, &msg);

                if (news == GENL_NOTHING)
                        break;
                if (news == GENL_WIFI)
                        verdict |= take_event(radio, &msg);
                else
                        forget_answers(&radio->world->model);
        }
        /* That a link is lost does not wait for answers about others. */
        if (verdict != WIFI_NOTHING)
                radio->owner->changed(radio->userdata);
        if (radio_update(radio))
                radio->owner->changed(radio->userdata);
        arm_timer(radio);
        return 0;
}

static bool ask(struct radio *radio, struct link *link) {
        struct wifi_msg interface, station;
        struct link_device device = link->device;
        bool changed = false;
        int r;

        link->wifi.is_asked = true;
        r = genl_socket_ask(radio->genl, link->facts.index, &interface, &station);
        if (r == -EAGAIN)
                log_info("%s: nl80211 does not answer, ignoring", link->facts.name);
        if (r < 0)
                return false;
        link->wifi.is_wifi = true;
        if (!device.wireless) {
                /* As where sysfs is not of our namespace. */
                device.wireless = true;
                model_set_device(&radio->world->model, link, &device);
                changed = true;
        }
        return wifi_take_facts(link, &interface, &station) || changed;
}

bool radio_update(struct radio *radio) {
        struct model *model = &radio->world->model;
        bool changed = false;

        for (size_t i = 0; i < model->n_links; i++) {
                struct link *link = model->links[i];

                if (!link->wifi.is_asked && link->facts.kind[0] == '\0' &&
                    !(link->facts.flags & IFF_LOOPBACK))
                        changed |= ask(radio, link);
        }
        return changed;
}

void radio_ask_signal(void *userdata, uint32_t ifindex) {
        struct radio *radio = userdata;
        struct link *link = model_find(&radio->world->model, ifindex);

        if (link && ask(radio, link))
                radio->owner->changed(radio->userdata);
}

int radio_new(sd_event *event, struct world *world, const struct radio_owner *owner, void *userdata,
              struct radio **ret) {
        CLEANUP(radio_freep) struct radio *radio = calloc(1, sizeof(*radio));
        int r;

        if (!radio)
                return -ENOMEM;
        radio->world = world;
        radio->owner = owner;
        radio->userdata = userdata;
        r = genl_socket_new(&radio->genl);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &radio->source, genl_socket_fd(radio->genl), EPOLLIN,
                            on_announcement, radio);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(radio->source, SD_EVENT_PRIORITY_IMPORTANT);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &radio->timer, CLOCK_BOOTTIME, USEC_NEVER, USEC_PER_SEC,
                              on_timer, radio);
        if (r < 0)
                return r;
        *ret = STEAL(radio);
        return 0;
}

void radio_free(struct radio *radio) {
        if (!radio)
                return;
        sd_event_source_disable_unref(radio->timer);
        sd_event_source_disable_unref(radio->source);
        genl_socket_free(radio->genl);
        free(radio);
}
