/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faulty_sqlite.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct written {
        sqlite3_int64 at;
        int len;
};

struct faulty_file {
        sqlite3_file base;
        char *name;
        struct written *written; /* since the last sync, while mirrored */
        size_t n_written;
        sqlite3_file *real; /* in the same memory, behind this */
};

static struct {
        atomic_uint calls;
        atomic_uint countdown; /* 0: no fault is due */
        atomic_int code;
        atomic_bool forever;
} faults[FAULTY_CALL_COUNT];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static enum {
        FREE,
        HOLD_NEXT,
        HELD
} hold;
static char mirror_from[256], mirror_to[256];

static sqlite3_vfs *real_vfs;
static sqlite3_mem_methods real_memory;

void faulty_sqlite_fail(enum faulty_call call, unsigned nth, int code, bool forever) {
        faults[call].code = code;
        faults[call].forever = forever;
        faults[call].countdown = nth;
}

unsigned faulty_sqlite_calls(enum faulty_call call) {
        return faults[call].calls;
}

/* SQLITE_OK, or the fault that is due. */
static int count(enum faulty_call call) {
        faults[call].calls++;
        if (faults[call].countdown == 0)
                return SQLITE_OK;
        if (faults[call].countdown > 1) {
                faults[call].countdown--;
                return SQLITE_OK;
        }
        if (!faults[call].forever)
                faults[call].countdown = 0;
        return faults[call].code;
}

void faulty_sqlite_hold_sync(void) {
        (void)pthread_mutex_lock(&mutex);
        hold = HOLD_NEXT;
        (void)pthread_mutex_unlock(&mutex);
}

void faulty_sqlite_wait_held(void) {
        (void)pthread_mutex_lock(&mutex);
        while (hold != HELD)
                (void)pthread_cond_wait(&changed, &mutex);
        (void)pthread_mutex_unlock(&mutex);
}

void faulty_sqlite_release_sync(void) {
        (void)pthread_mutex_lock(&mutex);
        hold = FREE;
        (void)pthread_cond_broadcast(&changed);
        (void)pthread_mutex_unlock(&mutex);
}

static void hold_here(void) {
        (void)pthread_mutex_lock(&mutex);
        if (hold == HOLD_NEXT) {
                hold = HELD;
                (void)pthread_cond_broadcast(&changed);
                while (hold == HELD)
                        (void)pthread_cond_wait(&changed, &mutex);
        }
        (void)pthread_mutex_unlock(&mutex);
}

void faulty_sqlite_mirror(const char *from, const char *to) {
        (void)snprintf(mirror_from, sizeof(mirror_from), "%s", from);
        (void)snprintf(mirror_to, sizeof(mirror_to), "%s", to);
}

static bool is_mirrored(const struct faulty_file *file) {
        const char *name = strrchr(file->name, '/');

        return name && strncmp(file->name, mirror_from, (size_t)(name - file->name)) == 0 &&
               mirror_from[name - file->name] == '\0';
}

static void note_write(struct faulty_file *file, sqlite3_int64 at, int len) {
        size_t n = file->n_written;

        if (!is_mirrored(file))
                return;
        /* Full at every power of two. */
        if ((n & (n - 1)) == 0)
                file->written =
                        realloc(file->written, (n == 0 ? 1 : n * 2) * sizeof(*file->written));
        file->written[file->n_written++] = (struct written){.at = at, .len = len};
}

static void mirror(struct faulty_file *file) {
        static char block[65536];
        sqlite3_int64 size = 0;
        char path[512];
        int fd;

        if (!is_mirrored(file))
                return;
        (void)snprintf(path, sizeof(path), "%s%s", mirror_to, strrchr(file->name, '/'));
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        cr_assert(fd >= 0);
        for (size_t i = 0; i < file->n_written; i++) {
                const struct written *w = &file->written[i];

                cr_assert((size_t)w->len <= sizeof(block));
                (void)file->real->pMethods->xRead(file->real, block, w->len, w->at);
                cr_assert(pwrite(fd, block, (size_t)w->len, w->at) == w->len);
        }
        (void)file->real->pMethods->xFileSize(file->real, &size);
        cr_assert(ftruncate(fd, size) == 0);
        (void)close(fd);
}

