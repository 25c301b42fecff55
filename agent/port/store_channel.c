/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_channel.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cleanup.h"
#include "log.h"

static void store_channel_freep(struct store_channel **channel) {
        store_channel_free(*channel);
}

/* The name that belongs to the uid, NULL when it has none. May wait for a network service. */
static int user_of(uid_t uid, char **ret) {
        struct passwd entry, *found = NULL;
        char buffer[16384];
        int error;

        error = getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found);
        if (error != 0 && error != ENOENT && error != ESRCH)
                return -error;
        *ret = NULL;
        if (!found)
                return 0;
        *ret = strdup(entry.pw_name);
        return *ret ? 0 : -ENOMEM;
}

static void bind_value(sqlite3_stmt *put, int index, const struct option_value *value) {
        switch (value->type) {
        case OPTION_BOOL:
                (void)sqlite3_bind_int(put, index, value->boolean);
                break;
        case OPTION_U32:
        case OPTION_U64:
                /* All 64 bits: UINT64_MAX has a meaning. */
                (void)sqlite3_bind_int64(put, index, (sqlite3_int64)value->number);
                break;
        case OPTION_DOUBLE:
                (void)sqlite3_bind_double(put, index, value->real);
                break;
        case OPTION_STRING:
                bind_text(put, index, value->data);
                break;
        case OPTION_BYTES:
        case OPTION_STRINGS:
        case OPTION_PAIRS:
                bind_bytes(put, index, value->data, value->len);
                break;
        }
}

static int put_option(struct store_db *db, uint64_t channel, const char *key,
                      const struct option_value *value, bool is_default) {
        sqlite3_stmt *put = store_db_query(db, is_default ? QUERY_OPTION_DELETE : QUERY_OPTION_PUT);

        bind_u64(put, 1, channel);
        bind_text(put, 2, key);
        if (!is_default) {
                bind_text(put, 3, option_type_signature(value->type));
                bind_value(put, 4, value);
        }
        return store_db_run(db, put);
}

