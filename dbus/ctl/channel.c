/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel.h"

#include <errno.h>
#include <string.h>

#include "bus_dict.h"
#include "cleanup.h"
#include "must.h"
#include "names.h"
#include "nearest.h"
#include "objects.h"
#include "value.h"

/* The name that was probably meant: "" when none is near. To be freed. */
static char *suggest(struct ctl *ctl, const char *word) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(json_object_putp) json_object *channels = NULL;
        struct nearest nearest = nearest_begin(word);

        if (objects_get_channels(ctl, BUS_TIMEOUT_USEC, &channels, &error) < 0)
                return MUST_HAVE(strdup(""));
        for (size_t i = 0; i < json_object_array_length(channels); i++)
                nearest_offer(&nearest,
                              value_string(json_object_array_get_idx(channels, i), "name"));
        return MUST_HAVE(strdup(nearest.best ? nearest.best : ""));
}

static enum outcome tell_missing(struct ctl *ctl, const char *word) {
        CLEANUP(freep) char *near = suggest(ctl, word);

        if (strcmp(near, word) == 0)
                output_complain("'%s' belongs to an app; give its --app-id, see wherryctl channels",
                                word);
        else if (near[0])
                output_complain("no channel '%s'; did you mean '%s'?", word, near);
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
