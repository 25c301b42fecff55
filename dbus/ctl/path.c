/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl path: how a packet to a destination would leave this machine now. */

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "bus.h"
#include "bus_dict.h"
#include "cleanup.h"
#include "describe.h"
#include "must.h"
#include "objects.h"
#include "quantity.h"

static void freeaddrinfop(struct addrinfo **list) {
        if (*list)
                freeaddrinfo(*list);
}

/* The addresses to ask for, as an array of strings. Names are looked up here, not by netmon. */
static enum outcome resolve(const char *word, json_object **ret) {
        static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
        CLEANUP(freeaddrinfop) struct addrinfo *list = NULL;
        json_object *addresses;
        int r;

        if (strcmp(word, "default") == 0 || strcmp(word, "default4") == 0 ||
            strcmp(word, "default6") == 0) {
                *ret = value_array();
                value_push(*ret, MUST_HAVE(json_object_new_string(word)));
                return OUTCOME_OK;
        }
        r = getaddrinfo(word, NULL, &hints, &list);
        if (r != 0) {
                output_complain("%s: %s", word,
                                r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
                return OUTCOME_FAILED;
        }
        addresses = value_array();
        for (const struct addrinfo *a = list; a; a = a->ai_next) {
                char text[NI_MAXHOST];

                if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0,
                                NI_NUMERICHOST) == 0)
                        value_push(addresses, MUST_HAVE(json_object_new_string(text)));
        }
        *ret = addresses;
        return OUTCOME_OK;
}

struct question {
        uint64_t uid, mark, protocol, port;
};

/* A number that may be left out; 0 counts as given. */
static enum outcome read_number(const struct ctl *ctl, const char *option, uint64_t max,
                                uint64_t *ret) {
        const char *text = args_get(&ctl->args, option);

        if (!text || quantity_count(text, max, ret) >= 0)
                return OUTCOME_OK;
        output_complain("--%s=%s: expected a number up to %llu", option, text,
                        (unsigned long long)max);
        return OUTCOME_USAGE;
}

static enum outcome read_question(const struct ctl *ctl, struct question *ret) {
        enum outcome o;

        o = read_number(ctl, "uid", UINT32_MAX, &ret->uid);
        if (o == OUTCOME_OK)
                o = read_number(ctl, "mark", UINT32_MAX, &ret->mark);
        if (o == OUTCOME_OK)
                o = read_number(ctl, "protocol", UINT8_MAX, &ret->protocol);
        if (o == OUTCOME_OK)
                o = read_number(ctl, "port", UINT16_MAX, &ret->port);
        return o;
}

static void put_question(const struct ctl *ctl, const struct question *question,
                         sd_bus_message *m) {
        const struct args *args = &ctl->args;

        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        if (args_has(args, "uid"))
                must(bus_dict_put_u32(m, "uid", (uint32_t)question->uid));
        if (args_has(args, "mark"))
                must(bus_dict_put_u32(m, "mark", (uint32_t)question->mark));
        if (args_has(args, "protocol"))
                must(bus_dict_put_u32(m, "protocol", (uint32_t)question->protocol));
        if (args_has(args, "port"))
                must(sd_bus_message_append(m, "{sv}", "destination-port", "q",
                                           (uint16_t)question->port));
        if (args_has(args, "interface"))
                must(bus_dict_put_string(m, "interface", args_get(args, "interface")));
        must(sd_bus_message_close_container(m));
}

static enum outcome ask(struct ctl *ctl, const struct question *question, const char *address,
                        json_object **ret) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        static const char *const keys[] = {"serial", "path", "alternatives"};
        json_object *answer;
        sd_bus_message *m;
        enum outcome o;

        m = bus_method(ctl, &netmon_service, "GetPath");
        must(sd_bus_message_append(m, "s", address));
        put_question(ctl, question, m);
        o = bus_call(ctl, &netmon_service, m, BUS_TIMEOUT_USEC, &reply);
        if (o != OUTCOME_OK)
                return o;
        answer = value_object();
        value_put_string(answer, "address", address);
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                json_object *value;

                if (value_read(reply, &value) < 0) {
                        json_object_put(answer);
                        return bus_malformed(&netmon_service);
                }
                value_put(answer, keys[i], value);
        }
        *ret = answer;
        return OUTCOME_OK;
}

