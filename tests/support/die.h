/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The end of a test or bench whose world cannot be built. */

/* Prints the sentence and aborts, which Criterion reports as a crash of the test. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
