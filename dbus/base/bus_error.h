/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one way from an errno to a named D-Bus error with a sentence. */

#include <systemd/sd-bus.h>

/* The contract's error name for a negative errno; "org.freedesktop.DBus.Error.Failed" if none fits.
 */
const char *bus_error_name(int error);

/* Fills `ret` with the name for `error` and the formatted sentence; returns `error`, so that a
 * method handler ends with `return bus_error_setf(ret, -ENOSPC, "...")`. */
int bus_error_setf(sd_bus_error *ret, int error, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* The same with a name of the contract. Returns -EIO, which sd-bus takes for "the error is set". */
int bus_error_namef(sd_bus_error *ret, const char *name, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
