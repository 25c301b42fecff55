# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shows a channel that moves from WiFi to cellular and back while messages flow.

Builds two network namespaces, a laptop with two uplinks and a server; starts a private bus, both
daemons and a real WebSocket server; cuts the first uplink, brings it back, and counts. The exit
status is 0 only if every message arrived, in order, none was processed twice, and what was repeated
on the wire had been in flight at a cut.
"""

import json
import os
import queue
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

PACKAGING = os.path.dirname(os.path.abspath(__file__))
SERVER_ADDRESS = "203.0.113.1"
PORT = 8080
RTMGRP_LINK, RTM_NEWLINK, IFF_LOWER_UP = 1, 16, 0x10000
WAIT_SECONDS = 20


def now_usec():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def run(*command):
    subprocess.run(command, check=True)


class Lines:
    """A child whose output comes as JSON lines, kept in order, each with a key "seen_usec"."""

    def __init__(self, *command, **options):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        self.all = []
        self.new = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            item = json.loads(line)
            item["seen_usec"] = now_usec()
            self.all.append(item)
            self.new.put(item)

    def wait_for(self, what, wanted):
        """The first line, among those not taken yet, for which wanted(line) holds."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                item = self.new.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise SystemExit(f"demo: timed out: {what}") from None
            if wanted(item):
                return item


