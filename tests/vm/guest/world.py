# SPDX-License-Identifier: LGPL-2.1-or-later
"""A laptop whose WiFi and modem lead to one server, its network managed by NetworkManager as Debian
ships it, and both daemons as their units. Namespaces: `ap` the access points, `cell` the tower,
`server`."""
import json
import os
import subprocess
from datetime import datetime

from tools import OUT, WAIT_SEC, Kernel, Lines, Monitor, boottime, figure, now, sh, wait_for

SERVER = "203.0.113.1"
BY = {"wlan0": "10.10.", "ppp0": "10.20.", "wwan0": "10.30."}  # whence the server sees it come
RADIO = {"wlan0": "phy0", "wlan1": "phy1", "wlan2": "phy2"}
NETMON = "org.wherry.NetMon1"


def ap(command, check=True):
    return sh(f"ip netns exec ap {command}", check)


def path(destination="default4"):
    return json.loads(sh(f"wherryctl path {destination} --json", check=False))[0]


def state():
    return json.loads(sh(f"busctl --json=short get-property {NETMON} /org/wherry/NetMon1 {NETMON} "
                         "State"))["data"]


def is_dead(interface):
    """Selected, but of no use; and there is another way."""
    way = path()
    return way["path"]["interface"] == interface and not way["path"]["usable"] and \
        way["alternatives"] and state() == "routed"


def start_server():
    sh(f"""ip netns add server; ip netns add ap; ip netns add cell
        for n in ap cell; do
            ip link add uplink netns $n type veth peer name $n netns server
            ip -n $n link set lo up; ip -n $n link set uplink up
            ip -n server link set $n up
            ip netns exec $n sysctl -q net.ipv4.ip_forward=1
        done
        ip -n server link set lo up; ip -n server address add {SERVER}/32 dev lo
        ip -n ap address add 10.91.0.1/24 dev uplink; ip -n server address add 10.91.0.2/24 dev ap
        ip -n cell address add 10.92.0.1/24 dev uplink; ip -n server address add 10.92.0.2/24 dev cell
        ip -n ap route add {SERVER} via 10.91.0.2; ip -n cell route add {SERVER} via 10.92.0.2
        ip -n server route add 10.10.0.0/24 via 10.91.0.1
        ip -n server route add 10.20.0.0/24 via 10.92.0.1
        ip -n server route add 10.30.0.0/24 via 10.92.0.1""")
    return Lines("server", "ip", "netns", "exec", "server", "python3", "/opt/test/recorder.py",
                 "--port", "8080")


class AccessPoint:
    """One of a network of two, bridged."""

    def __init__(self, interface, channel):
        self.is_running = False
        self.interface = interface
        self.config = f"/run/{interface}.conf"
        with open(self.config, "w") as file:
            file.write(f"interface={interface}\nbridge=br0\ndriver=nl80211\n"
                       f"ctrl_interface=/run/hostapd\nssid=Quay\nhw_mode=g\nchannel={channel}\n"
                       "wpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP\n"
                       "wpa_passphrase=over the river\n")

    def start(self):
        ap(f"hostapd -B -P /run/{self.interface}.pid -f {OUT}hostapd.{self.interface} {self.config}")
        self.is_running = True

    def stop(self):
        """With a word of farewell."""
        self.is_running = False
        sh(f"kill $(cat /run/{self.interface}.pid)")
        wait_for("hostapd has ended", lambda: "no" in sh(
            f"ps -o pid= -C hostapd -o args= | grep -q {self.interface} || echo no"))

    def set_range(self, group):
        """Radios hear each other when they have a group in common."""
        sh(f"echo {group} >/sys/kernel/debug/ieee80211/{RADIO[self.interface]}/hwsim/group")

    def bssid(self):
        return ap(f"cat /sys/class/net/{self.interface}/address").strip()

    def kick(self):
        station = sh("cat /sys/class/net/wlan0/address").strip()
        ap(f"hostapd_cli -p /run/hostapd -i {self.interface} deauthenticate {station}")


def start_access_points():
    sh("""modprobe mac80211_hwsim radios=3
        until [ -e /sys/class/net/wlan2 ]; do sleep 0.05; done
        iw phy phy1 set netns name ap; iw phy phy2 set netns name ap""")
    ap("ip link add br0 type bridge"); ap("ip address add 10.10.0.1/24 dev br0")
    ap("ip link set br0 up")
    first, second = AccessPoint("wlan1", 1), AccessPoint("wlan2", 6)
    first.start()
    ap("dnsmasq --port=0 --no-ping --interface=br0 --bind-dynamic "
       "--dhcp-range=10.10.0.10,10.10.0.99")
    return first, second


class Modem:
    """ppp0, over a pseudo terminal, to a peer in the namespace `cell`."""

    def start(self):
        self.line = subprocess.Popen(["socat", "PTY,link=/run/modem,raw,echo=0",
                                      "PTY,link=/run/tower,raw,echo=0"])
        sh("until [ -e /run/modem ] && [ -e /run/tower ]; do sleep 0.05; done")
        options = "115200 noauth local nodetach nocrtscts".split()
        self.tower = self.pppd("tower", "ip netns exec cell pppd /run/tower".split() + options +
                               ["10.20.0.1:10.20.0.2"])
        self.laptop = self.pppd("modem", ["pppd", "/run/modem"] + options +
                                ["noipdefault", "unit", "0"])
        sh("until ip -4 address show dev ppp0 2>/dev/null | grep -q 10.20.0.2; do sleep 0.1; done")
        # pppd adds no default route beside another.
        sh("ip route replace default dev ppp0 metric 800")

    def pppd(self, name, command):
        return subprocess.Popen(command, stdout=open(OUT + name, "a"), stderr=subprocess.STDOUT)

    def hang_up(self):
        self.tower.terminate()

    def end(self):
        for process in self.tower, self.laptop:
            process.wait()
        self.line.terminate()
        self.line.wait()


