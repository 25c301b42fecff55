#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes down what the kernel announces of its devices: record_uevent.py FILE. A line for each
datagram: seconds, the bytes in hexadecimal."""
import socket
import sys
import time

NETLINK_KOBJECT_UEVENT = 15
KERNEL = 1

events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT)
events.bind((0, KERNEL))
with open(sys.argv[1], "w", buffering=1) as file:
    while True:
        data = events.recv(65536)
        file.write(f"{time.clock_gettime(time.CLOCK_BOOTTIME):.6f} {data.hex()}\n")
