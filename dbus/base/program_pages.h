/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Gives back what only the start needed of the program and its libraries: libcurl brings some
 * twenty that are never called, and the dynamic linker has read in all of them. Their pages stay in
 * the kernel's cache as long as it has room; whatever is needed again comes from there. */
void program_pages_drop(void);
