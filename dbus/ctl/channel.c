/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus_dict.h"
#include "cleanup.h"
#include "must.h"
#include "names.h"
#include "nearest.h"
#include "objects.h"
#include "value.h"

/* There is a channel of this name, but it has another key. */
static void tell_namesake(json_object *channel) {
        const char *name = value_string(channel, "name"), *app_id = value_string(channel, "app_id");

        if (value_number(channel, "owner") != geteuid())
                output_complain("'%s' belongs to another user; name it %s", name,
                                value_string(channel, "object"));
        else
                output_complain("'%s' belongs to %s; give --app-id=%s", name,
                                app_id[0] ? app_id : "no app", app_id);
}

/* Suggests the name that was probably meant. */
static enum outcome tell_missing(struct ctl *ctl, const char *word) {
        CLEANUP(json_object_putp) json_object *channels = NULL;
        struct nearest nearest = nearest_begin(word);

        (void)objects_get_channels(ctl, BUS_TIMEOUT_USEC, &channels, NULL);
        for (size_t i = 0; channels && i < json_object_array_length(channels); i++) {
                json_object *channel = json_object_array_get_idx(channels, i);
                const char *name = value_string(channel, "name");

                if (strcmp(name, word) == 0) {
                        tell_namesake(channel);
                        return OUTCOME_NO_CHANNEL;
                }
                nearest_offer(&nearest, name);
        }
        if (nearest.best)
                output_complain("no channel '%s'; did you mean '%s'?", word, nearest.best);
        else
                output_complain("no channel '%s'; see wherryctl channels", word);
        return OUTCOME_NO_CHANNEL;
}

int channel_get(struct ctl *ctl, const char *word, struct channel *ret, sd_bus_error *ret_error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *app_id = args_get(&ctl->args, "app-id"), *path;
        int r;

        if (sd_bus_object_path_is_valid(word) &&
            strncmp(word, AGENT_CHANNEL_PATH "/", strlen(AGENT_CHANNEL_PATH "/")) == 0) {
                *ret = (struct channel){word, MUST_HAVE(strdup(word))};
                return 0;
        }
        m = bus_method(ctl, &agent_service, "GetChannel");
        must(sd_bus_message_append(m, "s", word));
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        if (app_id)
                must(bus_dict_put_string(m, "app-id", app_id));
        must(sd_bus_message_close_container(m));
        r = sd_bus_call(ctl->bus, m, BUS_TIMEOUT_USEC, ret_error, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return sd_bus_error_set_errno(ret_error, r);
        *ret = (struct channel){word, MUST_HAVE(strdup(path))};
        return 0;
}

enum outcome channel_find(struct ctl *ctl, const char *word, struct channel *ret) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (channel_get(ctl, word, ret, &error) >= 0)
                return OUTCOME_OK;
        if (sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT))
                return tell_missing(ctl, word);
        return bus_tell(ctl, &agent_service, &error);
}

void channel_deinit(struct channel *channel) {
        free(channel->path);
        *channel = (struct channel){};
}

sd_bus_message *channel_method(struct ctl *ctl, const struct channel *channel, const char *member) {
        return bus_method_of(ctl, &agent_service, channel->path, AGENT_CHANNEL_INTERFACE, member);
}

json_object *channel_json(const struct channel *channel) {
        json_object *object = value_object();

        value_put_string(object, "channel", channel->word);
        value_put_string(object, "object", channel->path);
        return object;
}
