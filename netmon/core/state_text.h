/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The network in a few lines for shell scripts: KEY=value, fit for `.` and for systemd's
 * EnvironmentFile=.
 *
 *   STATE            offline, local or routed
 *   METERED          yes, no or unknown: of the default path
 *   INTERFACE4 ...   of the default path of IPv4, all empty when there is no route:
 *   TYPE4 SOURCE4 GATEWAY4
 *   USABLE4          yes or no; no when there is no route
 *   WHY4             why not
 *   INTERFACE6 ...   the same of IPv6
 *
 * No times: the same text is the same state. */

#include <stddef.h>

struct summary;

#define STATE_TEXT_SIZE 1024

/* Fills `text` (STATE_TEXT_SIZE); returns its length. */
size_t state_text_format(const struct summary *summary, char *text);
