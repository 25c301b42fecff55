/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "describe.h"

#include <string.h>

#include "cleanup.h"
#include "text.h"
#include "when.h"

char *describe_path(json_object *path) {
        const char *interface = value_string(path, "interface"), *why = value_string(path, "why");
        const char *type = value_string(path, "type"), *source = value_string(path, "source");
        const char *gateway = value_string(path, "gateway"), *losing = value_string(path, "losing");
        const char *carrier = value_string(json_object_object_get(path, "underlay"), "interface");
        bool usable = value_bool(path, "usable");

        if (!interface[0])
                return text_format("none%s%s", why[0] ? ": " : "", why);
        return text_format("%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s", interface, type[0] ? " (" : "", type,
                           type[0] ? ")" : "", carrier[0] ? " over " : "", carrier,
                           source[0] ? ", " : "", source, gateway[0] ? " via " : "", gateway,
                           strcmp(value_string(path, "metered"), "yes") == 0 ? ", metered" : "",
                           value_bool(path, "roaming") ? ", roaming" : "",
                           losing[0] ? ", about to be lost: " : "", losing,
                           usable ? "" : ", not usable: ", usable ? "" : why);
}

enum style describe_path_style(json_object *path) {
        if (!value_string(path, "interface")[0])
                return STYLE_FAINT;
        if (!value_bool(path, "usable"))
                return STYLE_BAD;
        return value_string(path, "losing")[0] ? STYLE_WARN : STYLE_GOOD;
}

char *describe_addresses(json_object *addresses) {
        char *text = text_format("%s", "");

        for (size_t i = 0; addresses && i < json_object_array_length(addresses); i++) {
                json_object *address = json_object_array_get_idx(addresses, i);

                text_append(&text, "%s%s/%llu", i ? " " : "", value_string(address, "address"),
                            (unsigned long long)value_number(address, "prefix_length"));
        }
        return text;
}

const char *describe_link(json_object *link) {
        if (value_bool(link, "usable"))
                return "usable";
        if (!value_bool(link, "up"))
                return "down";
        if (!value_bool(link, "carrier"))
                return "no carrier";
        return "not usable";
}

char *describe_link_type(json_object *link) {
        const char *carrier = value_string(link, "operator");
        const char *technology = value_string(link, "access_technology");

        CLEANUP(freep) char *signal = text_format("%s", "");
        json_object *dbm = json_object_object_get(link, "signal");

        if (json_object_get_int(dbm) != 0)
                text_append(&signal, " %d dBm", json_object_get_int(dbm));
        return text_format("%s%s%s%s%s%s%s", value_string(link, "type"), signal,
                           carrier[0] ? " " : "", carrier, technology[0] ? " " : "", technology,
                           value_bool(link, "roaming") ? " roaming" : "");
}

char *describe_advert(json_object *link) {
        const char *portal = value_string(link, "captive_portal");
        const char *prefix = value_string(link, "nat64prefix");

        return text_format("%s%s%s%s%s", portal[0] ? "captive portal " : "", portal,
                           portal[0] && prefix[0] ? ", " : "", prefix[0] ? "NAT64 " : "", prefix);
}

enum style describe_link_style(json_object *link) {
        if (value_bool(link, "usable"))
                return STYLE_GOOD;
        return value_bool(link, "up") ? STYLE_WARN : STYLE_FAINT;
}

char *describe_since(uint64_t since_usec, const struct moment *at) {
        char length[WHEN_MAX];

        if (since_usec == 0 || since_usec > at->usec)
                return text_format("%s", "");
        when_length(at->usec - since_usec, length);
        return text_format("for %s", length);
}

char *describe_state(const char *state, uint64_t since_usec, const struct moment *at) {
        CLEANUP(freep) char *since = describe_since(since_usec, at);

        return text_format("%s%s%s", state, since[0] ? " " : "", since);
}

/* "attempt 4 in 8 s", "attempt 4", "" */
static char *describe_attempt(json_object *channel, const struct moment *at) {
        uint64_t attempt = value_number(channel, "attempt");
        uint64_t next_usec = value_number(channel, "next_attempt");
        char length[WHEN_MAX];

        if (next_usec > 0) {
                when_length(next_usec > at->usec ? next_usec - at->usec : 0, length);
                return text_format("attempt %llu in %s", (unsigned long long)attempt,
                                   next_usec > at->usec ? length : "a moment");
        }
        return attempt > 0 ? text_format("attempt %llu", (unsigned long long)attempt)
                           : text_format("%s", "");
}

char *describe_channel(json_object *channel, const struct moment *at) {
        json_object *error = json_object_object_get(channel, "error");
        json_object *path = json_object_object_get(channel, "path");
        const char *sentence = value_string(error, "text");
        const char *state = value_string(channel, "state");
        bool running = strcmp(state, "connecting") == 0; /* the error is of the attempt before */
        CLEANUP(freep) char *attempt = NULL;

        if (strcmp(state, "connected") == 0)
                return value_string(path, "interface")[0]
                               ? text_format("over %s", value_string(path, "interface"))
                               : text_format("%s", "");
        attempt = describe_attempt(channel, at);
        return text_format("%s%s%s%s", attempt, attempt[0] && sentence[0] ? ": " : "",
                           sentence[0] && running ? "the last failed, " : "", sentence);
}

enum style describe_state_style(const char *state) {
        static const struct {
                const char *state;
                enum style style;
        } styles[] = {
                {"connected", STYLE_GOOD}, {"online", STYLE_GOOD},  {"routed", STYLE_GOOD},
                {"idle", STYLE_FAINT},     {"closed", STYLE_FAINT}, {"failed", STYLE_BAD},
                {"offline", STYLE_BAD},
        };

        for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
                if (strcmp(styles[i].state, state) == 0)
                        return styles[i].style;
        return STYLE_WARN;
}
