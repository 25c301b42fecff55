/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl.h"

#include <errno.h>

#include "quantity.h"

const struct args_option global_options[] = {
        {"json", 'j', NULL, "JSON for programs instead of text for people"},
        {"system", 0, NULL, "the system bus (default)"},
        {"session", 0, NULL, "the session bus"},
        {"bus", 0, "ADDRESS", "the bus at a D-Bus address"},
        {"help", 'h', NULL, "this text"},
        {"version", 0, NULL, "the version"},
        {},
};

enum outcome ctl_duration(const struct ctl *ctl, const char *option, uint64_t fallback_usec,
                          uint64_t *ret_usec) {
        const char *text = args_get(&ctl->args, option);

        if (!text) {
                *ret_usec = fallback_usec;
                return OUTCOME_OK;
        }
        if (quantity_duration(text, ret_usec) >= 0)
                return OUTCOME_OK;
        output_complain("--%s=%s: expected a length of time, such as 30s, 5min or 1h30min", option,
                        text);
        return OUTCOME_USAGE;
}

enum outcome ctl_count(const struct ctl *ctl, const char *option, uint64_t max, uint64_t fallback,
                       uint64_t *ret) {
        const char *text = args_get(&ctl->args, option);

        if (!text) {
                *ret = fallback;
                return OUTCOME_OK;
        }
        if (quantity_count(text, max, ret) >= 0 && *ret > 0)
                return OUTCOME_OK;
        output_complain("--%s=%s: expected a number from 1 to %llu", option, text,
                        (unsigned long long)max);
        return OUTCOME_USAGE;
}
