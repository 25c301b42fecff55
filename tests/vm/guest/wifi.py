# SPDX-License-Identifier: LGPL-2.1-or-later
"""WiFi that goes, and comes back."""
from tools import figure, now, sh, wait_for
from world import SERVER, is_dead, path

MOVED_SEC = 0.2


class WithoutCellular:
    def __init__(self, world):
        self.world = world

    def __enter__(self):
        sh("ip link set ppp0 down")
        self.world.monitor.come_to("no alternative", lambda: not self.world.monitor.alternatives())

    def __exit__(self, *error):
        sh("ip link set ppp0 up; ip route replace default dev ppp0 metric 800")
        self.world.stands_by("ppp0")


def moves_to_cellular(world, channel, start):
    """Soon after the kernel's first word."""
    at = channel.back_over("ppp0", start)
    lost = world.kernel.lost(start, "wlan0")
    figure(f"{channel.name}: the kernel's word came {(lost - start) * 1000:.0f} ms after the "
           f"cause, the channel was back over cellular {(at - lost) * 1000:.1f} ms later")
    assert at - lost <= MOVED_SEC, "too late"
    world.was_never_offline(start)


def comes_back(world, channel, start):
    channel.back_over("wlan0", start)
    channel.delivers("again", channel.connection)
    world.was_never_offline(start)


def access_point_stops(world, channel):
    start = now()
    world.access_point.stop()
    moves_to_cellular(world, channel, start)
    assert is_dead("wlan0"), path()
    start = now()
    world.access_point.start()
    comes_back(world, channel, start)


def access_point_goes_out_of_range(world, channel):
    start = now()
    world.access_point.set_range(2)
    moves_to_cellular(world, channel, start)
    assert is_dead("wlan0"), path()
    start = now()
    world.access_point.set_range(1)
    comes_back(world, channel, start)


def access_point_kicks(world, channel):
    """Cellular takes over, and WiFi again once it is associated."""
    start = now()
    world.access_point.kick()
    moves_to_cellular(world, channel, start)
    comes_back(world, channel, start)


def kick_is_survived(world, channel):
    """With nothing else the connection waits, and lives on."""
    with WithoutCellular(world):
        start = now()
        world.access_point.kick()
        at = channel.turned("waiting", start)
        figure(f"waited {channel.turned('connected', at) - at:.1f} s")
        channel.delivers("survived", channel.connection)
        assert not channel.openings(start)


def station_roams(world, channel):
    world.second.start()
    try:
        sh("wpa_cli -i wlan0 scan freq=2437")
        wait_for("the second access point in a scan", lambda: world.second.bssid() in sh(
            "wpa_cli -i wlan0 scan_results"))
        with WithoutCellular(world):
            start = now()
            sh(f"wpa_cli -i wlan0 roam {world.second.bssid()}")
            told = world.path_told("roam", start, lambda e: "roam" in e["reasons"])
            channel.come_to("connected", "wlan0")
            channel.delivers("kept", channel.connection)
            assert not channel.openings(start)
        figure(f"told {(told - start) * 1000:.0f} ms after the cause")
        start = now()
        sh(f"wpa_cli -i wlan0 roam {world.access_point.bssid()}")
        world.path_told("roam", start, lambda e: "roam" in e["reasons"])
        at = channel.come_to("connected", "wlan0")
        channel.delivers("back")
        figure(f"beside cellular, {len(channel.openings(start))} new connections, the last after "
               f"{(at - start) * 1000:.0f} ms")
        world.was_never_offline(start)
    finally:
        world.second.stop()


def manager_sees_down():
    device = sh("nmcli -g GENERAL.DBUS-PATH device show wlan0").strip()
    flags = sh(f"busctl get-property org.freedesktop.NetworkManager {device} "
               "org.freedesktop.NetworkManager.Device InterfaceFlags")
    return int(flags.split()[1]) & 1 == 0


def dead_route_comes(world, start):
    """NetworkManager puts its route back before the WiFi is associated; mostly."""
    world.access_point.set_range(2)
    sh("ip link set wlan0 up")
    try:
        world.path_told("the dead route", start, lambda e:
                        e["new"]["primary4"].get("interface") == "wlan0", 3)
    except TimeoutError:
        return False
    return True


def link_is_set_down_and_up(world, channel):
    for _ in range(4):
        # It keeps the address of a lease that is as old as the activation.
        start = now()
        sh("nmcli device disconnect wlan0; nmcli device connect wlan0")
        channel.back_over("wlan0", start)
        start = now()
        sh("ip link set wlan0 down")
        moves_to_cellular(world, channel, start)
        world.goes_over("ppp0")
        wait_for("NetworkManager sees it", manager_sees_down)
        start = now()
        if dead_route_comes(world, start):
            break
        world.home()
    way = path(SERVER)
    assert way["path"]["interface"] == "wlan0" and not way["path"]["usable"], way
    channel.delivers("meanwhile", channel.connection)
    assert is_dead("wlan0"), path()
    channel.stayed(start)
    world.was_never_offline(start)
    world.access_point.set_range(1)
    comes_back(world, channel, start)


CASES = [access_point_stops, access_point_goes_out_of_range, access_point_kicks, kick_is_survived,
         station_roams, link_is_set_down_and_up]
