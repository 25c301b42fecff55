/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_message.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unistr.h>

#include "agent.h"
#include "agent_store.h"
#include "bus_dict.h"
#include "bus_error.h"
#include "bus_options.h"
#include "channel.h"
#include "cleanup.h"
#include "names.h"

static int memfd_sealed(const void *data, size_t len, int *ret) {
        CLEANUP(close_fdp) int fd = memfd_create("wherry-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        size_t done = 0;

        if (fd < 0)
                return -errno;
        while (done < len) {
                ssize_t n = write(fd, (const uint8_t *)data + done, len - done);

                if (n < 0)
                        return -errno;
                done += (size_t)n;
        }
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                return -errno;
        *ret = steal_fd(&fd);
        return 0;
}

int bus_dict_put_memfd(sd_bus_message *m, const char *key, const void *data, size_t len) {
        CLEANUP(close_fdp) int fd = -1;
        int r;

        r = memfd_sealed(data, len, &fd);
        if (r < 0)
                return r;
        return sd_bus_message_append(m, "{sv}", key, "h", fd); /* the message takes a duplicate */
}

/* The options of Send as they were given. */
struct send_options {
        struct bus_bytes uuid;
        bool has_uuid;
        uint64_t ttl_usec;
        bool has_ttl;
        uint64_t not_before_realtime_usec;
        const char *delivery;
        bool if_connected;
        uint32_t max_tries;
        const char *frame;
        const char *tag;
};

static int read_options(sd_bus_message *m, struct send_options *o, sd_bus_error *error) {
        const struct bus_option table[] = {
                {"uuid", "ay", &o->uuid, &o->has_uuid},
                {"ttl", "t", &o->ttl_usec, &o->has_ttl},
                {"not-before-realtime", "t", &o->not_before_realtime_usec, NULL},
                {"delivery", "s", &o->delivery, NULL},
                {"if-connected", "b", &o->if_connected, NULL},
                {"max-tries", "u", &o->max_tries, NULL},
                {"frame", "s", &o->frame, NULL},
                {"tag", "s", &o->tag, NULL},
                {NULL, NULL, NULL, NULL},
        };

        return bus_options_read(m, table, error);
}

static int set_delivery(const char *word, bool *at_most_once, sd_bus_error *error) {
        if (!word)
                return 0;
        if (strcmp(word, "at-most-once") != 0 && strcmp(word, "at-least-once") != 0)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "delivery: expected \"at-least-once\" or \"at-most-once\"");
        *at_most_once = strcmp(word, "at-most-once") == 0;
        return 0;
}

static int set_frame(const char *word, enum message_frame *frame, sd_bus_error *error) {
        if (!word)
                return 0;
        if (strcmp(word, "text") != 0 && strcmp(word, "binary") != 0)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "frame: expected \"binary\" or \"text\"");
        *frame = strcmp(word, "text") == 0 ? MESSAGE_FRAME_TEXT : MESSAGE_FRAME_BINARY;
        return 0;
}

/* Options to facts; those not given are the channel's. */
static int set_facts(struct channel *channel, const struct send_options *o,
                     struct message_facts *facts, sd_bus_error *error) {
        const struct channel_options *defaults = &channel->record->options;
        uint64_t now_usec = moment_now().realtime_usec;
        uint64_t ttl_usec = o->has_ttl ? o->ttl_usec : defaults->ttl_usec;
        int r;

        if (o->has_uuid) {
                if (o->uuid.len != MESSAGE_UUID_BYTES)
                        return bus_error_namef(error, ERROR_INVALID_OPTION,
                                               "uuid: expected 16 bytes");
                memcpy(facts->uuid, o->uuid.data, MESSAGE_UUID_BYTES);
                facts->uuid_given = true;
        }
        if (o->tag) {
                if (strlen(o->tag) > MESSAGE_TAG_MAX)
                        return bus_error_namef(error, ERROR_INVALID_OPTION,
                                               "tag: expected at most %d bytes", MESSAGE_TAG_MAX);
                (void)strcpy(facts->tag, o->tag);
        }
        facts->at_most_once = defaults->at_most_once;
        r = set_delivery(o->delivery, &facts->at_most_once, error);
        if (r < 0)
                return r;
        facts->frame = defaults->frame_text ? MESSAGE_FRAME_TEXT : MESSAGE_FRAME_BINARY;
        r = set_frame(o->frame, &facts->frame, error);
        if (r < 0)
                return r;
        facts->max_tries = o->max_tries;
        facts->not_before_realtime_usec = o->not_before_realtime_usec;
        facts->created_realtime_usec = now_usec;
        if (ttl_usec != 0)
                facts->expires_realtime_usec =
                        ttl_usec > INT64_MAX - now_usec ? INT64_MAX : now_usec + ttl_usec;
        return 0;
}

