/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of a replay as text that is the same in every replay, and short enough to be read. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Properties, and keys of paths, that hold a time or a count that no signal tells. */
bool replay_is_time(const char *word);
bool replay_is_figure(const char *word);

/* The next value, as bus_text() but without those; to be freed. */
char *replay_text(sd_bus_message *m);
/* The same of a text of bus_text(). */
char *replay_text_cut(const char *text);

/* What tells a text from the one before (NULL: there is none), to be freed: of two "{KEY=VALUE}"
 * the keys with another value, likewise within, and "-KEY" for one that is gone. */
char *replay_text_difference(const char *before, const char *now);
/* The keys of such a text that have a value. */
char *replay_text_filled(const char *text);
