# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cellular that goes while it carries, and while it stands by."""
from tools import figure, now, sh
from world import is_dead, path

MOVED_SEC = 0.2


class WithoutWifi:
    def __enter__(self):
        sh("nmcli device disconnect wlan0")

    def __exit__(self, *error):
        sh("nmcli device connect wlan0")


def modem_hangs_up_in_reserve(world, channel):
    start = now()
    world.modem.hang_up()
    try:
        world.monitor.come_to("no alternative", lambda: not world.monitor.alternatives())
        world.modem.end()
        channel.delivers("untouched", channel.connection)
        channel.stayed(start)
        world.was_never_offline(start)
    finally:
        world.modem.start()


def modem_hangs_up(world, channel):
    start = now()
    with WithoutWifi():
        channel.back_over("ppp0", start)
        start = now()
        world.modem.hang_up()
        channel.turned("waiting", start)
        waits = channel.come_to("waiting")
        figure(f"waits {(waits - world.kernel.lost(start, 'ppp0')) * 1000:.1f} ms after the "
               "kernel's word")
        world.modem.end()
        start = now()
        world.modem.start()
        channel.back_over("ppp0", start)


def add_wwan():
    """An interface that NetworkManager manages, with another modem behind it."""
    sh("""nmcli connection add type ethernet ifname wwan0 con-name wwan ipv4.method manual \\
            ipv4.addresses 10.30.0.2/24 ipv4.gateway 10.30.0.1 ipv4.route-metric 700 \\
            ipv6.method disabled
        ip link add wwan0 type veth peer name wwan netns cell
        ip -n cell address add 10.30.0.1/24 dev wwan; ip -n cell link set wwan up""")


def wwan_loses_carrier(world, channel):
    start = now()
    try:
        add_wwan()
        world.stands_by("wwan0")
        assert ("wwan0", "cellular") in [(way["interface"], way["type"])
                                         for way in path()["alternatives"]], path()
        with WithoutWifi():
            channel.back_over("wwan0", start)
            start = now()
            sh("ip -n cell link set wwan down")
            at = channel.back_over("ppp0", start)
            lost = world.kernel.lost(start, "wwan0")
            figure(f"back over ppp0 {(at - lost) * 1000:.1f} ms after the kernel's word")
            assert at - lost <= MOVED_SEC, "too late"
            assert is_dead("wwan0"), path()
            world.was_never_offline(start)
    finally:
        sh("nmcli connection delete wwan; ip link del wwan0", check=False)


CASES = [modem_hangs_up_in_reserve, modem_hangs_up, wwan_loses_carrier]