/* Is there room for it, in every account that it goes to? */
static int check_limits(struct channel *channel, size_t len, sd_bus_error *error) {
        uint64_t max = channel->record->options.max_message_bytes;

        if (len > max)
                return bus_error_namef(error, ERROR_TOO_LARGE,
                                       "the message has %zu bytes, the option max-message allows "
                                       "%" PRIu64,
                                       len, max);
        if (channel->user->bytes + len > channel->agent->config.user_bytes)
                return bus_error_namef(error, ERROR_QUOTA_EXCEEDED,
                                       "the queues of this user are full");
        if (agent_store_is_flooded(channel->agent))
                return bus_error_namef(error, ERROR_QUOTA_EXCEEDED,
                                       "too many messages are on their way to the disk");
        return 0;
}

int bus_message_read(struct channel *channel, sd_bus_message *m, struct store_message *ret,
                     sd_bus_error *error) {
        struct send_options o = {0};
        const void *payload;
        size_t len;
        int r;

        r = sd_bus_message_read_array(m, 'y', &payload, &len);
        if (r < 0)
                return r;
        r = read_options(m, &o, error);
        if (r < 0)
                return r;
        r = check_limits(channel, len, error);
        if (r < 0)
                return r;
        r = set_facts(channel, &o, &ret->facts, error);
        if (r < 0)
                return r;
        if (ret->facts.frame == MESSAGE_FRAME_TEXT && u8_check(payload, len))
                return bus_error_setf(error, -EINVAL, "the payload of a text frame is not UTF-8");
        if (o.if_connected && channel_state(channel) != CHANNEL_CONNECTED)
                return bus_error_namef(error, ERROR_NO_PATH, "the channel is not connected");
        ret->payload = malloc(len > 0 ? len : 1);
        if (!ret->payload)
                return -ENOMEM;
        memcpy(ret->payload, payload, len);
        ret->payload_bytes = len;
        return 0;
}

static int append_payload(sd_bus_message *m, const struct store_message *message) {
        if (!message->payload)
                return 0;
        if (message->payload_bytes > BUS_PAYLOAD_MAX_BYTES)
                return bus_dict_put_memfd(m, "fd", message->payload, message->payload_bytes);
        return bus_dict_put_bytes(m, "payload", message->payload, message->payload_bytes);
}

static int append_outgoing(sd_bus_message *m, const struct channel *channel,
                           const struct message_facts *facts) {
        uint8_t uuid[MESSAGE_UUID_BYTES];
        int r;

        if (facts->uuid_given)
                memcpy(uuid, facts->uuid, sizeof(uuid));
        else
                message_derive_uuid(channel->record->key, facts->id, uuid);
        r = bus_dict_put_bytes(m, "uuid", uuid, sizeof(uuid));
        if (r < 0)
                return r;
        r = bus_dict_put_u32(m, "tries", facts->tries);
        if (r < 0)
                return r;
        r = bus_dict_put_string(m, "delivery",
                                facts->at_most_once ? "at-most-once" : "at-least-once");
        if (r < 0)
                return r;
        if (*facts->tag != '\0') {
                r = bus_dict_put_string(m, "tag", facts->tag);
                if (r < 0)
                        return r;
        }
        if (facts->expires_realtime_usec != 0) {
                r = bus_dict_put_u64(m, "expires-realtime", facts->expires_realtime_usec);
                if (r < 0)
                        return r;
        }
        if (facts->not_before_realtime_usec == 0)
                return 0;
        return bus_dict_put_u64(m, "not-before-realtime", facts->not_before_realtime_usec);
}

static int append_entries(sd_bus_message *m, const struct channel *channel, bool incoming,
                          const struct store_message *message) {
        const struct message_facts *facts = &message->facts;
        bool text = incoming ? message->text : facts->frame == MESSAGE_FRAME_TEXT;
        int r;

        r = sd_bus_message_append(
                m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "id", "t", facts->id, "direction", "s",
                incoming ? "in" : "out", "state", "s",
                incoming ? "unread" : message_state_string(facts->state), "reason", "s",
                facts->reason, "size", "t", (uint64_t)message->payload_bytes, "created-realtime",
                "t", facts->created_realtime_usec, "frame", "s", text ? "text" : "binary");
        if (r < 0)
                return r;
        r = append_payload(m, message);
        if (r < 0)
                return r;
        if (incoming)
                return bus_dict_put_bool(m, "redelivered", message->redelivered);
        return append_outgoing(m, channel, facts);
}

int bus_message_append(sd_bus_message *m, const struct channel *channel, bool incoming,
                       const struct store_message *message) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = append_entries(m, channel, incoming, message);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}