/* Options that only a later version knows stay as they are. */
static int put_options(struct store_db *db, uint64_t channel,
                       const struct channel_options *options) {
        struct option_value value;
        bool is_default;
        const char *key;
        int r;

        for (size_t i = 0; (key = channel_option_key(i)); i++) {
                r = channel_options_get(options, key, &value, &is_default);
                if (r < 0)
                        return r;
                if (!store_space_take(db, store_space_pages(&db->space, value.len)))
                        return -ENOSPC;
                r = put_option(db, channel, key, &value, is_default);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_row(struct store_db *db, sqlite3_stmt *put, const struct store_channel *channel) {
        bind_text(put, 2, channel->uri);
        (void)sqlite3_bind_int(put, 3, channel->suspended);
        (void)sqlite3_bind_int(put, 4, channel->was_connected);
        bind_u64(put, 5, channel->closed_realtime_usec);
        return store_db_run(db, put);
}

static int insert_row(struct store_db *db, struct store_channel *channel, uint64_t *ret_id) {
        sqlite3_stmt *find = store_db_query(db, QUERY_CHANNEL_FIND);
        sqlite3_stmt *put = store_db_query(db, QUERY_CHANNEL_INSERT);
        int r;

        bind_u64(find, 1, channel->uid);
        bind_text(find, 2, channel->app_id);
        bind_text(find, 3, channel->name);
        r = store_db_number(db, find, ret_id);
        if (r < 0)
                return r;
        if (*ret_id != 0)
                return -EEXIST;
        if (getrandom(channel->key, sizeof(channel->key), 0) != (ssize_t)sizeof(channel->key))
                return -EIO;
        free(STEAL(channel->user));
        r = user_of(channel->uid, &channel->user);
        if (r < 0)
                return r;

        bind_u64(put, 6, channel->uid);
        bind_text(put, 7, channel->user); /* NULL stays NULL */
        bind_text(put, 8, channel->app_id);
        bind_text(put, 9, channel->name);
        bind_bytes(put, 10, channel->key, sizeof(channel->key));
        r = put_row(db, put, channel);
        if (r < 0)
                return r;
        *ret_id = (uint64_t)sqlite3_last_insert_rowid(db->sql);
        return 0;
}

int store_channel_put(struct store_db *db, struct tallies *tallies, struct tally *tally,
                      struct store_request *request) {
        struct store_channel *channel = request->put;
        sqlite3_stmt *update = store_db_query(db, QUERY_CHANNEL_UPDATE);
        uint64_t id = request->channel;
        int r;

        if (!store_space_take(db, store_space_pages(&db->space, strlen(channel->uri))))
                return -ENOSPC;
        if (tally) {
                bind_u64(update, 1, id);
                r = put_row(db, update, channel);
        } else {
                r = insert_row(db, channel, &id);
        }
        if (r < 0)
                return r;
        r = put_options(db, id, &channel->options);
        if (r < 0)
                return r;
        if (!tally) {
                r = tallies_add(tallies, id, channel->key);
                if (r < 0)
                        return r;
        }
        channel->id = id;
        return 0;
}

int store_channel_remove(struct store_db *db, struct tallies *tallies, struct tally *tally) {
        static const enum store_query clear[] = {
                QUERY_OUTBOX_CLEAR, QUERY_ATTEMPT_CLEAR, QUERY_PARKED_CLEAR, QUERY_UUID_CLEAR,
                QUERY_INBOX_CLEAR,  QUERY_OPTION_CLEAR,  QUERY_SEEN_CLEAR,   QUERY_CHANNEL_DELETE,
        };
        int r;

        for (size_t i = 0; i < sizeof(clear) / sizeof(clear[0]); i++) {
                sqlite3_stmt *delete = store_db_query(db, clear[i]);

                bind_u64(delete, 1, tally->channel);
                r = store_db_run(db, delete);
                if (r < 0)
                        return r;
        }
        tallies_remove(tallies, tally);
        return 0;
}

/* A text as this program writes it; NULL for anything else, and without memory. */
static char *column_dup(sqlite3_stmt *row, int index) {
        const char *text = (const char *)sqlite3_column_text(row, index);

        if (sqlite3_column_type(row, index) != SQLITE_TEXT || !text ||
            strlen(text) != (size_t)sqlite3_column_bytes(row, index))
                return NULL;
        return strdup(text);
}

static bool read_value(sqlite3_stmt *row, int index, enum option_type type,
                       struct option_value *ret) {
        int stored = sqlite3_column_type(row, index);
        const char *data = sqlite3_column_blob(row, index);
        size_t len = (size_t)sqlite3_column_bytes(row, index);

        *ret = (struct option_value){.type = type, .data = data, .len = len};
        switch (type) {
        case OPTION_BOOL:
        case OPTION_U32:
        case OPTION_U64:
                ret->number = (uint64_t)sqlite3_column_int64(row, index);
                ret->boolean = ret->number != 0;
                return stored == SQLITE_INTEGER;
        case OPTION_DOUBLE:
                ret->real = sqlite3_column_double(row, index);
                return stored == SQLITE_FLOAT;
        case OPTION_STRING:
                return stored == SQLITE_TEXT && data && strlen(data) == len;
        case OPTION_BYTES:
                return stored == SQLITE_BLOB;
        case OPTION_STRINGS:
        case OPTION_PAIRS:
                return stored == SQLITE_BLOB && (len == 0 || data[len - 1] == '\0');
        }
        return false;
}

/* False when it makes no sense. An option unknown to this version is passed over. */
static bool read_option(sqlite3_stmt *row, struct channel_options *options) {
        const char *key = (const char *)sqlite3_column_text(row, 0);
        const char *signature = (const char *)sqlite3_column_text(row, 1);
        struct option_value value;
        enum option_type type;
        char problem[256];

        if (!key || !signature)
                return false;
        if (channel_option_type(key, &type) < 0)
                return true;
        return strcmp(signature, option_type_signature(type)) == 0 &&
               read_value(row, 2, type, &value) &&
               channel_options_set(options, key, &value, problem, sizeof(problem)) == 0;
}

/* 1: all read; 0: one of them makes no sense, and to go on without it could mean to connect with
 * less security than was asked for. */
static int read_options(struct store_db *db, uint64_t channel, struct channel_options *options) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_OPTION_LOAD);
        char problem[256];
        int r;

        r = channel_options_init(options);
        if (r < 0)
                return r;
        bind_u64(row, 1, channel);
        while ((r = store_db_step(db, row)) > 0)
                if (!read_option(row, options))
                        return 0;
        if (r < 0)
                return r;
        return channel_options_check(options, problem, sizeof(problem)) == 0 ? 1 : 0;
}