class World:
    """The namespaces and every process in them; gone when the demo ends."""

    def __init__(self, build):
        self.build = build
        self.laptop, self.server = (f"wherry-{name}-{os.getpid()}" for name in ("laptop", "server"))
        self.directory = tempfile.mkdtemp(prefix="wherry-demo-")
        self.address = f"unix:path={self.directory}/bus"
        self.children = []

    def start(self, *command, **options):
        child = subprocess.Popen(command, **options)
        self.children.append(child)
        return child

    def lines(self, *command, **options):
        child = Lines(*command, **options)
        self.children.append(child.process)
        return child

    def on_laptop(self, *command):
        return ("ip", "netns", "exec", self.laptop, *command)

    def ctl(self, *arguments):
        return (f"{self.build}/dbus/ctl/wherryctl", f"--bus={self.address}", *arguments)

    def make_network(self):
        for name in (self.laptop, self.server):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", self.server, "address", "add", f"{SERVER_ADDRESS}/32", "dev", "lo")
        for net, name, metric in ((1, "wifi0", 100), (2, "cell0", 700)):
            run("ip", "-n", self.laptop, "link", "add", name, "type", "veth",
                "peer", "name", f"to-{name}", "netns", self.server)
            run("ip", "-n", self.laptop, "address", "add", f"10.0.{net}.2/24", "dev", name)
            run("ip", "-n", self.server, "address", "add", f"10.0.{net}.1/24", "dev", f"to-{name}")
            run("ip", "-n", self.laptop, "link", "set", name, "up")
            run("ip", "-n", self.server, "link", "set", f"to-{name}", "up")
            run("ip", "-n", self.laptop, "route", "add", "default", "via", f"10.0.{net}.1",
                "metric", str(metric))

    def start_bus(self):
        with open(f"{PACKAGING}/private-bus.conf", encoding="utf-8") as template:
            text = template.read().replace("@DIRECTORY@", self.directory)
        with open(f"{self.directory}/bus.conf", "w", encoding="utf-8") as config:
            config.write(text)
        bus = self.start("dbus-daemon", f"--config-file={self.directory}/bus.conf", "--nofork",
                         "--nopidfile", "--print-address", stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
        bus.stdout.readline()

    def start_daemons(self):
        with open(f"{self.directory}/netmon.conf", "w", encoding="utf-8") as config:
            config.write("[Interface wifi*]\nType=wifi\n[Interface cell*]\nType=cellular\n")
        self.start(*self.on_laptop(f"{self.build}/netmon/wherry-netmon", f"--bus={self.address}",
                                   f"--config={self.directory}/netmon.conf",
                                   f"--state-directory={self.directory}",
                                   f"--state-file={self.directory}/netmon.state",
                                   "--log-level=warning"))
        self.start(*self.on_laptop(f"{self.build}/agent/wherry-agent", f"--bus={self.address}",
                                   f"--state={self.directory}/state", "--log-level=warning"))

    def switch(self, uplink, up):
        """Pulls the cable at the other end, or plugs it in: routes stay as they are."""
        run("ip", "-n", self.server, "link", "set", f"to-{uplink}", "up" if up else "down")

    def end(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
        for name in (self.laptop, self.server):
            subprocess.run(("ip", "netns", "delete", name), check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.directory)


def watch_kernel():
    """In the laptop's namespace: tells each change of a carrier as the kernel announces it."""
    carriers = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.bind((0, RTMGRP_LINK))
        print(json.dumps({"event": "watching"}), flush=True)
        while True:
            data = netlink.recv(65536)
            usec = now_usec()
            while len(data) >= 32:
                length, kind = struct.unpack_from("=IH", data)
                index, flags = struct.unpack_from("=iI", data, 20)
                if kind == RTM_NEWLINK and carriers.get(index) != bool(flags & IFF_LOWER_UP):
                    carriers[index] = bool(flags & IFF_LOWER_UP)
                    print(json.dumps({"usec": usec, "event": "carrier",
                                      "interface": socket.if_indextoname(index),
                                      "carrier": carriers[index]}), flush=True)
                data = data[(length + 3) & ~3:]


class Sender:
    """Feeds wherryctl with a line every few milliseconds."""

    def __init__(self, world):
        self.child = world.lines(*world.ctl("send", "demo", "--lines", "--json"),
                                 stdin=subprocess.PIPE)
        self.uuids = []
        self.sent_usec = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stop.wait(0.004):
            self.uuids.append(str(uuid.uuid4()))
            self.sent_usec.append(now_usec())
            self.child.process.stdin.write(f"{self.uuids[-1]} message {len(self.uuids)}\n")
            self.child.process.stdin.flush()

    def finish(self):
        self.stop.set()
        self.thread.join()
        self.child.process.stdin.close()
        if self.child.process.wait() != 0:
            raise SystemExit("demo: not every message was accepted")
        while len(self.child.all) < len(self.uuids):
            time.sleep(0.01)
        return [item["id"] for item in self.child.all]


def channel_is(state):
    return lambda item: (item["event"] == "channel"
                         and item["properties"].get("state") == state)


def moved_to(interface):
    return lambda item: (item["event"] == "channel"
                         and item["properties"].get("path", {}).get("interface") == interface)


def delivered_times(monitor):
    """When each message was told to be delivered, by its id."""
    return {state["id"]: item["seen_usec"] for item in monitor.all if item["event"] == "messages"
            for state in item["states"] if state["state"] == "delivered"}


def tell(begin_usec, usec, text):
    print(f"  {(usec - begin_usec) / 1000:+9.1f} ms  {text}")


def tell_switch(title, begin_usec, end_usec, kernel, monitor, server):
    """What happened after one switch of the first uplink, in the order of time."""
    print(f"\n{title}")
    events = []
    for item in kernel.all:
        if item["event"] == "carrier":
            word = "up" if item["carrier"] else "down"
            events.append((item["usec"], f"kernel: carrier of {item['interface']} {word}"))
    for item in monitor.all:
        if item["event"] == "path":
            new = item["new"].get("primary4", {})
            usable = "usable" if new.get("usable") else f"not usable ({new.get('why')})"
            events.append((item["seen_usec"],
                           f"D-Bus: PathChanged, {new.get('interface')} {usable}"))
        elif item["event"] == "channel" and "state" in item["properties"]:
            events.append((item["seen_usec"], f"D-Bus: channel {item['properties']['state']}"))
    seen = set()
    for item in server.all:
        if item["event"] == "connected":
            events.append((item["usec"], f"server: connection from {item['peer']}"))
        elif item["event"] == "message" and begin_usec <= item["usec"] < end_usec:
            if item["peer"] not in seen:
                events.append((item["usec"], f"server: first message from {item['peer']}"))
            seen.add(item["peer"])
    for usec, text in sorted(events):
        if begin_usec <= usec < end_usec:
            tell(begin_usec, usec, text)
            if text.endswith("down") and usec - begin_usec > 50_000:
                print("                (the kernel holds the news of a lost carrier back for up to a\n"
                      "                second when another link anywhere has just changed)")


def judge(sender, ids, monitor, server, switches):
    """Counts, prints, and says whether the figures are right."""
    wire = [item for item in server.all if item["event"] == "message"]
    arrived = [item["uuid"] for item in wire if not item["repeat"]]
    delivered = delivered_times(monitor)
    repeats = [item["uuid"] for item in wire if item["repeat"]]
    lost = len(set(sender.uuids) - set(arrived))
    twice = len(arrived) - len(set(arrived))

    def was_in_flight(name):
        number = sender.uuids.index(name)
        return any(sender.sent_usec[number] <= usec <= delivered[ids[number]]
                   for usec in switches)

    strange = sum(not was_in_flight(name) for name in set(repeats))
    in_order = arrived == [name for name in sender.uuids if name in set(arrived)]
    print("\nFigures")
    print(f"  queued            {len(ids):6}")
    print(f"  delivered         {len(delivered):6}")
    print(f"  lost              {lost:6}")
    print(f"  processed twice   {twice:6}")
    print(f"  in order          {'yes' if in_order else 'NO':>6}")
    print(f"  repeated on wire  {len(repeats):6}  of them not in flight at a switch: {strange}")
    return (len(ids) == len(sender.uuids) == len(delivered) and lost == 0 and twice == 0
            and in_order and strange == 0)


def show(world):
    world.make_network()
    world.start_bus()
    server = world.lines("ip", "netns", "exec", world.server, sys.executable,
                         f"{PACKAGING}/demo_server.py", str(PORT))
    kernel = world.lines(*world.on_laptop(sys.executable, __file__, "--watch-kernel"))
    monitor = world.lines(*world.ctl("monitor", "--json"))
    world.start_daemons()
    for name in ("wherry-netmon", "wherry-agent"):
        monitor.wait_for(f"{name} on the bus", lambda item, name=name: (
            item.get("daemon") == name and item.get("state") in ("started", "running")))
    server.wait_for("the server", lambda item: item["event"] == "listening")
    kernel.wait_for("netlink", lambda item: item["event"] == "watching")

    print(f"A laptop with wifi0 and cell0, a server at {SERVER_ADDRESS} behind both.")
    run(*world.ctl("open", "demo", f"ws://{SERVER_ADDRESS}:{PORT}/"))
    monitor.wait_for("the first connection", channel_is("connected"))

    begin_usec = now_usec()
    sender = Sender(world)
    time.sleep(1)
    cut_usec = now_usec()
    world.switch("wifi0", False)
    monitor.wait_for("the connection over cell0", moved_to("cell0"))
    time.sleep(2)
    heal_usec = now_usec()
    world.switch("wifi0", True)
    monitor.wait_for("the way back to wifi0", moved_to("wifi0"))
    time.sleep(1.5)
    ids = sender.finish()
    last = ids[-1]
    deadline = time.monotonic() + WAIT_SECONDS
    while last not in delivered_times(monitor) and time.monotonic() < deadline:
        time.sleep(0.02)

    print(f"\nMessages flow for {(now_usec() - begin_usec) / 1e6:.1f} s. Times are from the switch.")
    tell_switch("wifi0 is cut, its route stays", cut_usec, heal_usec, kernel, monitor, server)
    tell_switch("wifi0 comes back", heal_usec, now_usec(), kernel, monitor, server)
    # A connection may end, and another take over, at any of these times.
    switches = [cut_usec, heal_usec] + [item["usec"] for item in server.all
                                        if item["event"] == "connected"]
    return judge(sender, ids, monitor, server, switches)


def main():
    if sys.argv[1] == "--watch-kernel":
        watch_kernel()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    world = World(sys.argv[1])
    try:
        right = show(world)
    finally:
        world.end()
    print("\nAll as promised." if right else "\nNOT as promised.")
    sys.exit(0 if right else 1)


main()
