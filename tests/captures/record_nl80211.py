#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes down what nl80211 says, each datagram with its time: record_nl80211.py FILE.

First the family as the kernel describes it, then all that its groups announce; a line "ask IFINDEX"
on stdin asks for an interface, its stations and what its last scan found as well. Ends with stdin. The file has a line for
each datagram: seconds, a word, the bytes in hexadecimal."""
import select
import socket
import struct
import sys
import time

NETLINK_GENERIC = 16
GENL_ID_CTRL = 16
CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME = 3, 2
NL80211_CMD_GET_INTERFACE, NL80211_CMD_GET_STATION, NL80211_CMD_GET_SCAN = 5, 17, 32
NL80211_ATTR_IFINDEX = 3
REQUEST, ACK, DUMP = 1, 4, 0x300
SOL_NETLINK, ADD_MEMBERSHIP = 270, 1


def attribute(kind, payload):
    size = 4 + len(payload)
    return struct.pack("HH", size, kind) + payload + b"\0" * (-size % 4)


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from("HH", data)
        yield kind & 0x3FFF, data[4:size]
        data = data[size + 3 & ~3:]


class Recorder:
    def __init__(self, path):
        self.file = open(path, "w", buffering=1)
        self.seq = 0
        self.requests = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.requests.bind((0, 0))
        self.events.bind((0, 0))

    def write(self, word, data):
        self.file.write(f"{time.clock_gettime(time.CLOCK_BOOTTIME):.6f} {word} {data.hex()}\n")

    def ask(self, word, family, command, payload, flags):
        self.seq += 1
        body = struct.pack("BBH", command, 1, 0) + payload
        self.requests.send(struct.pack("IHHII", 16 + len(body), family, REQUEST | flags,
                                       self.seq, 0) + body)
        answers = []
        while True:
            data = self.requests.recv(65536)
            self.write(word, data)
            answers.append(data)
            while data:
                size, kind, kind_flags = struct.unpack_from("IHH", data)
                if kind in (2, 3) or not kind_flags & 2:
                    return answers
                data = data[size + 3 & ~3:]

    def join(self):
        [answer] = self.ask("family", GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
                            attribute(CTRL_ATTR_FAMILY_NAME, b"nl80211\0"), 0)
        for kind, value in attributes(answer[20:]):
            if kind == 1:
                self.family = struct.unpack("H", value)[0]
            if kind != 7:
                continue
            for _, group in attributes(value):
                fields = dict(attributes(group))
                if fields[1].rstrip(b"\0") in (b"config", b"mlme"):
                    self.events.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP,
                                           struct.unpack("I", fields[2])[0])

    def command(self, words):
        index = attribute(NL80211_ATTR_IFINDEX, struct.pack("I", int(words[1])))
        self.ask("interface", self.family, NL80211_CMD_GET_INTERFACE, index, 0)
        self.ask("station", self.family, NL80211_CMD_GET_STATION, index, DUMP)
        self.ask("scan", self.family, NL80211_CMD_GET_SCAN, index, DUMP)

    def run(self):
        self.join()
        while True:
            ready, _, _ = select.select([self.events, sys.stdin], [], [])
            if self.events in ready:
                self.write("event", self.events.recv(65536))
            if sys.stdin in ready:
                line = sys.stdin.readline()
                if not line:
                    return
                if line.split():
                    self.command(line.split())


Recorder(sys.argv[1]).run()
