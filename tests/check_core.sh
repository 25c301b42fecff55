#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A core is a function of its arguments: its library must not need descriptors, clocks, randomness,
# environment, logs, buses or databases. Arguments: the libraries. Prints what it finds.
set -eu

denied='sd_.*|sqlite3_.*|curl_.*|nl_.*|genl_.*|mnl_socket_.*|wslay_.*|pthread_.*|log_line|moment_now'
denied="$denied|clock_gettime|gettimeofday|time|nanosleep|usleep|sleep|getrandom|rand|random|srand"
denied="$denied|open|open64|openat|fopen|fopen64|read|write|close|socket|connect|bind|send|sendto"
denied="$denied|recv|recvfrom|recvmsg|poll|ioctl|mmap|getenv|secure_getenv|printf|puts|syslog|stderr"

status=0
for library in "$@"; do
    if nm --undefined-only "$library" | awk '$1 == "U" { print $2 }' | sort -u |
        grep -xE "($denied)"; then
        echo "not pure: $library" >&2
        status=1
    fi
done
exit $status
