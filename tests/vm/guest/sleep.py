# SPDX-License-Identifier: LGPL-2.1-or-later
"""Suspend to memory, as logind does it, and wake by the clock."""
import os

from tools import figure, now, sh

# From when all is ready for it; how long that takes the virtual machine, its clock does not count.
SLEEP_SEC = 20
HOOK = "/usr/lib/systemd/system-sleep/alarm"
ANSWERS_SEC = 2


def machine_sleeps(world, channel):
    with open(HOOK, "w") as file:
        file.write(f"#!/bin/sh\n[ $1 != pre ] || rtcwake -m no -s {SLEEP_SEC}\n")
    os.chmod(HOOK, 0o755)
    start = now()
    sh("systemctl suspend")
    slept = world.monitor.wait("resumed", start, lambda e: e["event"] == "resumed")[1]
    awake = now()
    assert world.network_told("preparing_for_sleep", start)
    figure(f"slept for {slept['slept_usec'] / 1e6:.1f} s")
    assert 1 <= slept["slept_usec"] / 1e6 <= SLEEP_SEC + 10, slept
    usable = world.goes_over("ppp0")
    at = channel.delivers("awake")
    figure(f"cellular is usable {usable - awake:.2f} s after waking, and has delivered "
           f"{at - usable:.2f} s later")
    assert at - usable <= ANSWERS_SEC, "too late"
    # The access point slept in the same machine, and does not beacon again by itself.
    world.access_point.stop()
    start = now()
    world.access_point.start()
    usable = world.goes_over("wlan0")
    at = channel.back_over("wlan0", start)
    figure(f"over WiFi {at - usable:.2f} s after it is usable")
    assert at - usable <= ANSWERS_SEC, "too late"


CASES = [machine_sleeps]
