/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hints.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "clock_jump.h"
#include "logind.h"
#include "suspend.h"

struct hints {
        const struct hints_owner *owner;
        void *userdata;
        void (*read_clocks)(struct suspend_clocks *ret);
        struct clock_jump *clock_jump;
        struct suspend suspend;
        struct logind *logind; /* NULL without a bus */
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
        logind_free(hints->logind);
        clock_jump_free(hints->clock_jump);
        free(hints);
}

int hints_attach(struct hints *hints, sd_bus *bus) {
        return logind_new(bus, on_logind, hints, &hints->logind);
}

void hints_detach(struct hints *hints) {
        logind_free(hints->logind);
        hints->logind = NULL;
        /* Whatever it had announced, nobody will say when it is over. */
        on_logind(SUSPEND_SILENT, hints);
}
