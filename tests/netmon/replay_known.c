/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replay_known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_text.h"
#include "cleanup.h"
#include "die.h"
#include "names.h"
#include "replay_text.h"

struct replay_property {
        char *object;
        char *name;
        char *value;
};

static struct replay_property *find(const struct replay_known *known, const char *object,
                                    const char *name) {
        for (size_t i = 0; i < known->n; i++)
                if (strcmp(known->properties[i].object, object) == 0 &&
                    strcmp(known->properties[i].name, name) == 0)
                        return &known->properties[i];
        return NULL;
}

const char *replay_known_find(const struct replay_known *known, const char *object,
                              const char *property) {
        const struct replay_property *found = find(known, object, property);

        return found ? found->value : NULL;
}

/* Takes the value over. True when it is another than before. */
static bool set(struct replay_known *known, const char *object, const char *name, char *value) {
        struct replay_property *found = find(known, object, name);
        bool is_same = found && strcmp(found->value, value) == 0;

        if (found) {
                free(found->value);
                found->value = value;
                return !is_same;
        }
        known->properties = reallocarray(known->properties, known->n + 1, sizeof(*found));
        if (!known->properties)
                die("out of memory");
        known->properties[known->n++] =
                (struct replay_property){strdup(object), strdup(name), value};
        return true;
}

static void drop(struct replay_known *known, size_t i) {
        free(known->properties[i].object);
        free(known->properties[i].name);
        free(known->properties[i].value);
        known->properties[i] = known->properties[--known->n];
}

void replay_known_forget(struct replay_known *known, const char *object) {
        for (size_t i = known->n; i-- > 0;)
                if (strcmp(known->properties[i].object, object) == 0)
                        drop(known, i);
}

void replay_known_deinit(struct replay_known *known) {
        while (known->n > 0)
                drop(known, known->n - 1);
        free(known->properties);
        *known = (struct replay_known){};
}

bool replay_known_learn(struct replay_known *known, sd_bus_message *m, const char *object) {
        bool differs = false;
        const char *name;

        if (sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                die("no properties of %s", object);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                if (sd_bus_message_read(m, "s", &name) < 0)
                        die("no property of %s", object);
                differs |= set(known, object, name, bus_text(m));
                (void)sd_bus_message_exit_container(m);
        }
        (void)sd_bus_message_exit_container(m);
        return differs;
}

void replay_known_learn_interfaces(struct replay_known *known, sd_bus_message *m,
                                   const char *object) {
        const char *interface;

        if (sd_bus_message_enter_container(m, 'a', "{sa{sv}}") < 0)
                die("no interfaces of %s", object);
        while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
                if (sd_bus_message_read(m, "s", &interface) < 0)
                        die("no interface of %s", object);
                (void)replay_known_learn(known, m, object);
                (void)sd_bus_message_exit_container(m);
        }
        (void)sd_bus_message_exit_container(m);
}

void replay_known_learn_objects(struct replay_known *known, sd_bus_message *m) {
        const char *object;

        if (sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}") < 0)
                die("no objects");
        while (sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0) {
                if (sd_bus_message_read(m, "o", &object) < 0)
                        die("no object");
                replay_known_learn_interfaces(known, m, object);
                (void)sd_bus_message_exit_container(m);
        }
        (void)sd_bus_message_exit_container(m);
}

/* The first thing that is in `a` and not in `b`, or is another there. */
static char *find_difference(const struct replay_known *a, const struct replay_known *b,
                             const char *format) {
        for (size_t i = 0; i < a->n; i++) {
                const struct replay_property *own = &a->properties[i];
                const char *other = replay_known_find(b, own->object, own->name);
                char *text;

                if (replay_is_figure(own->name) || (other && strcmp(other, own->value) == 0))
                        continue;
                if (asprintf(&text, "%s of %s %s %s, %s", own->name, own->object, format,
                             own->value, other ? other : "nothing") < 0)
                        die("out of memory");
                return text;
        }
        return NULL;
}

char *replay_known_compare(const struct replay_known *known, sd_bus_message *manager,
                           sd_bus_message *objects) {
        struct replay_known now = {};
        char *difference;

        (void)replay_known_learn(&now, manager, NETMON_PATH);
        replay_known_learn_objects(&now, objects);
        difference = find_difference(&now, known, "is, and was told to be:");
        if (!difference)
                difference = find_difference(known, &now, "was told to be, and is:");
        replay_known_deinit(&now);
        return difference;
}