static bool read_row(sqlite3_stmt *row, struct store_channel *channel) {
        sqlite3_int64 uid = sqlite3_column_int64(row, 1);

        channel->id = column_u64(row, 0);
        channel->uid = (uid_t)uid;
        channel->user = column_dup(row, 2);
        channel->app_id = column_dup(row, 3);
        channel->name = column_dup(row, 4);
        channel->uri = column_dup(row, 5);
        if (!channel->app_id || !channel->name || !channel->uri)
                return false;
        if (!channel->user && sqlite3_column_type(row, 2) != SQLITE_NULL)
                return false;
        if (sqlite3_column_type(row, 1) != SQLITE_INTEGER || uid < 0 || uid >= UINT32_MAX)
                return false;
        channel->suspended = column_u64(row, 7) != 0;
        channel->was_connected = column_u64(row, 8) != 0;
        channel->closed_realtime_usec = column_u64(row, 9);
        /* One that makes no sense is not known: the server is asked for nothing. */
        channel->cursor.text = column_dup(row, 10);
        if (channel->cursor.text)
                channel->cursor.epoch = column_dup(row, 11);
        return true;
}

static void read_tally(const struct tally *tally, struct store_channel *channel) {
        memcpy(channel->key, tally->key, sizeof(channel->key));
        channel->counts = tally->n.counts;
        channel->last_id = tally->n.last_id;
}

/* Only a clear answer counts: a directory service that does not answer orphans nobody. */
static void find_orphan(struct store_channel *channel) {
        CLEANUP(freep) char *user = NULL;

        if (user_of(channel->uid, &user) < 0)
                return;
        channel->orphaned =
                user && channel->user ? strcmp(user, channel->user) != 0 : user != channel->user;
}

/* 1: read into `ret`; 0: left out. */
static int load_one(struct store_db *db, const struct tallies *tallies, sqlite3_stmt *row,
                    struct store_channel **ret) {
        CLEANUP(store_channel_freep) struct store_channel *channel = calloc(1, sizeof(*channel));
        const struct tally *tally = tallies_find(tallies, column_u64(row, 0));
        int r = 0;

        if (!channel)
                return -ENOMEM;
        if (tally && read_row(row, channel)) {
                r = read_options(db, channel->id, &channel->options);
                if (r < 0)
                        return r;
        }
        if (r == 0) {
                log_warning("%s: channel %" PRIu64 " cannot be read, ignoring", db->path,
                            column_u64(row, 0));
                return 0;
        }
        read_tally(tally, channel);
        find_orphan(channel);
        *ret = STEAL(channel);
        return 1;
}

int store_channel_load(struct store_db *db, const struct tallies *tallies,
                       struct store_channel ***ret, size_t *ret_n) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_CHANNEL_LOAD);
        struct store_channel **channels = calloc(tallies->n + 1, sizeof(struct store_channel *));
        size_t n = 0;
        int r;

        if (!channels)
                return -ENOMEM;
        while ((r = store_db_step(db, row)) > 0) {
                r = load_one(db, tallies, row, &channels[n]);
                if (r < 0)
                        break;
                n += (size_t)r;
        }
        if (r < 0) {
                while (n > 0)
                        store_channel_free(channels[--n]);
                free(channels);
                return r;
        }
        *ret = channels;
        *ret_n = n;
        return 0;
}
