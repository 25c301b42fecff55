/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_question.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus_error.h"
#include "names.h"
#include "question.h"

struct options {
        uint32_t uid;
        uint32_t mark;
        uint32_t protocol;
        uint16_t port;
        const char *interface;
};

static const struct {
        const char *key;
        char type;
        size_t offset;
} keys[] = {
        {"uid", 'u', offsetof(struct options, uid)},
        {"mark", 'u', offsetof(struct options, mark)},
        {"protocol", 'u', offsetof(struct options, protocol)},
        {"destination-port", 'q', offsetof(struct options, port)},
        {"interface", 's', offsetof(struct options, interface)},
};

static int read_option(sd_bus_message *m, struct options *options, sd_bus_error *ret_error) {
        const char *key, *signature;
        char type, expected[2] = "";
        int r;

        r = sd_bus_message_read_basic(m, 's', &key);
        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(m, &type, &signature);
        if (r < 0)
                return r;
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                if (strcmp(keys[i].key, key) != 0)
                        continue;
                expected[0] = keys[i].type;
                if (strcmp(signature, expected) != 0)
                        return bus_error_namef(ret_error, ERROR_INVALID_OPTION,
                                               "Option %s has type %s, expected %s", key, signature,
                                               expected);
                return sd_bus_message_read(m, "v", expected, (uint8_t *)options + keys[i].offset);
        }
        return bus_error_namef(ret_error, ERROR_INVALID_OPTION, "There is no option %s", key);
}

static int read_options(sd_bus_message *m, struct options *options, sd_bus_error *ret_error) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_option(m, options, ret_error);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static bool is_protocol(uint32_t protocol) {
        return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_ICMP ||
               protocol == IPPROTO_ICMPV6;
}

int bus_question_read(sd_bus_message *m, uint32_t caller_uid, bool privileged, struct question *ret,
                      sd_bus_error *ret_error) {
        struct options options = {.uid = caller_uid, .interface = ""};
        struct question question = {};
        const char *destination, *problem;
        int r;

        r = sd_bus_message_read_basic(m, 's', &destination);
        if (r < 0)
                return r;
        r = read_options(m, &options, ret_error);
        if (r < 0)
                return r;
        if (options.uid != caller_uid && !privileged)
                return bus_error_setf(ret_error, -EACCES,
                                      "Only root may ask for the paths of another user");
        if (options.protocol != 0 && !is_protocol(options.protocol))
                return bus_error_namef(ret_error, ERROR_INVALID_OPTION,
                                       "Option protocol: expected 6 (TCP), 17 (UDP) or 1 (ICMP)");
        if (options.interface[0] != '\0' && !question_is_interface_name(options.interface))
                return bus_error_namef(ret_error, ERROR_INVALID_OPTION,
                                       "Option interface: not the name of an interface");
        question.uid = options.uid;
        question.mark = options.mark;
        question.protocol = (uint8_t)options.protocol;
        question.port = options.port;
        (void)snprintf(question.interface, sizeof(question.interface), "%s", options.interface);
        r = question_parse(destination, &question, &problem);
        if (r < 0)
                return bus_error_setf(ret_error, r, "Destination: %s", problem);
        *ret = question;
        return 0;
}
