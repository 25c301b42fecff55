/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state_text.h"

#include <stdio.h>
#include <string.h>

#include "summary.h"

struct text {
        char *at;
        size_t left;
};

static void put(struct text *text, const char *string) {
        size_t len = strlen(string);

        if (len >= text->left)
                len = text->left - 1; /* never: the size is that of all fields at their longest */
        memcpy(text->at, string, len);
        text->at += len;
        text->left -= len;
        *text->at = '\0';
}

/* An interface may be called `$(reboot)`: what is not plain is quoted for the shell. */
static void put_value(struct text *text, const char *value) {
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789._:-";

        if (value[strspn(value, plain)] == '\0') {
                put(text, value);
                return;
        }
        put(text, "'");
        for (; *value != '\0'; value++) {
                const char character[] = {*value, '\0'};

                put(text, *value == '\'' ? "'\\''" : character);
        }
        put(text, "'");
}

static void put_line(struct text *text, const char *key, const char *suffix, const char *value) {
        put(text, key);
        put(text, suffix);
        put(text, "=");
        put_value(text, value);
        put(text, "\n");
}

static void put_path(struct text *text, const char *suffix, const struct path *path) {
        char address[NETADDR_TEXT_SIZE];

        put_line(text, "INTERFACE", suffix, path->interface);
        put_line(text, "TYPE", suffix, path->ifindex > 0 ? link_type_to_string(path->type) : "");
        put_line(text, "SOURCE", suffix, netaddr_format(&path->source, address));
        put_line(text, "GATEWAY", suffix, netaddr_format(&path->gateway, address));
        put_line(text, "USABLE", suffix, path->why == PATH_USABLE ? "yes" : "no");
        put_line(text, "WHY", suffix, path_why_to_string(path->why));
}

size_t state_text_format(const struct summary *summary, char *ret) {
        struct text text = {.at = ret, .left = STATE_TEXT_SIZE};

        put_line(&text, "STATE", "", network_state_to_string(summary->state));
        put_line(&text, "METERED", "", metered_to_string(summary->metered));
        put_path(&text, "4", &summary->primary4.selected);
        put_path(&text, "6", &summary->primary6.selected);
        return (size_t)(text.at - ret);
}
