/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outgoing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus_dict.h"
#include "cleanup.h"
#include "moment.h"
#include "must.h"
#include "names.h"

#define WAIT_TIMEOUT_USEC (30 * USEC_PER_SEC) /* the help of send names it */

/* How long an agent may be away between two messages. */
#define RESTART_USEC (30 * USEC_PER_SEC)
#define RESTART_PAUSE_USEC (100 * USEC_PER_MSEC)

enum outcome outgoing_read(const struct ctl *ctl, struct outgoing *ret) {
        const struct args *args = &ctl->args;
        const char *uuid = args_get(args, "uuid");
        struct outgoing o = {
                .at_most_once = args_has(args, "at-most-once"),
                .if_connected = args_has(args, "if-connected"),
                .frame = args_has(args, "text")     ? "text"
                         : args_has(args, "binary") ? "binary"
                                                    : NULL,
                .tag = args_get(args, "tag"),
                .ttl_given = args_has(args, "ttl"),
                .wait = args_has(args, "wait"),
                .uuid_given = uuid != NULL,
        };
        uint64_t delay_usec;
        enum outcome outcome;

        if (uuid && uuid_parse(uuid, o.uuid) < 0) {
                output_complain("--uuid=%s: expected 32 hexadecimal digits", uuid);
                return OUTCOME_USAGE;
        }
        outcome = ctl_duration(ctl, "ttl", 0, &o.ttl_usec);
        if (outcome == OUTCOME_OK)
                outcome = ctl_duration(ctl, "delay", 0, &delay_usec);
        if (outcome == OUTCOME_OK)
                outcome = ctl_duration(ctl, "timeout", WAIT_TIMEOUT_USEC, &o.timeout_usec);
        if (outcome == OUTCOME_OK)
                outcome = ctl_count(ctl, "max-tries", UINT32_MAX, 0, &o.max_tries);
        if (outcome != OUTCOME_OK)
                return outcome;
        if (o.ttl_usec == USEC_NEVER)
                o.ttl_usec = 0;
        if (args_has(args, "delay") && __builtin_add_overflow(moment_now().realtime_usec,
                                                              delay_usec, &o.not_before_realtime)) {
                output_complain("--delay: too long");
                return OUTCOME_USAGE;
        }
        *ret = o;
        return OUTCOME_OK;
}

static void put_options(sd_bus_message *m, const struct outgoing *o,
                        const uint8_t uuid[UUID_BYTES]) {
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        must(bus_dict_put_bytes(m, "uuid", uuid, UUID_BYTES));
        if (o->ttl_given)
                must(bus_dict_put_u64(m, "ttl", o->ttl_usec));
        if (o->not_before_realtime > 0)
                must(bus_dict_put_u64(m, "not-before-realtime", o->not_before_realtime));
        if (o->max_tries > 0)
                must(bus_dict_put_u32(m, "max-tries", (uint32_t)o->max_tries));
        if (o->at_most_once)
                must(bus_dict_put_string(m, "delivery", "at-most-once"));
        if (o->if_connected)
                must(bus_dict_put_bool(m, "if-connected", true));
        if (o->frame)
                must(bus_dict_put_string(m, "frame", o->frame));
        if (o->tag)
                must(bus_dict_put_string(m, "tag", o->tag));
        must(sd_bus_message_close_container(m));
}

static sd_bus_message *build(struct ctl *ctl, const struct channel *channel,
                             const struct outgoing *o, const struct outgoing_item *items,
                             size_t n) {
        sd_bus_message *m;

        if (n == 1) {
                m = channel_method(ctl, channel, "Send");
                must(sd_bus_message_append_array(m, 'y', items->data, items->len));
                put_options(m, o, items->uuid);
                return m;
        }
        m = channel_method(ctl, channel, "SendMany");
        must(sd_bus_message_open_container(m, 'a', "(aya{sv})"));
        for (size_t i = 0; i < n; i++) {
                must(sd_bus_message_open_container(m, 'r', "aya{sv}"));
                must(sd_bus_message_append_array(m, 'y', items[i].data, items[i].len));
                put_options(m, o, items[i].uuid);
                must(sd_bus_message_close_container(m));
        }
        must(sd_bus_message_close_container(m));
        return m;
}

static int read_ids(sd_bus_message *reply, size_t n, uint64_t *ret_ids) {
        const void *ids;
        size_t size;
        int r;

        if (n == 1)
                return sd_bus_message_read(reply, "t", ret_ids);
        r = sd_bus_message_read_array(reply, 't', &ids, &size);
        if (r < 0)
                return r;
        if (size != n * sizeof(*ret_ids))
                return -EBADMSG;
        memcpy(ret_ids, ids, size);
        return 0;
}

bool outgoing_is_doubtful(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT) ||
               sd_bus_error_has_name(error, ERROR_STORAGE);
}

int outgoing_send(struct ctl *ctl, const struct channel *channel, const struct outgoing *o,
                  const struct outgoing_item *items, size_t n, uint64_t *ret_ids,
                  sd_bus_error *ret_error) {
        uint64_t end_usec = moment_now().usec + RESTART_USEC;

        for (;;) {
                CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
                CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
                int r;

                m = build(ctl, channel, o, items, n);
                r = sd_bus_call(ctl->bus, m, BUS_TIMEOUT_USEC, ret_error, &reply);
                if (r >= 0) {
                        r = read_ids(reply, n, ret_ids);
                        return r < 0 ? sd_bus_error_set_errno(ret_error, r) : 0;
                }
                if (bus_outcome(ret_error) != OUTCOME_NOT_RUNNING ||
                    sd_bus_is_ready(ctl->bus) <= 0 || moment_now().usec >= end_usec)
                        return r;
                sd_bus_error_free(ret_error);
                (void)usleep(RESTART_PAUSE_USEC);
        }
}
