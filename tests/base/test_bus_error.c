/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_error.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "cleanup.h"
#include "names.h"

Test(bus_error, errnos_have_names_of_the_contract) {
        static const struct {
                int error;
                const char *name;
        } rows[] = {
                {-EINVAL, SD_BUS_ERROR_INVALID_ARGS},
                {-EACCES, SD_BUS_ERROR_ACCESS_DENIED},
                {-ENOENT, SD_BUS_ERROR_UNKNOWN_OBJECT},
                {-EDQUOT, SD_BUS_ERROR_LIMITS_EXCEEDED},
                {-ENOSPC, ERROR_NO_SPACE},
                {-EIO, ERROR_STORAGE},
                {-EMSGSIZE, ERROR_TOO_LARGE},
                {-ENOBUFS, ERROR_QUEUE_FULL},
                {-EEXIST, ERROR_CONFLICT},
                {-EBUSY, ERROR_BUSY},
                {-EXDEV, SD_BUS_ERROR_FAILED},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(str, (char *)bus_error_name(rows[i].error), (char *)rows[i].name));
}

Test(bus_error, sentences_are_formatted) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        cr_assert(eq(int, bus_error_setf(&error, -ENOSPC, "%d bytes", 7), -ENOSPC));
        cr_assert(eq(str, (char *)error.name, ERROR_NO_SPACE));
        cr_assert(eq(str, (char *)error.message, "7 bytes"));
        sd_bus_error_free(&error);
        cr_assert(lt(int, bus_error_namef(&error, ERROR_BUSY, "later"), 0));
        cr_assert(eq(str, (char *)error.name, ERROR_BUSY));
}
