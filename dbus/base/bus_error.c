/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_error.h"

#include <errno.h>
#include <stdarg.h>

#include "names.h"

static const struct {
        int error;
        const char *name;
} names[] = {
        {EINVAL, SD_BUS_ERROR_INVALID_ARGS},
        {EPERM, SD_BUS_ERROR_ACCESS_DENIED},
        {EACCES, SD_BUS_ERROR_ACCESS_DENIED},
        {ENOENT, SD_BUS_ERROR_UNKNOWN_OBJECT},
        {EDQUOT, SD_BUS_ERROR_LIMITS_EXCEEDED},
        {ENOMEM, SD_BUS_ERROR_NO_MEMORY},
        {EOPNOTSUPP, SD_BUS_ERROR_NOT_SUPPORTED},
        {ENOSPC, ERROR_NO_SPACE},
        {EFBIG, ERROR_NO_SPACE},
        {EIO, ERROR_STORAGE},
        {EROFS, ERROR_STORAGE},
        {EMSGSIZE, ERROR_TOO_LARGE},
        {ENOBUFS, ERROR_QUEUE_FULL},
        {EEXIST, ERROR_CONFLICT},
        {EBUSY, ERROR_BUSY},
        {ETIMEDOUT, ERROR_TIMEOUT},
        {ENETUNREACH, ERROR_NO_PATH},
        {ECONNREFUSED, ERROR_REFUSED},
        {EPROTO, ERROR_PROTOCOL},
};

const char *bus_error_name(int error) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (names[i].error == -error)
                        return names[i].name;
        return SD_BUS_ERROR_FAILED;
}

int bus_error_setf(sd_bus_error *ret, int error, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)sd_bus_error_setfv(ret, bus_error_name(error), format, ap);
        va_end(ap);
        return error;
}

int bus_error_namef(sd_bus_error *ret, const char *name, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)sd_bus_error_setfv(ret, name, format, ap);
        va_end(ap);
        return -EIO;
}
