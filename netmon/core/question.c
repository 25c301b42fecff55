/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "question.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
        const char *word;
        enum question_kind kind;
} words[] = {
        {"default", QUESTION_DEFAULT},
        {"default4", QUESTION_DEFAULT4},
        {"default6", QUESTION_DEFAULT6},
};

bool question_is_interface_name(const char *name) {
        size_t len = strlen(name);

        if (len == 0 || len >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return false;
        for (size_t i = 0; i < len; i++)
                if (name[i] == '/' || name[i] == ':' || (unsigned char)name[i] <= ' ' ||
                    name[i] == 0x7f)
                        return false;
        return true;
}

static int parse_address(const char *destination, struct question *question,
                         const char **ret_problem) {
        const char *zone = strchr(destination, '%');
        char text[NETADDR_TEXT_SIZE] = "";
        struct netaddr address;
        size_t len = zone ? (size_t)(zone - destination) : strlen(destination);

        if (len < sizeof(text))
                memcpy(text, destination, len);
        if (!netaddr_from_text(text, &address)) {
                *ret_problem = "expected a numeric address, default, default4 or default6";
                return -EINVAL;
        }
        if (netaddr_is_unspecified(&address) || netaddr_is_multicast(&address)) {
                *ret_problem = "an unspecified or multicast address has no path";
                return -EINVAL;
        }
        if (zone) {
                if (address.family != AF_INET6 || netaddr_scope(&address) != NETADDR_LINK ||
                    !question_is_interface_name(zone + 1)) {
                        *ret_problem = "only a link-local IPv6 address takes %INTERFACE";
                        return -EINVAL;
                }
                if (question->interface[0] != '\0' && strcmp(question->interface, zone + 1) != 0) {
                        *ret_problem = "%INTERFACE and the option interface differ";
                        return -EINVAL;
                }
                (void)snprintf(question->interface, sizeof(question->interface), "%s", zone + 1);
        } else if (address.family == AF_INET6 && netaddr_scope(&address) == NETADDR_LINK &&
                   question->interface[0] == '\0') {
                *ret_problem = "a link-local IPv6 address needs %INTERFACE";
                return -EINVAL;
        }
        question->kind = QUESTION_ADDRESS;
        question->address = address;
        return 0;
}

int question_parse(const char *destination, struct question *question, const char **ret_problem) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (strcmp(words[i].word, destination) != 0)
                        continue;
                question->kind = words[i].kind;
                question->address = (struct netaddr){};
                return 0;
        }
        return parse_address(destination, question, ret_problem);
}

const char *question_format(const struct question *question, char *text) {
        char address[NETADDR_TEXT_SIZE];

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (words[i].kind != question->kind)
                        continue;
                (void)snprintf(text, QUESTION_TEXT_SIZE, "%s", words[i].word);
                return text;
        }
        (void)netaddr_format(&question->address, address);
        if (question->address.family == AF_INET6 &&
            netaddr_scope(&question->address) == NETADDR_LINK)
                (void)snprintf(text, QUESTION_TEXT_SIZE, "%s%%%s", address, question->interface);
        else
                (void)snprintf(text, QUESTION_TEXT_SIZE, "%s", address);
        return text;
}

bool question_equal(const struct question *a, const struct question *b) {
        return a->kind == b->kind && netaddr_equal(&a->address, &b->address) &&
               strcmp(a->interface, b->interface) == 0 && a->uid == b->uid && a->mark == b->mark &&
               a->port == b->port && a->protocol == b->protocol;
}
