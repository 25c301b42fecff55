#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the seeds of fuzz_rtnl into a directory: what the kernel says of a network namespace with
one of everything, and the same bytes broken. Run as: unshare -n tests/fuzz/seeds.py DIRECTORY"""

import pathlib
import socket
import struct
import subprocess
import sys

SETUP = """
link set lo up
link add up0 type veth peer name up1
link property add dev up0 altname uplink-with-a-long-name
link add up2 type veth peer name up3
link add br0 type bridge
link set up3 master br0
link add link up0 name vlan5 type vlan id 5
link add wg0 type wireguard
tuntap add tun0 mode tun
link set up0 up
link set up1 up
link set up2 up
link set up3 up
addr add 192.0.2.2/24 dev up0
addr add 198.51.100.2 peer 198.51.100.1/32 dev up2
addr add 2001:db8::2/64 dev up0 nodad
route add default via 192.0.2.1 metric 100 mtu 1400
route add default dev up2 metric 200
route add 203.0.113.0/24 nexthop via 192.0.2.1 nexthop dev up2
route add 10.0.0.0/8 via inet6 2001:db8::1 dev up0
-6 route add default via 2001:db8::1 dev up0
rule add not fwmark 51820 lookup 51820
rule add fwmark 7/0xff lookup 100
-6 rule add fwmark 9 prohibit
neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev up0
"""
NEWLINK, GETLINK, GETADDR, GETROUTE, GETNEIGH, GETRULE = 16, 18, 22, 26, 30, 34
GETNETCONF, GETSTATS = 82, 94
REQUEST, DUMP = 1, 0x300
DONE = struct.pack("=IH", 20, 3)


def attribute(number, payload):
    return struct.pack("HH", 4 + len(payload), number) + payload + bytes(-len(payload) % 4)


def ask(number, body, flags=0):
    """The whole answer, headers included; several datagrams one behind the other."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.bind((0, 0))
        kernel.send(struct.pack("=IHHII", 16 + len(body), number, REQUEST | flags, 1, 0) + body)
        answer = kernel.recv(1 << 16)
        while flags and answer[-20:-14] != DONE:
            answer += kernel.recv(1 << 16)
        return answer


def look_up(destination, match):
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    address = socket.inet_pton(family, destination)
    header = struct.pack("=BBBBBBBBI", family, 8 * len(address), 0, 0, 0, 0, 0, 0,
                         0x1000 | (0x2000 if match else 0))
    return ask(GETROUTE, header + attribute(1, address))


def record():
    links = ask(GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0) + attribute(29, struct.pack("I", 8)),
                DUMP)
    addresses = ask(GETADDR, bytes(8), DUMP)
    index = socket.if_nametoindex("up0")
    lookups = b"".join(look_up(where, match) for match in (False, True)
                       for where in ("1.1.1.1", "203.0.113.9", "10.9.9.9", "2001:db8:9::1"))
    settings = ask(GETNETCONF, struct.pack("=B3x", 2) + attribute(1, struct.pack("i", index)))
    counters = ask(GETSTATS, struct.pack("=BxHII", 0, 0, index, 1))
    neighbour = ask(GETNEIGH, struct.pack("=BxHiHBB", 2, 0, index, 0, 0, 0) +
                    attribute(1, socket.inet_aton("192.0.2.1")))
    rules = ask(GETRULE, bytes(12), DUMP)
    return {"links": links, "addresses": addresses, "lookups": lookups, "settings": settings,
            "counters": counters, "neighbour": neighbour, "rules": rules,
            "routes": ask(GETROUTE, bytes(12), DUMP),
            "all": links + addresses + lookups + settings + counters + neighbour + rules}


def link(*attributes):
    body = struct.pack("=BxHiII", 0, 1, 7, 0x10043, 0) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), NEWLINK, 0, 0, 0) + body


def broken(whole):
    name = attribute(3, b"eth0\0")
    deep = b""
    for _ in range(200):
        deep = attribute(18, deep)
    return {
        "truncated": whole[:len(whole) - 5],
        "message_beyond": struct.pack("=I", 1 << 31) + whole[4:200],
        "message_short": struct.pack("=I", 15) + whole[4:200],
        "header_only": struct.pack("=IHHII", 16, NEWLINK, 0, 0, 0),
        "attribute_zero": link(name, struct.pack("HH", 0, 3)),
        "attribute_empty": link(name, attribute(4, b""), attribute(16, b"")),
        "attribute_beyond": link(name, struct.pack("HH", 0xffff, 18)),
        "attribute_unaligned_end": link(name, struct.pack("HH", 7, 18) + b"abc"),
        "name_without_end": link(attribute(3, b"sixteen-bytes-xx")),
        "name_no_text": link(attribute(3, b"\xff\xc3\0"),
                             attribute(52, attribute(53, b"cut \xe2\x82\0"))),
        "nested_deep": link(name, deep),
        "altnames_many": link(name, attribute(52, attribute(53, b"alternative\0") * 120)),
        "neighbour_long": struct.pack("=IHHII", 68, 28, 0, 0, 0) +
                          struct.pack("=BxHiHBB", 2, 0, 7, 2, 0, 0) + attribute(2, b"\1" * 36),
        "address_long": link(name, attribute(1, bytes(64))),
    }


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(exist_ok=True)
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        sys.exit("run in a network namespace of its own: unshare -n " + sys.argv[0])
    for line in SETUP.strip().splitlines():
        subprocess.run(["ip", *line.split()], check=False)
    seeds = record()
    for name, data in {**seeds, **broken(seeds["links"])}.items():
        (directory / name).write_bytes(data)


main()
