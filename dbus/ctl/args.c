/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "must.h"
#include "nearest.h"
#include "text.h"

void args_init(struct args *args, int argc) {
        size_t room = (size_t)argc + 1;

        *args = (struct args){
                .words = MUST_HAVE(calloc(room, sizeof(*args->words))),
                .given = MUST_HAVE(calloc(room, sizeof(*args->given))),
        };
}

void args_deinit(struct args *args) {
        free(args->words);
        free(args->given);
        *args = (struct args){};
}

static const struct args_option *find_option(const struct args_option *const *tables, char letter,
                                             const char *name, size_t len) {
        for (; *tables; tables++)
                for (const struct args_option *o = *tables; o->name; o++)
                        if (name ? strlen(o->name) == len && strncmp(o->name, name, len) == 0
                                 : o->letter == letter)
                                return o;
        return NULL;
}

static int unknown_option(const struct args_option *const *tables, const char *word, size_t len,
                          char **ret_problem) {
        char *name = MUST_HAVE(strndup(word, len));
        struct nearest nearest = nearest_begin(name);
        int r;

        for (; *tables; tables++)
                for (const struct args_option *o = *tables; o->name; o++)
                        nearest_offer(&nearest, o->name);
        if (nearest.best)
                r = text_problem(ret_problem, "unknown option --%s; did you mean --%s?", name,
                                 nearest.best);
        else
                r = text_problem(ret_problem, "unknown option --%s", name);
        free(name);
        return r;
}

/* Takes the option at argv[*index]; `inline_value` is what stands behind it in the same argument.
 */
static int take(struct args *args, const struct args_option *option, const char *inline_value,
                char **argv, int *index, char **ret_problem) {
        const char *value = inline_value;

        if (!option->value && value)
                return text_problem(ret_problem, "--%s takes no value", option->name);
        if (option->value && !value) {
                value = argv[*index + 1];
                if (!value)
                        return text_problem(ret_problem, "--%s needs a value: %s", option->name,
                                            option->value);
                (*index)++;
        }
        if (value && !text_is_utf8(value, strlen(value)))
                return text_problem(ret_problem, "the value of --%s is not UTF-8 text",
                                    option->name);
        args->given[args->n_given++] = (struct args_given){option, value};
        return 0;
}

static int take_option(struct args *args, const struct args_option *const *tables, char **argv,
                       int *index, char **ret_problem) {
        const char *word = argv[*index];
        const struct args_option *option;
        const char *equals;
        size_t len;

        if (word[1] != '-') {
                option = find_option(tables, word[1], NULL, 0);
                if (!option)
                        return text_problem(ret_problem, "unknown option %s", word);
                return take(args, option, word[2] ? word + 2 : NULL, argv, index, ret_problem);
        }
        word += 2;
        equals = strchr(word, '=');
        len = equals ? (size_t)(equals - word) : strlen(word);
        option = find_option(tables, 0, word, len);
        if (!option)
                return unknown_option(tables, word, len, ret_problem);
        return take(args, option, equals ? equals + 1 : NULL, argv, index, ret_problem);
}

int args_read(struct args *args, const struct args_option *const *tables, bool only_options,
              char **argv, int *index, char **ret_problem) {
        bool words_only = false;
        int r;

        for (; argv[*index]; (*index)++) {
                const char *word = argv[*index];

                if (!words_only && strcmp(word, "--") == 0) {
                        words_only = true;
                } else if (!words_only && word[0] == '-' && word[1]) {
                        r = take_option(args, tables, argv, index, ret_problem);
                        if (r < 0)
                                return r;
                } else if (only_options) {
                        return 0;
                } else if (!text_is_utf8(word, strlen(word))) {
                        return text_problem(ret_problem, "argument %d is not UTF-8 text", *index);
                } else {
                        args->words[args->n_words++] = word;
                }
        }
        return 0;
}

bool args_has(const struct args *args, const char *name) {
        for (size_t i = 0; i < args->n_given; i++)
                if (strcmp(args->given[i].option->name, name) == 0)
                        return true;
        return false;
}

const char *args_get(const struct args *args, const char *name) {
        for (size_t i = args->n_given; i > 0; i--)
                if (strcmp(args->given[i - 1].option->name, name) == 0)
                        return args->given[i - 1].value;
        return NULL;
}
