/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "must.h"
#include "uuid.h"

#define FIELDS_MAX 4

static const struct {
        const char *key;
        const char *fields[FIELDS_MAX];
} tuples[] = {
        {"error", {"name", "text"}},
        {"last_recovery", {"outcome", "text"}},
        {"addresses", {"address", "prefix_length", "scope", "flags"}},
        {"states", {"id", "state", "reason"}},
};

static int read_value(sd_bus_message *m, const char *key, json_object **ret);

const char *value_key(const char *key, char name[VALUE_KEY_MAX]) {
        size_t len = 0;

        for (const char *c = key; *c && len + 2 < VALUE_KEY_MAX; c++) {
                if (isupper((unsigned char)*c) && c > key && islower((unsigned char)c[-1]))
                        name[len++] = '_';
                name[len++] = *c == '-' ? '_' : (char)tolower((unsigned char)*c);
        }
        name[len] = '\0';
        return name;
}

static int read_basic(sd_bus_message *m, char type, json_object **ret) {
        union {
                uint8_t y;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                int b;
                const char *s;
        } value;
        int r = sd_bus_message_read_basic(m, type, &value);

        if (r < 0)
                return r;
        switch (type) {
        case SD_BUS_TYPE_BYTE:
                *ret = json_object_new_int(value.y);
                break;
        case SD_BUS_TYPE_BOOLEAN:
                *ret = json_object_new_boolean(value.b);
                break;
        case SD_BUS_TYPE_INT16:
                *ret = json_object_new_int(value.n);
                break;
        case SD_BUS_TYPE_UINT16:
                *ret = json_object_new_int(value.q);
                break;
        case SD_BUS_TYPE_INT32:
                *ret = json_object_new_int(value.i);
                break;
        case SD_BUS_TYPE_UINT32:
                *ret = json_object_new_int64(value.u);
                break;
        case SD_BUS_TYPE_INT64:
                *ret = json_object_new_int64(value.x);
                break;
        case SD_BUS_TYPE_UINT64:
                *ret = json_object_new_uint64(value.t);
                break;
        case SD_BUS_TYPE_DOUBLE:
                *ret = json_object_new_double(value.d);
                break;
        default:
                *ret = json_object_new_string(value.s);
        }
        return *ret ? 0 : -ENOMEM;
}

static int read_fd(sd_bus_message *m, json_object **ret) {
        struct stat st;
        void *data;
        int fd, r;

        r = sd_bus_message_read_basic(m, SD_BUS_TYPE_UNIX_FD, &fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode)) /* no memfd */
                return -EBADMSG;
        if (st.st_size > INT32_MAX)
                return -EFBIG;
        if (st.st_size == 0) {
                *ret = MUST_HAVE(json_object_new_string(""));
                return 0;
        }
        data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
                return -errno;
        *ret = MUST_HAVE(json_object_new_string_len(data, (int)st.st_size));
        (void)munmap(data, (size_t)st.st_size);
        return 0;
}

static int read_bytes(sd_bus_message *m, const char *key, json_object **ret) {
        const void *data;
        size_t len;
        int r;

        r = sd_bus_message_read_array(m, 'y', &data, &len);
        if (r < 0)
                return r;
        if (strcmp(key, "uuid") == 0 && len == UUID_BYTES) {
                char text[UUID_TEXT_MAX];

                uuid_format(data, text);
                *ret = MUST_HAVE(json_object_new_string(text));
                return 0;
        }
        *ret = MUST_HAVE(json_object_new_string_len(data ? data : "", (int)len));
        return 0;
}

/* An a{..} into an object; only the keys of an a{sv} are names of the contract. */
static int read_dict(sd_bus_message *m, const char *entry, json_object **ret) {
        CLEANUP(json_object_putp) json_object *object = value_object();
        bool named = strcmp(entry, "{sv}") == 0;
        char inner[256];
        int r;

        (void)snprintf(inner, sizeof(inner), "%.*s", (int)strlen(entry) - 2, entry + 1);
        r = sd_bus_message_enter_container(m, 'a', entry);
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', inner)) > 0) {
                json_object *value;
                char name[VALUE_KEY_MAX];
                const char *key;

                r = sd_bus_message_read_basic(m, entry[1], &key);
                if (r < 0)
                        return r;
                if (named)
                        key = value_key(key, name);
                r = read_value(m, key, &value);
                if (r < 0)
                        return r;
                value_put(object, strcmp(key, "fd") == 0 ? "payload" : key, value);
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = STEAL(object);
        return 0;
}