def start_daemons():
    os.makedirs("/etc/wherry/netmon.conf.d", exist_ok=True)
    with open("/etc/wherry/netmon.conf.d/modem.conf", "w") as file:
        file.write("[Interface wwan*]\nType=cellular\n")
    sh("""systemd-sysusers; ldconfig; systemctl reload dbus; systemctl daemon-reload
        systemctl start wherry-netmon.socket wherry-netmon.service wherry-agent.service""")


def start_network_manager():
    # It leaves a veth alone by default, and no modem: wwan0 is a veth here.
    sh("""mkdir -p /run/udev/rules.d
        echo 'SUBSYSTEM=="net", KERNEL=="wwan0", ENV{NM_UNMANAGED}="0"' >/run/udev/rules.d/99-wwan.rules
        udevadm control --reload; systemctl start NetworkManager""")
    wait_for("the WiFi in a scan", lambda: "Quay" in sh(
        "nmcli -t -f SSID device wifi list --rescan yes ifname wlan0", check=False))
    sh("nmcli device wifi connect Quay password 'over the river' ifname wlan0")


class Channel:
    """An app's, for one case: what came before is nothing to it."""

    def __init__(self, world, name, address=SERVER):
        self.world = world
        self.name = name
        self.connections = set()
        start = now()
        sh(f"wherryctl open {name} ws://{address}:8080/sink/{name}")
        self.opened(start)
        self.come_to("connected")

    def opened(self, start, peer=""):
        """Waits for its first new connection to the server; returns when that stood."""
        event = self.world.server.wait(
            f"a connection of {self.name} from {peer or 'anywhere'}", start,
            lambda e: self.is_opening(e) and e["peer"].startswith(peer))[1]
        self.connection = event["connection"]
        self.connections.add(self.connection)
        return event["usec"] / 1e6

    def is_opening(self, event):
        return event["event"] == "open" and event["text"] == f"/sink/{self.name}"

    def come_to(self, state, interface=""):
        """Waits until it is so, and returns since when."""
        facts = self.world.monitor.channels
        self.world.monitor.come_to(
            f"{self.name} is {state} {interface}", lambda: self.name in facts and
            facts[self.name]["state"] == state and
            facts[self.name]["path"].get("interface", "").startswith(interface))
        since = datetime.fromisoformat(facts[self.name]["since"].replace("Z", "+00:00"))
        return boottime(since.timestamp())

    def back_over(self, interface, start):
        """Waits for its new connection; returns when that stood."""
        at = self.opened(start, BY[interface])
        self.come_to("connected", interface)
        return at

    def turned(self, state, start):
        """When the monitor told that it came to this state."""
        return self.world.monitor.wait(
            f"{self.name} turns {state}", start, lambda e: e["event"] == "channel" and
            e["channel"] == self.name and (e["properties"] or {}).get("state") == state)[0]

    def openings(self, start):
        return self.world.server.since(start, self.is_opening)

    def stayed(self, start):
        """Nothing has happened to it."""
        server = self.world.server.since(start, lambda e: self.is_opening(e) or (
            e["event"] == "close" and e["connection"] in self.connections))
        told = self.world.monitor.since(
            start, lambda e: e["event"] == "channel" and e["channel"] == self.name and
            "state" in (e["properties"] or {}))
        assert not server + told, server + told

    def delivers(self, text, connection=None):
        """Returns when the server had it, over this connection."""
        start = now()
        sh(f"wherryctl send {self.name} {text}")
        at, event = self.world.server.wait(f"the message {text}", start, lambda e:
                                           e["event"] == "message" and e["text"] == text)
        assert connection in (None, event["connection"]), event
        return at

    def close(self):
        sh(f"wherryctl close {self.name}", check=False)


class World:
    def __init__(self):
        start = now()
        self.kernel = Kernel()
        self.server = start_server()
        self.access_point, self.second = start_access_points()
        start_daemons()
        self.monitor = Monitor()
        self.modem = Modem()
        start_network_manager()
        self.modem.start()
        self.home()
        figure(f"the world stands after {now() - start:.1f} s")

    def home(self):
        """WiFi is the path, and the modem stands by; also after a case that failed."""
        if not self.access_point.is_running:
            self.access_point.start()
        self.access_point.set_range(1)
        try:
            self.goes_over("wlan0", 15)
        except TimeoutError:
            sh("ip link set wlan0 up; nmcli device connect wlan0", check=False)
            self.goes_over("wlan0")
        self.stands_by("ppp0")

    def goes_over(self, interface, seconds=WAIT_SEC):
        self.monitor.come_to(f"{interface} is the path",
                             lambda: self.monitor.goes_over(interface), seconds)
        return now()

    def stands_by(self, interface):
        self.monitor.come_to(f"{interface} stands by",
                             lambda: interface in self.monitor.alternatives())

    def path_told(self, what, start, condition, seconds=WAIT_SEC):
        """When a change was told of which it holds."""
        return self.monitor.wait(what, start, lambda e: e["event"] == "path" and condition(e),
                                 seconds)[0]

    def network_told(self, name, start):
        return self.monitor.wait(name, start, lambda e: e["event"] == "network" and
                                 name in e["properties"])[1]["properties"][name]

    def was_never_offline(self, start):
        told = self.monitor.since(start, lambda e: e["event"] == "path" and
                                  e["new"]["state"] != "routed")
        assert not told, told
