/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_options.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_error.h"
#include "cleanup.h"
#include "names.h"

/* Reads a value of a basic type, or bytes, into where the table says. */
static int read_value(sd_bus_message *m, const struct bus_option *option) {
        struct bus_bytes *bytes = option->value;
        int flag, r;

        if (strcmp(option->type, "ay") == 0)
                return sd_bus_message_read_array(m, 'y', &bytes->data, &bytes->len);
        if (*option->type != 'b')
                return sd_bus_message_read_basic(m, *option->type, option->value);
        r = sd_bus_message_read_basic(m, 'b', &flag);
        if (r >= 0)
                *(bool *)option->value = flag;
        return r;
}

struct reading {
        const struct bus_option *table;
        struct channel_options *options;
        sd_bus_error *error;
};

static int take_option(sd_bus_message *m, const char *key, void *userdata) {
        const struct reading *reading = userdata;
        const struct bus_option *option = reading->table;
        int r;

        while (option->key && strcmp(option->key, key) != 0)
                option++;
        if (!option->key)
                return bus_error_namef(reading->error, ERROR_INVALID_OPTION, "%s: no such option",
                                       key);
        r = sd_bus_message_verify_type(m, 'v', option->type);
        if (r < 0)
                return r;
        if (r == 0)
                return bus_error_namef(reading->error, ERROR_INVALID_OPTION, "%s: expected type %s",
                                       key, option->type);
        r = sd_bus_message_enter_container(m, 'v', option->type);
        if (r < 0)
                return r;
        r = read_value(m, option);
        if (r < 0)
                return r;
        if (option->given)
                *option->given = true;
        return sd_bus_message_exit_container(m);
}

int bus_options_read(sd_bus_message *m, const struct bus_option *table, sd_bus_error *ret) {
        struct reading reading = {.table = table, .error = ret};

        return bus_dict_read(m, take_option, &reading);
}

/* Appends a string with its terminator to a list that grows. */
static int list_append(char **list, size_t *len, const char *text) {
        size_t n = strlen(text) + 1;
        char *grown = realloc(*list, *len + n);

        if (!grown)
                return -ENOMEM;
        memcpy(grown + *len, text, n);
        *list = grown;
        *len += n;
        return 0;
}

/* The strings of an "as" or "a{ss}" at the cursor, one after the other. */
static int read_strings(sd_bus_message *m, bool pairs, char **ret, size_t *ret_len) {
        const char *text;
        int r;

        r = sd_bus_message_enter_container(m, 'a', pairs ? "{ss}" : "s");
        if (r < 0)
                return r;
        for (;;) {
                if (pairs) {
                        r = sd_bus_message_enter_container(m, 'e', "ss");
                        if (r <= 0)
                                break;
                }
                r = sd_bus_message_read_basic(m, 's', &text);
                if (r <= 0)
                        break;
                r = list_append(ret, ret_len, text);
                if (r < 0)
                        return r;
                if (!pairs)
                        continue;
                r = sd_bus_message_read_basic(m, 's', &text);
                if (r < 0)
                        return r;
                r = list_append(ret, ret_len, text);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

/* `list` keeps what `ret` borrows. */
static int read_option_value(sd_bus_message *m, enum option_type type, struct option_value *ret,
                             char **list) {
        uint32_t u32;
        int flag, r = -EINVAL;

        ret->type = type;
        switch (type) {
        case OPTION_BOOL:
                r = sd_bus_message_read_basic(m, 'b', &flag);
                ret->boolean = r > 0 && flag;
                break;
        case OPTION_U32:
                r = sd_bus_message_read_basic(m, 'u', &u32);
                ret->number = r > 0 ? u32 : 0;
                break;
        case OPTION_U64:
                r = sd_bus_message_read_basic(m, 't', &ret->number);
                break;
        case OPTION_DOUBLE:
                r = sd_bus_message_read_basic(m, 'd', &ret->real);
                break;
        case OPTION_STRING:
                r = sd_bus_message_read_basic(m, 's', &ret->data);
                ret->len = r > 0 ? strlen(ret->data) : 0;
                break;
        case OPTION_BYTES:
                r = sd_bus_message_read_array(m, 'y', &ret->data, &ret->len);
                break;
        case OPTION_STRINGS:
        case OPTION_PAIRS:
                r = read_strings(m, type == OPTION_PAIRS, list, &ret->len);
                ret->data = *list;
                break;
        }
        return r;
}

static int take_channel_option(sd_bus_message *m, const char *key, void *userdata) {
        const struct reading *reading = userdata;
        CLEANUP(freep) char *list = NULL;
        struct option_value value = {0};
        enum option_type type;
        char problem[256];
        int r;

        if (channel_option_type(key, &type) < 0)
                return bus_error_namef(reading->error, ERROR_INVALID_OPTION, "%s: no such option",
                                       key);
        r = sd_bus_message_verify_type(m, 'v', option_type_signature(type));
        if (r < 0)
                return r;
        if (r == 0)
                return bus_error_namef(reading->error, ERROR_INVALID_OPTION, "%s: expected type %s",
                                       key, option_type_signature(type));
        r = sd_bus_message_enter_container(m, 'v', option_type_signature(type));
        if (r < 0)
                return r;
        r = read_option_value(m, type, &value, &list);
        if (r < 0)
                return r;
        r = channel_options_set(reading->options, key, &value, problem, sizeof(problem));
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return bus_error_namef(reading->error, ERROR_INVALID_OPTION, "%s", problem);
        return sd_bus_message_exit_container(m);
}

/* At least one certificate, and nothing that is none. */
static bool is_authority(const struct option_bytes *pem) {
        BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
        X509 *certificate;
        bool is_one = false, ends_well;

        if (!bio)
                return true; /* no memory to tell */
        while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
                is_one = true;
                X509_free(certificate);
        }
        ends_well = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        ERR_clear_error();
        BIO_free(bio);
        return is_one && ends_well;
}

int bus_options_read_channel(sd_bus_message *m, struct channel_options *o, sd_bus_error *ret) {
        struct reading reading = {.options = o, .error = ret};
        char problem[256];
        int r;

        r = bus_dict_read(m, take_channel_option, &reading);
        if (r < 0)
                return r;
        if (channel_options_check(o, problem, sizeof(problem)) < 0)
                return bus_error_namef(ret, ERROR_INVALID_OPTION, "%s", problem);
        if (o->tls_ca.len > 0 && !is_authority(&o->tls_ca))
                return bus_error_namef(ret, ERROR_INVALID_OPTION,
                                       "tls-ca: expected certificates as PEM");
        return 0;
}