static int read_array(sd_bus_message *m, const char *key, const char *element, json_object **ret) {
        CLEANUP(json_object_putp) json_object *array = value_array();
        int r;

        if (strcmp(element, "y") == 0)
                return read_bytes(m, key, ret);
        if (element[0] == '{' && (element[1] == 's' || element[1] == 'o'))
                return read_dict(m, element, ret);
        r = sd_bus_message_enter_container(m, 'a', element);
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                json_object *value;

                r = read_value(m, key, &value);
                if (r < 0)
                        return r;
                value_push(array, value);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = STEAL(array);
        return 0;
}

static int read_tuple(sd_bus_message *m, char type, const char *key, const char *members,
                      json_object **ret) {
        CLEANUP(json_object_putp) json_object *tuple = NULL;
        const char *const *fields = NULL;
        int r;

        for (size_t i = 0; i < sizeof(tuples) / sizeof(tuples[0]); i++)
                if (strcmp(tuples[i].key, key) == 0)
                        fields = tuples[i].fields;
        tuple = MUST_HAVE(fields ? json_object_new_object() : json_object_new_array());
        r = sd_bus_message_enter_container(m, type, members);
        if (r < 0)
                return r;
        for (size_t i = 0; (r = sd_bus_message_at_end(m, false)) == 0; i++) {
                json_object *value;

                r = read_value(m, "", &value);
                if (r < 0)
                        return r;
                if (!fields)
                        value_push(tuple, value);
                else if (i < FIELDS_MAX && fields[i])
                        value_put(tuple, fields[i], value);
                else
                        json_object_put(value);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = STEAL(tuple);
        return 0;
}

static int read_variant(sd_bus_message *m, const char *key, const char *contents,
                        json_object **ret) {
        CLEANUP(json_object_putp) json_object *value = NULL;
        int r;

        r = sd_bus_message_enter_container(m, SD_BUS_TYPE_VARIANT, contents);
        if (r < 0)
                return r;
        r = read_value(m, key, &value);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = STEAL(value);
        return 0;
}

/* `key` is the name under which the value stands, "" for none. */
static int read_value(sd_bus_message *m, const char *key, json_object **ret) {
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -EBADMSG;
        switch (type) {
        case SD_BUS_TYPE_ARRAY:
                return read_array(m, key, contents, ret);
        case SD_BUS_TYPE_STRUCT:
        case SD_BUS_TYPE_DICT_ENTRY:
                return read_tuple(m, type, key, contents, ret);
        case SD_BUS_TYPE_VARIANT:
                return read_variant(m, key, contents, ret);
        case SD_BUS_TYPE_UNIX_FD:
                return read_fd(m, ret);
        default:
                return read_basic(m, type, ret);
        }
}

int value_read(sd_bus_message *m, json_object **ret) {
        return read_value(m, "", ret);
}

int value_read_as(sd_bus_message *m, const char *name, json_object **ret) {
        return read_value(m, name, ret);
}

const char *value_string(json_object *object, const char *key) {
        json_object *value;

        if (!json_object_object_get_ex(object, key, &value) ||
            !json_object_is_type(value, json_type_string))
                return "";
        return json_object_get_string(value);
}

uint64_t value_number(json_object *object, const char *key) {
        json_object *value;

        if (!json_object_object_get_ex(object, key, &value))
                return 0;
        return json_object_get_uint64(value);
}

bool value_bool(json_object *object, const char *key) {
        json_object *value;

        return json_object_object_get_ex(object, key, &value) && json_object_get_boolean(value);
}

void value_merge(json_object *to, json_object *from) {
        json_object_object_foreach(from, key, value) value_put(to, key, json_object_get(value));
}

json_object *value_object(void) {
        return MUST_HAVE(json_object_new_object());
}

json_object *value_array(void) {
        return MUST_HAVE(json_object_new_array());
}

void value_put(json_object *object, const char *key, json_object *value) {
        must(json_object_object_add(object, key, value) < 0 ? -ENOMEM : 0);
}

void value_put_string(json_object *object, const char *key, const char *text) {
        value_put(object, key, MUST_HAVE(json_object_new_string(text)));
}

void value_put_number(json_object *object, const char *key, uint64_t number) {
        value_put(object, key, MUST_HAVE(json_object_new_uint64(number)));
}

void value_push(json_object *array, json_object *value) {
        must(json_object_array_add(array, value) < 0 ? -ENOMEM : 0);
}
