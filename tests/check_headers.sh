#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every header compiles alone. Arguments: the top of the tree, and the compiler.
set -eu

top=$1
shift
cd "$top"
# shellcheck disable=SC2046 # flags
set -- "$@" -std=gnu17 -D_GNU_SOURCE -DWHERRY_VERSION='""' -Wall -Wextra -Wno-unused-parameter \
    -Werror -fsyntax-only -Idbus/base $(pkg-config --cflags libsystemd libcurl json-c)

status=0
check() { # FOLDER FLAG...
    folder=$1
    shift
    for header in "$folder"/*.h; do
        echo "#include \"$top/$header\"" | "$@" -x c - || status=1
    done
}
check dbus/base "$@"
check dbus/ctl "$@" -Idbus/ctl
for daemon in netmon agent; do
    for folder in . core port; do
        check $daemon/$folder "$@" -I$daemon -I$daemon/core -I$daemon/port
    done
done
for folder in . core port; do
    check netmon/sockreset/$folder "$@" -Inetmon/core -Inetmon/sockreset/core
done
check tests/support "$@" -Itests/support
exit $status