static void print_one(const struct output *out, const char *label, json_object *path) {
        CLEANUP(freep) char *text = describe_path(path);

        output_pair(out, label, describe_path_style(path), "%s", text);
}

/* What is known of the interface beside the path; without it the answer is no less. */
static void print_advert(struct ctl *ctl, json_object *path) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(json_object_putp) json_object *network = NULL;
        CLEANUP(freep) char *advert = NULL;
        json_object *links;

        if (objects_get_network(ctl, true, BUS_TIMEOUT_USEC, &network, &error) < 0)
                return;
        links = json_object_object_get(network, "interfaces");
        advert = describe_advert(objects_find_link(links, value_string(path, "interface")));
        if (advert[0])
                output_pair(&ctl->out, "", STYLE_WARN, "%s", advert);
}

static void print_answer(struct ctl *ctl, json_object *answer, const struct moment *at) {
        const struct output *out = &ctl->out;
        json_object *path = json_object_object_get(answer, "path");
        json_object *alternatives = json_object_object_get(answer, "alternatives");
        uint64_t since_usec = value_number(path, "since_usec");
        CLEANUP(freep) char *since = NULL;

        /* A path that nobody has asked for before is as old as the question. */
        since = describe_since(since_usec + USEC_PER_SEC > at->usec ? 0 : since_usec, at);

        output_pair(out, "to", STYLE_STRONG, "%s", value_string(answer, "address"));
        print_one(out, "path", path);
        if (value_string(path, "interface")[0])
                output_pair(out, "", STYLE_FAINT, "%s%stable %llu, metric %llu, mtu %llu", since,
                            since[0] ? ", " : "", (unsigned long long)value_number(path, "table"),
                            (unsigned long long)value_number(path, "metric"),
                            (unsigned long long)value_number(path, "mtu"));
        print_advert(ctl, path);
        for (size_t i = 0; i < json_object_array_length(alternatives); i++)
                print_one(out, "or", json_object_array_get_idx(alternatives, i));
}

static enum outcome run_path(struct ctl *ctl) {
        CLEANUP(json_object_putp) json_object *addresses = NULL;
        CLEANUP(json_object_putp) json_object *answers = value_array();
        struct question question;
        struct moment at;
        bool usable = false;
        enum outcome o;

        o = read_question(ctl, &question);
        if (o == OUTCOME_OK)
                o = bus_open(ctl);
        if (o == OUTCOME_OK)
                o = resolve(ctl->args.words[0], &addresses);
        for (size_t i = 0; o == OUTCOME_OK && i < json_object_array_length(addresses); i++) {
                json_object *answer = NULL;

                o = ask(ctl, &question,
                        json_object_get_string(json_object_array_get_idx(addresses, i)), &answer);
                if (o != OUTCOME_OK)
                        break;
                usable |= value_bool(json_object_object_get(answer, "path"), "usable");
                value_push(answers, answer);
        }
        if (o != OUTCOME_OK)
                return o;
        at = moment_now();
        if (ctl->out.json)
                output_json(&ctl->out, json_object_get(answers));
        for (size_t i = 0; !ctl->out.json && i < json_object_array_length(answers); i++)
                print_answer(ctl, json_object_array_get_idx(answers, i), &at);
        return usable ? OUTCOME_OK : OUTCOME_NOT_CONNECTED;
}

const struct verb path_verb = {
        .name = "path",
        .arguments = "DESTINATION",
        .least_words = 1,
        .most_words = 1,
        .summary = "how packets to a destination leave this machine now",
        .help = "DESTINATION is a host name, an address, or default, default4, default6. Every\n"
                "address of a name is asked for.\n"
                "Exit status 0: an address has a usable path; 3: none has.\n"
                "\n"
                "JSON: [{\"address\", \"serial\", \"path\", \"alternatives\"}] with the path keys "
                "of\n"
                "org.wherry.NetMon1 GetPath.\n",
        .options =
                (const struct args_option[]){
                        {"interface", 'i', "NAME", "only out of this interface"},
                        {"uid", 0, "UID", "as this user (default: you)"},
                        {"mark", 0, "MARK", "with this firewall mark, such as 0x10"},
                        {"protocol", 0, "NUMBER", "6 for TCP, 17 for UDP"},
                        {"port", 0, "PORT", "to this port"},
                        {},
                },
        .run = run_path,
};
