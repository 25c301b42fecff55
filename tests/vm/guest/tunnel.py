# SPDX-License-Identifier: LGPL-2.1-or-later
"""A wireguard tunnel over both, as wg-quick makes it."""
from tools import figure, now, sh
from world import SERVER, Channel, path

INSIDE = "10.99.0.1"


def start_tunnel():
    sh(f"""cd /run; umask 077
        for n in laptop server; do wg genkey >$n.key; wg pubkey <$n.key >$n.pub; done
        ip -n server link add wg0 type wireguard; ip link add wg0 type wireguard
        ip netns exec server wg set wg0 listen-port 51820 private-key server.key \\
            peer $(cat laptop.pub) allowed-ips 10.99.0.2/32
        wg set wg0 private-key laptop.key fwmark 51820 \\
            peer $(cat server.pub) endpoint {SERVER}:51820 allowed-ips 0.0.0.0/0
        ip -n server address add {INSIDE}/24 dev wg0; ip -n server link set wg0 up
        ip address add 10.99.0.2/24 dev wg0; ip link set wg0 up
        ip route add default dev wg0 table 51820
        ip rule add not fwmark 51820 table 51820
        ip rule add table main suppress_prefixlength 0
        sysctl -q net.ipv4.conf.all.src_valid_mark=1""")


def end_tunnel():
    sh("""ip rule del table main suppress_prefixlength 0
        ip rule del not fwmark 51820 table 51820
        ip link del wg0; ip -n server link del wg0""", check=False)


def is_carried_by(event, interface):
    way = event["new"]["primary4"]
    return way.get("interface") == "wg0" and way["usable"] and \
        way["underlay"]["interface"] == interface


def tunnel_goes_over_both(world, channel):
    start = now()
    inner = None
    try:
        start_tunnel()
        world.path_told("the tunnel", start, lambda e: "vpn" in e["reasons"] and
                        is_carried_by(e, "wlan0"))
        assert not path()["alternatives"], "a way around the tunnel"
        inner = Channel(world, "inner", INSIDE)
        start = now()
        sh("ip link set wlan0 down")
        told = world.path_told("the other underlay", start, lambda e: "vpn" in e["reasons"] and
                               is_carried_by(e, "ppp0"))
        figure(f"the other underlay is told {(told - start) * 1000:.0f} ms after the cause")
        inner.delivers("survived", inner.connection)
        start = now()
        sh("ip link set wlan0 up")
        world.path_told("WiFi carries it", start, lambda e: "vpn" in e["reasons"] and
                        is_carried_by(e, "wlan0"))
        inner.come_to("connected")
        inner.delivers("still", inner.connection)
    finally:
        end_tunnel()
        if inner:
            inner.close()


CASES = [tunnel_goes_over_both]
