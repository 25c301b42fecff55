/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl interfaces: what wherry-netmon knows of them. */

#include "cleanup.h"
#include "describe.h"
#include "objects.h"
#include "table.h"
#include "when.h"

/* In lines of their own: a table would cut them. */
static void print_adverts(const struct output *out, json_object *links) {
        for (size_t i = 0; i < json_object_array_length(links); i++) {
                json_object *link = json_object_array_get_idx(links, i);
                CLEANUP(freep) char *advert = describe_advert(link);

                if (advert[0])
                        output_line(out, STYLE_WARN, "%s: %s", value_string(link, "name"), advert);
        }
}

static void print_airplane_mode(const struct output *out, json_object *manager) {
        if (value_bool(manager, "airplane_mode"))
                output_line(out, STYLE_WARN, "airplane mode: every radio is blocked");
}

static void print_links(const struct output *out, json_object *links) {
        static const struct table_column columns[] = {
                {"NAME", .least = 5},       {"STATE", .least = 6}, {"TYPE", .least = 4},
                {"ADDRESSES", .least = 10}, {"FOR", .least = 4},   {},
        };
        CLEANUP(table_freep) struct table *table = table_new(out, columns);
        struct moment at = moment_now();

        for (size_t i = 0; i < json_object_array_length(links); i++) {
                json_object *link = json_object_array_get_idx(links, i);
                json_object *list = json_object_object_get(link, "addresses");
                CLEANUP(freep) char *addresses = describe_addresses(list);
                CLEANUP(freep) char *type = describe_link_type(link);
                uint64_t since_usec = value_number(link, "since");
                char length[WHEN_MAX] = "";

                if (since_usec > 0 && since_usec <= at.usec)
                        when_length(at.usec - since_usec, length);
                table_cell(table, STYLE_STRONG, "%s", value_string(link, "name"));
                table_cell(table, describe_link_style(link), "%s", describe_link(link));
                table_cell(table, STYLE_PLAIN, "%s", type);
                table_cell(table, STYLE_PLAIN, "%s", addresses[0] ? addresses : "-");
                table_cell(table, STYLE_PLAIN, "%s", length);
        }
        table_print(table);
}

static enum outcome run_interfaces(struct ctl *ctl) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(json_object_putp) json_object *network = NULL;
        json_object *links;
        enum outcome o;

        o = bus_open(ctl);
        if (o != OUTCOME_OK)
                return o;
        if (objects_get_network(ctl, args_has(&ctl->args, "all"), BUS_TIMEOUT_USEC, &network,
                                &error) < 0)
                return bus_tell(ctl, &netmon_service, &error);
        links = json_object_object_get(network, "interfaces");
        if (ctl->out.json) {
                output_json(&ctl->out, json_object_get(links));
                return OUTCOME_OK;
        }
        print_links(&ctl->out, links);
        print_adverts(&ctl->out, links);
        print_airplane_mode(&ctl->out, json_object_object_get(network, "properties"));
        return OUTCOME_OK;
}

const struct verb interfaces_verb = {
        .name = "interfaces",
        .arguments = "",
        .summary = "the network interfaces, and which of them can be used",
        .help = "JSON: [the properties of org.wherry.NetMon1.Interface, and \"object\"].\n",
        .options =
                (const struct args_option[]){
                        {"all", 'a', NULL, "also the hidden: ports of bridges, containers"},
                        {},
                },
        .run = run_interfaces,
};
