# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units with their sandbox, and the bus policy."""
import json
import socket

from tools import figure, sh, wait_for
from world import SERVER


def units_are_sandboxed(world, channel):
    for unit in "wherry-netmon", "wherry-agent":
        line = sh(f"systemd-analyze security {unit}.service --no-pager | tail -1")
        figure(line.strip().encode("ascii", "ignore").decode())
        assert sh(f"systemctl show -P NRestarts {unit}").strip() == "0"
    assert sh("ps -o user= -C wherry-netmon").startswith("wherry-"), "not the user"
    denied = sh("setpriv --reuid=65534 --clear-groups wherryctl interfaces --json")
    link = [link for link in json.loads(denied) if link["name"] == "wlan0"][0]
    assert link["type"] == "wifi" and link["frequency"] == 2412, link
    assert len(link["network_id"]) == 32, link
    call = (f"busctl call org.wherry.NetMon1 {link['object']} org.wherry.NetMon1.Location "
            "GetLocation")
    assert '"ssid" ay 4 81 117 97 121' in sh(call)
    assert "denied" in sh(f"setpriv --reuid=65534 --clear-groups {call}", check=False)


def uid_rule_is_answered(world, channel):
    """Which a user namespace would get wrong."""
    sh("ip rule add uidrange 65534-65534 lookup 77; ip route add default dev ppp0 table 77")
    try:
        answer = sh(f"busctl call org.wherry.NetMon1 /org/wherry/NetMon1 org.wherry.NetMon1 "
                    f"GetPath 'sa{{sv}}' {SERVER} 1 uid u 65534")
        assert '"interface" s "ppp0"' in answer, answer
    finally:
        sh("ip rule del uidrange 65534-65534 lookup 77; ip route flush table 77")


def signal_is_told_while_asked_for(world, channel):
    index = socket.if_nametoindex("wlan0")
    call = f"org.wherry.NetMon1 /org/wherry/NetMon1/interface/{index} org.wherry.NetMon1.Interface"
    loopback = call.replace(f"interface/{index}", "interface/1")
    refused = sh(f"busctl call {loopback} SubscribeSignal u 1", check=False)
    assert "lo has no signal" in refused, refused
    sh(f"busctl call {call} SubscribeSignal u 1")
    wait_for("the signal", lambda: "i -30" in sh(f"busctl get-property {call} Signal"), 10)


CASES = [units_are_sandboxed, uid_rule_is_answered, signal_is_told_while_asked_for]
