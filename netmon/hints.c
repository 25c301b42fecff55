/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock_jump.h"
#include "logind.h"
#include "modem_manager.h"
#include "network_manager.h"
#include "suspend.h"

struct hints {
        const struct hints_owner *owner;
        void *userdata;
        void (*read_clocks)(struct suspend_clocks *ret);
        struct clock_jump *clock_jump;
        struct suspend suspend;
        struct logind *logind; /* NULL without a bus, as are those below */
        struct network_manager *network_manager;
        struct modem_manager *modem_manager;
};

static void on_clock_jump(void *userdata) {
        struct hints *hints = userdata;
        struct suspend_clocks now;
        uint64_t slept_usec;

        hints->read_clocks(&now);
        if (suspend_look(&hints->suspend, &now, &slept_usec))
                hints->owner->resumed(slept_usec, hints->userdata);
}

static void on_logind(enum suspend_word word, void *userdata) {
        struct hints *hints = userdata;
        bool was_preparing = hints->suspend.is_preparing, is_over;
        struct suspend_clocks now;
        uint64_t slept_usec;

        hints->read_clocks(&now);
        is_over = suspend_hear(&hints->suspend, word, &now, &slept_usec);
        if (hints->suspend.is_preparing != was_preparing)
                hints->owner->preparing_for_sleep(hints->suspend.is_preparing, hints->userdata);
        if (is_over)
                hints->owner->resumed(slept_usec, hints->userdata);
}

static void on_links(void *userdata) {
        struct hints *hints = userdata;

        hints->owner->links(hints->userdata);
}

static void put_device(const struct nm_device *device, struct hint *hint) {
        hint->metered = hint_metered_of(device->metered);
        memcpy(hint->connection, device->connection, sizeof(hint->connection));
}

static void put_modem(const struct mm_modem *modem, struct hint *hint) {
        memcpy(hint->operator_name, modem->operator_name, sizeof(hint->operator_name));
        (void)snprintf(hint->technology, sizeof(hint->technology), "%s",
                       hint_technology_of(modem->technologies));
        memcpy(hint->cell_id, modem->cell_id, sizeof(hint->cell_id));
        hint->signal_quality = modem->signal_quality;
        hint->registration = registration_of(modem->registration_state);
        for (size_t i = 0; i < modem->n_bearers; i++)
                hint->is_connected |= modem->bearers[i].is_connected != 0;
}

static void find_hint(void *userdata, const char *name, struct hint *ret) {
        const struct hints *hints = userdata;
        const struct nm_device *device = NULL;
        const struct mm_modem *modem = NULL;

        *ret = (struct hint){};
        if (hints->network_manager)
                device = network_manager_find(hints->network_manager, name);
        if (device)
                put_device(device, ret);
        if (hints->modem_manager)
                modem = modem_manager_find(hints->modem_manager, name);
        /* Of a modem on a serial line only NetworkManager knows where its packets go. */
        if (hints->modem_manager && !modem && device)
                modem = modem_manager_find_path(hints->modem_manager, device->udi);
        if (modem)
                put_modem(modem, ret);
}

struct hint_source hints_source(struct hints *hints) {
        return (struct hint_source){.find = find_hint, .userdata = hints};
}

int hints_new(sd_event *event, const struct hints_owner *owner, void *userdata,
              void (*read_clocks)(struct suspend_clocks *ret), struct hints **ret) {
        CLEANUP(hints_freep) struct hints *hints = calloc(1, sizeof(*hints));
        struct suspend_clocks now;
        int r;

        if (!hints)
                return -ENOMEM;
        hints->owner = owner;
        hints->userdata = userdata;
        hints->read_clocks = read_clocks;
        read_clocks(&now);
        suspend_init(&hints->suspend, &now);
        r = clock_jump_new(event, on_clock_jump, hints, &hints->clock_jump);
        if (r < 0)
                return r;
        *ret = STEAL(hints);
        return 0;
}

void hints_free(struct hints *hints) {
        if (!hints)
                return;
        modem_manager_free(hints->modem_manager);
        network_manager_free(hints->network_manager);
        logind_free(hints->logind);
        clock_jump_free(hints->clock_jump);
        free(hints);
}

int hints_attach(struct hints *hints, sd_bus *bus) {
        int r;

        r = logind_new(bus, on_logind, hints, &hints->logind);
        if (r < 0)
                return r;
        r = network_manager_new(bus, on_links, hints, &hints->network_manager);
        if (r < 0)
                return r;
        return modem_manager_new(bus, on_links, hints, &hints->modem_manager);
}

void hints_detach(struct hints *hints) {
        modem_manager_free(STEAL(hints->modem_manager));
        network_manager_free(STEAL(hints->network_manager));
        logind_free(STEAL(hints->logind));
        on_links(hints);
        /* Whatever it had announced, nobody will say when it is over. */
        on_logind(SUSPEND_SILENT, hints);
}
