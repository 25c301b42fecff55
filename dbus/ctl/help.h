/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What --help prints. */

#include <stdio.h>

#include "ctl.h"

/* `verbs` ends with NULL. */
void help_all(FILE *file, const struct verb *const *verbs);
void help_verb(FILE *file, const struct verb *verb);
