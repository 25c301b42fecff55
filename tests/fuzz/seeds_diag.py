#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the seeds of fuzz_diag into a directory: what inet_diag says of some sockets, and the same
bytes broken. Run as: unshare -n tests/fuzz/seeds_diag.py DIRECTORY"""

import pathlib
import socket
import struct
import subprocess
import sys

DONE = struct.pack("=IH", 20, 3)


def ask(family, protocol):
    """A whole dump; several datagrams one behind the other."""
    body = struct.pack("=BBBBI48x", family, protocol, 0, 0, 0xffffffff)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as kernel:
        kernel.bind((0, 0))
        kernel.send(struct.pack("=IHHII", 16 + len(body), 20, 0x301, 1, 0) + body)
        answer = kernel.recv(1 << 16)
        while answer[-20:-14] != DONE:
            answer += kernel.recv(1 << 16)
        return answer


def connect(family, address, kind):
    server = socket.socket(family, kind)
    server.bind((address, 0))
    if kind == socket.SOCK_STREAM:
        server.listen()
    client = socket.socket(family, kind)
    client.connect(server.getsockname())
    return server, client


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(exist_ok=True)
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        sys.exit("run in a network namespace of its own: unshare -n " + sys.argv[0])
    for line in ("link set lo up", "addr add 192.0.2.1/32 dev lo", "addr add 2001:db8::1/128 dev lo"):
        subprocess.run(["ip", *line.split()], check=True)
    held = [connect(family, address, kind)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
            for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"),
                                    (socket.AF_INET6, "::ffff:192.0.2.1"))]
    tcp4, tcp6 = ask(socket.AF_INET, 6), ask(socket.AF_INET6, 6)
    seeds = {
        "tcp4": tcp4,
        "tcp6": tcp6,
        "udp4": ask(socket.AF_INET, 17),
        "udp6": ask(socket.AF_INET6, 17),
        "truncated": tcp6[:len(tcp6) - 25],
        "message_beyond": struct.pack("=I", 1 << 31) + tcp4[4:],
        "message_short": struct.pack("=I", 16 + 71) + tcp4[4:],
        "other_family": tcp4[:16] + b"\1" + tcp4[17:],
        "state_beyond": tcp4[:17] + b"\xff" + tcp4[18:],
    }
    for name, data in seeds.items():
        (directory / name).write_bytes(data)
    del held


main()
