/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rfkill_msg.h"

#include <errno.h>
#include <string.h>

#define PREFIX "rfkill"
#define INDEX_DIGITS_MAX 9

/* A part of the message, not ended by 0. */
struct text {
        const char *at; /* NULL: there is none */
        size_t len;
};

struct variables {
        struct text action;
        struct text path;
        struct text subsystem;
        struct text type;
        struct text state;
        struct text synthetic; /* somebody wrote into sysfs */
};

static bool text_is(const struct text *text, const char *word) {
        return text->at && text->len == strlen(word) && memcmp(text->at, word, text->len) == 0;
}

static void take_variable(struct variables *variables, const struct text *line) {
        const struct {
                const char *key;
                struct text *value;
        } keys[] = {
                {"ACTION=", &variables->action},       {"DEVPATH=", &variables->path},
                {"SUBSYSTEM=", &variables->subsystem}, {"RFKILL_TYPE=", &variables->type},
                {"RFKILL_STATE=", &variables->state},  {"SYNTH_UUID=", &variables->synthetic},
        };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                size_t len = strlen(keys[i].key);

                if (line->len < len || memcmp(line->at, keys[i].key, len) != 0)
                        continue;
                *keys[i].value = (struct text){line->at + len, line->len - len};
                return;
        }
}

static void take_variables(const char *data, size_t len, char separator, struct variables *ret) {
        *ret = (struct variables){};
        while (len > 0) {
                const char *end = memchr(data, separator, len);
                struct text line = {data, end ? (size_t)(end - data) : len};
                size_t taken = end ? line.len + 1 : line.len;

                take_variable(ret, &line);
                data += taken;
                len -= taken;
        }
}

static int read_index(const struct text *name, uint32_t *ret) {
        const size_t prefix = strlen(PREFIX);
        uint32_t index = 0;

        if (name->len <= prefix || name->len > prefix + INDEX_DIGITS_MAX ||
            memcmp(name->at, PREFIX, prefix) != 0)
                return -EBADMSG;
        for (size_t i = prefix; i < name->len; i++) {
                if (name->at[i] < '0' || name->at[i] > '9')
                        return -EBADMSG;
                index = index * 10 + (uint32_t)(name->at[i] - '0');
        }
        *ret = index;
        return 0;
}

static enum link_type type_of(const struct text *type) {
        if (text_is(type, "wlan"))
                return LINK_TYPE_WIFI;
        if (text_is(type, "bluetooth"))
                return LINK_TYPE_BLUETOOTH;
        if (text_is(type, "wwan"))
                return LINK_TYPE_CELLULAR;
        return LINK_TYPE_UNKNOWN;
}

/* The states are numbers of the kernel's interface: blocked by software, by nothing, by
 * hardware. */
static int read_state(const struct variables *variables, struct rfkill_msg *msg) {
        if (!variables->type.at)
                return -EBADMSG;
        msg->type = type_of(&variables->type);
        if (text_is(&variables->state, "1"))
                msg->is_blocked = false;
        else if (text_is(&variables->state, "0") || text_is(&variables->state, "2"))
                msg->is_blocked = true;
        else
                return -EBADMSG;
        return 0;
}

int rfkill_msg_parse(const void *data, size_t len, struct rfkill_msg *ret) {
        struct rfkill_msg msg = {.type = LINK_TYPE_UNKNOWN};
        struct variables variables;
        const char *slash;
        struct text name;
        int r;

        take_variables(data, len, '\0', &variables);
        if (!text_is(&variables.subsystem, "rfkill"))
                return -ENOENT;
        if (!variables.action.at || !variables.path.at)
                return -EBADMSG;
        slash = memrchr(variables.path.at, '/', variables.path.len);
        if (!slash)
                return -EBADMSG;
        name.at = slash + 1;
        name.len = (size_t)(variables.path.at + variables.path.len - name.at);
        r = read_index(&name, &msg.index);
        if (r < 0)
                return r;
        msg.is_gone = text_is(&variables.action, "remove") && !variables.synthetic.at;
        if (!msg.is_gone)
                r = read_state(&variables, &msg);
        if (r < 0)
                return r;
        *ret = msg;
        return 0;
}

int rfkill_msg_parse_file(const char *name, const void *data, size_t len, struct rfkill_msg *ret) {
        const struct text text = {name, strlen(name)};
        struct rfkill_msg msg = {};
        struct variables variables;
        int r;

        take_variables(data, len, '\n', &variables);
        r = read_index(&text, &msg.index);
        if (r < 0)
                return r;
        r = read_state(&variables, &msg);
        if (r < 0)
                return r;
        *ret = msg;
        return 0;
}
