/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_guard.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_error.h"
#include "cleanup.h"

#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define LOGIND "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER LOGIND ".Manager"
#define LOGIND_SESSION LOGIND ".Session"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define ANSWER_USEC UINT64_C(5000000)
#define SESSIONS_MAX 8 /* of one user */
#define NOBODY UINT32_MAX

struct credentials {
        uint32_t uid;
        uint32_t group; /* that is looked for */
        bool is_member;
};

struct session {
        int is_active;
        int is_remote;
};

struct check {
        struct bus_guard *guard;
        sd_bus_message *call; /* NULL: free */
        sd_bus_slot *slot;    /* of what is asked now */
        uint32_t uid;
        char *sessions[SESSIONS_MAX]; /* object paths, not yet asked for */
        size_t n_sessions;
};

struct bus_guard {
        sd_bus *bus;
        bus_guard_handler handler;
        void *userdata;
        uint32_t group; /* NOBODY: there is none */
        struct check checks[BUS_GUARD_WAITING_MAX];
};

static void check_end(struct check *check) {
        check->slot = sd_bus_slot_unref(check->slot);
        check->call = sd_bus_message_unref(check->call);
        while (check->n_sessions > 0)
                free(check->sessions[--check->n_sessions]);
}

static void check_decide(struct check *check, bool is_allowed) {
        check->guard->handler(check->call, is_allowed, check->guard->userdata);
        check_end(check);
}

static int ask(struct check *check, const char *name, const char *path, const char *interface,
               const char *member, sd_bus_message_handler_t done, const char *argument) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        check->slot = sd_bus_slot_unref(check->slot);
        r = sd_bus_message_new_method_call(check->guard->bus, &m, name, path, interface, member);
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(m, false);
        if (r < 0)
                return r;
        if (argument) {
                r = sd_bus_message_append_basic(m, 's', argument);
                if (r < 0)
                        return r;
        }
        return sd_bus_call_async(check->guard->bus, &check->slot, m, done, check, ANSWER_USEC);
}

static int take_session_entry(sd_bus_message *m, const char *key, void *userdata) {
        struct session *session = userdata;
        int *value = NULL;

        if (strcmp(key, "Active") == 0)
                value = &session->is_active;
        if (strcmp(key, "Remote") == 0)
                value = &session->is_remote;
        if (!value || sd_bus_message_verify_type(m, 'v', "b") <= 0)
                return sd_bus_message_skip(m, "v");
        return sd_bus_message_read(m, "v", "b", value);
}

static void ask_next_session(struct check *check);

static int on_session(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct session session = {.is_remote = true};
        struct check *check = userdata;

        if (!sd_bus_message_is_method_error(m, NULL) &&
            bus_dict_read(m, take_session_entry, &session) >= 0 && session.is_active &&
            !session.is_remote)
                check_decide(check, true);
        else
                ask_next_session(check);
        return 0;
}

static void ask_next_session(struct check *check) {
        while (check->n_sessions > 0) {
                CLEANUP(freep) char *path = check->sessions[--check->n_sessions];

                if (ask(check, LOGIND, path, PROPERTIES, "GetAll", on_session, LOGIND_SESSION) >= 0)
                        return;
        }
        check_decide(check, false);
}

static int read_sessions(struct check *check, sd_bus_message *m) {
        const char *id, *user, *seat, *path;
        uint32_t uid;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(susso)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(susso)", &id, &uid, &user, &seat, &path)) > 0) {
                if (uid != check->uid || check->n_sessions == SESSIONS_MAX)
                        continue;
                check->sessions[check->n_sessions] = strdup(path);
                if (check->sessions[check->n_sessions])
                        check->n_sessions++;
        }
        return r;
}

static int on_sessions(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct check *check = userdata;

        if (!sd_bus_message_is_method_error(m, NULL))
                (void)read_sessions(check, m);
        ask_next_session(check);
        return 0;
}

static int read_groups(sd_bus_message *m, struct credentials *credentials) {
        const uint32_t *groups;
        size_t size;
        int r;

        r = sd_bus_message_enter_container(m, 'v', "au");
        if (r < 0)
                return r;
        r = sd_bus_message_read_array(m, 'u', (const void **)&groups, &size);
        if (r < 0)
                return r;
        for (size_t i = 0; i < size / sizeof(*groups); i++)
                credentials->is_member |= groups[i] == credentials->group;
        return sd_bus_message_exit_container(m);
}

static int take_credential(sd_bus_message *m, const char *key, void *userdata) {
        struct credentials *credentials = userdata;

        if (strcmp(key, "UnixUserID") == 0 && sd_bus_message_verify_type(m, 'v', "u") > 0)
                return sd_bus_message_read(m, "v", "u", &credentials->uid);
        if (strcmp(key, "UnixGroupIDs") == 0 && sd_bus_message_verify_type(m, 'v', "au") > 0)
                return read_groups(m, credentials);
        return sd_bus_message_skip(m, "v");
}

static int on_credentials(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct check *check = userdata;
        struct credentials credentials = {.uid = NOBODY, .group = check->guard->group};

        if (sd_bus_message_is_method_error(m, NULL) ||
            bus_dict_read(m, take_credential, &credentials) < 0 || credentials.uid == NOBODY) {
                check_decide(check, false);
                return 0;
        }
        if (credentials.uid == 0 || (credentials.is_member && check->guard->group != NOBODY)) {
                check_decide(check, true);
                return 0;
        }
        check->uid = credentials.uid;
        if (ask(check, LOGIND, LOGIND_PATH, LOGIND_MANAGER, "ListSessions", on_sessions, NULL) < 0)
                check_decide(check, false);
        return 0;
}

int bus_guard_check(struct bus_guard *guard, sd_bus_message *call, sd_bus_error *ret_error) {
        const char *sender = sd_bus_message_get_sender(call);

        if (!sender)
                return bus_error_setf(ret_error, -EACCES, "The caller has no name on the bus");
        for (size_t i = 0; i < BUS_GUARD_WAITING_MAX; i++) {
                struct check *check = &guard->checks[i];
                int r;

                if (check->call)
                        continue;
                check->guard = guard;
                check->call = sd_bus_message_ref(call);
                r = ask(check, BUS, BUS_PATH, BUS, "GetConnectionCredentials", on_credentials,
                        sender);
                if (r < 0)
                        check_end(check);
                return r < 0 ? r : 1;
        }
        return bus_error_setf(ret_error, -EDQUOT, "Too many calls wait for the bus");
}

/* From the file alone: other sources of groups may take their time. */
static uint32_t find_group(const char *name) {
        FILE *file = fopen("/etc/group", "re");
        uint32_t gid = NOBODY;
        struct group *group;

        while (file && (group = fgetgrent(file)))
                if (strcmp(group->gr_name, name) == 0)
                        gid = group->gr_gid;
        if (file)
                (void)fclose(file);
        return gid;
}

int bus_guard_new(sd_bus *bus, bus_guard_handler handler, void *userdata, struct bus_guard **ret) {
        struct bus_guard *guard = calloc(1, sizeof(*guard));

        if (!guard)
                return -ENOMEM;
        guard->bus = bus;
        guard->handler = handler;
        guard->userdata = userdata;
        guard->group = find_group(BUS_GUARD_GROUP);
        *ret = guard;
        return 0;
}

void bus_guard_free(struct bus_guard *guard) {
        if (!guard)
                return;
        for (size_t i = 0; i < BUS_GUARD_WAITING_MAX; i++)
                check_end(&guard->checks[i]);
        free(guard);
}