static sqlite3_file *real_of(sqlite3_file *file) {
        return ((struct faulty_file *)file)->real;
}

static int faulty_close(sqlite3_file *file) {
        free(((struct faulty_file *)file)->name);
        free(((struct faulty_file *)file)->written);
        return real_of(file)->pMethods->xClose(real_of(file));
}

static int faulty_read(sqlite3_file *file, void *data, int len, sqlite3_int64 at) {
        int code = count(FAULTY_READ);

        return code != SQLITE_OK ? code
                                 : real_of(file)->pMethods->xRead(real_of(file), data, len, at);
}

static int faulty_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at) {
        int code = count(FAULTY_WRITE);

        note_write((struct faulty_file *)file, at, len);
        return code != SQLITE_OK ? code
                                 : real_of(file)->pMethods->xWrite(real_of(file), data, len, at);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size) {
        int code = count(FAULTY_TRUNCATE);

        return code != SQLITE_OK ? code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int faulty_sync(sqlite3_file *file, int flags) {
        int code = count(FAULTY_SYNC);

        hold_here();
        if (code == SQLITE_OK)
                code = real_of(file)->pMethods->xSync(real_of(file), flags);
        if (code == SQLITE_OK)
                mirror((struct faulty_file *)file);
        ((struct faulty_file *)file)->n_written = 0;
        return code;
}

static int faulty_file_size(sqlite3_file *file, sqlite3_int64 *size) {
        return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int faulty_lock(sqlite3_file *file, int level) {
        return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level) {
        return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int faulty_check_lock(sqlite3_file *file, int *result) {
        return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}

static int faulty_control(sqlite3_file *file, int operation, void *argument) {
        return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int faulty_sector_size(sqlite3_file *file) {
        return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int faulty_characteristics(sqlite3_file *file) {
        return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: no shared memory, so a store that needed it would fail to open. */
static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = faulty_close,
        .xRead = faulty_read,
        .xWrite = faulty_write,
        .xTruncate = faulty_truncate,
        .xSync = faulty_sync,
        .xFileSize = faulty_file_size,
        .xLock = faulty_lock,
        .xUnlock = faulty_unlock,
        .xCheckReservedLock = faulty_check_lock,
        .xFileControl = faulty_control,
        .xSectorSize = faulty_sector_size,
        .xDeviceCharacteristics = faulty_characteristics,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                       int *ret_flags) {
        struct faulty_file *file = (struct faulty_file *)base;
        int code = count(FAULTY_OPEN);

        base->pMethods = NULL;
        if (code != SQLITE_OK)
                return code;
        file->real = (sqlite3_file *)(file + 1);
        code = real_vfs->xOpen(real_vfs, name, file->real, flags, ret_flags);
        if (code != SQLITE_OK)
                return code;
        file->name = strdup(name ? name : "");
        file->written = NULL;
        file->n_written = 0;
        base->pMethods = &methods;
        return SQLITE_OK;
}

static void *faulty_malloc(int size) {
        return count(FAULTY_MALLOC) != SQLITE_OK ? NULL : real_memory.xMalloc(size);
}

static void *faulty_realloc(void *old, int size) {
        return count(FAULTY_MALLOC) != SQLITE_OK ? NULL : real_memory.xRealloc(old, size);
}

void faulty_sqlite_install(void) {
        static sqlite3_vfs vfs;
        sqlite3_mem_methods memory;

        cr_assert(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) == SQLITE_OK);
        memory = real_memory;
        memory.xMalloc = faulty_malloc;
        memory.xRealloc = faulty_realloc;
        cr_assert(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) == SQLITE_OK);
        real_vfs = sqlite3_vfs_find(NULL);
        vfs = *real_vfs;
        vfs.zName = "faulty";
        vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
        vfs.xOpen = faulty_open;
        cr_assert(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
