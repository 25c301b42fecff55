# SPDX-License-Identifier: LGPL-2.1-or-later
"""Radios that are blocked and released, as by `rfkill block all`."""
import struct

from tools import figure, now, sh, wait_for
from wifi import comes_back, moves_to_cellular
from world import NETMON

ALL, CHANGE_ALL = 0, 3  # linux/rfkill.h


def set_blocked(is_blocked):
    with open("/dev/rfkill", "wb", buffering=0) as device:
        device.write(struct.pack("=IBBBB", 0, ALL, CHANGE_ALL, is_blocked, 0))


def airplane_mode():
    return sh(f"busctl get-property {NETMON} /org/wherry/NetMon1 {NETMON} AirplaneMode") == "b true\n"


def all_radios_are_blocked(world, channel):
    """Also that of the access point, which is begun anew."""
    assert not airplane_mode()
    start = now()
    try:
        set_blocked(True)
        told = world.path_told("the path, and why", start, lambda e: "rfkill" in e["reasons"] and
                               e["new"]["primary4"].get("interface") == "ppp0")
        figure(f"told with its reason {(told - start) * 1000:.0f} ms after the cause")
        moves_to_cellular(world, channel, start)
        wait_for("airplane mode", airplane_mode)
        # The first word of it had its reason: nothing was told before.
        assert all("rfkill" in event["reasons"] for _, event in world.monitor.since(
            start, lambda e: e["event"] == "path")[:1])
    finally:
        set_blocked(False)
    wait_for("no airplane mode", lambda: not airplane_mode())
    start = now()
    world.access_point.stop()
    world.access_point.start()
    comes_back(world, channel, start)


CASES = [all_radios_are_blocked]
