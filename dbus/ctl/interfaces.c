/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl interfaces: what wherry-netmon knows of them. */

#include <errno.h>
#include <string.h>

#include "bus.h"
#include "bus_dict.h"
#include "cleanup.h"
#include "describe.h"
#include "must.h"
#include "table.h"
#include "when.h"

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
                uint64_t since_usec = value_number(link, "since");
                char length[WHEN_MAX] = "";

                if (since_usec > 0 && since_usec <= at.usec)
                        when_length(at.usec - since_usec, length);
                table_cell(table, STYLE_STRONG, "%s", value_string(link, "name"));
                table_cell(table, describe_link_style(link), "%s", describe_link(link));
                table_cell(table, STYLE_PLAIN, "%s", value_string(link, "type"));
                table_cell(table, STYLE_PLAIN, "%s", addresses[0] ? addresses : "-");
                table_cell(table, STYLE_PLAIN, "%s", length);
        }
        table_print(table);
}

static int compare_indices(const void *a, const void *b) {
        uint64_t left = value_number(*(json_object *const *)a, "index");
        uint64_t right = value_number(*(json_object *const *)b, "index");

        return left < right ? -1 : left > right;
}

static enum outcome run_interfaces(struct ctl *ctl) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(json_object_putp) json_object *serial = NULL;
        CLEANUP(json_object_putp) json_object *manager = NULL;
        CLEANUP(json_object_putp) json_object *objects = NULL;
        json_object *links;
        sd_bus_message *m;
        enum outcome o;

        o = bus_open(ctl);
        if (o != OUTCOME_OK)
                return o;
        m = bus_method(ctl, &netmon_service, "Snapshot");
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        if (args_has(&ctl->args, "all"))
                must(bus_dict_put_bool(m, "all", true));
        must(sd_bus_message_close_container(m));
        o = bus_call(ctl, &netmon_service, m, BUS_TIMEOUT_USEC, &reply);
        if (o != OUTCOME_OK)
                return o;
        if (value_read(reply, &serial) < 0 || value_read(reply, &manager) < 0 ||
            value_read(reply, &objects) < 0)
                return bus_malformed(&netmon_service);

        links = value_array();
        json_object_object_foreach(objects, path, link) {
                value_put_string(link, "object", path);
                value_push(links, json_object_get(link));
        }
        json_object_array_sort(links, compare_indices);
        if (ctl->out.json) {
                output_json(&ctl->out, links);
                return OUTCOME_OK;
        }
        print_links(&ctl->out, links);
        json_object_put(links);
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
