/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Network namespaces, and links in them. Needs root. */

#include <stdbool.h>

/* True when this process may make namespaces; a test that needs them skips itself otherwise. */
bool netns_possible(void);

/* Moves this process (one thread) into a new network namespace with lo up, and a mount namespace
 * where /sys shows it. */
void netns_enter(void);

/* Makes another namespace with lo up, without entering it. Returns a descriptor of it. */
int netns_add(void);
/* A descriptor of the one we are in. */
int netns_current(void);
/* Moves this process into the namespace; /sys stays as it was. */
void netns_switch(int fd);

/* Runs a shell command in the current namespace; dies when it fails. Link and address work is done
 * so: shell("ip link add veth0 type veth peer name veth1"). */
void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes a tap interface, without carrier. Returns a descriptor: the interface goes with it. */
int tap_add(const char *name);
/* The same for a tunnel, which has a carrier at once. */
int tun_add(const char *name);
/* Plugs the cable in, or pulls it. */
void tap_set_carrier(int fd, bool carrier);

/* Writes a setting under /proc/sys/net: netns_sysctl("ipv4/conf/all/rp_filter", "1"). */
void netns_sysctl(const char *name, const char *value);

/* After netns_enter(): the file reads so for this process and its children, whether it is there or
 * not. */
void netns_replace_file(const char *path, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
