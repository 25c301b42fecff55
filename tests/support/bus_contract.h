/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The contract that the XML of introspection states, to compare with another. */

/* Our interfaces' members with types, directions and annotations, one a line and sorted, without
 * prose. To be freed. */
char *bus_contract_of_file(const char *path);
/* The same of what an object answers to Introspect. */
char *bus_contract_of_text(const char *xml);
