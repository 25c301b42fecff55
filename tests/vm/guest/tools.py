# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the cases are written with: commands, and programs that tell what happens."""
import json
import re
import subprocess
import threading
import time
from datetime import datetime, timezone

OUT = "/opt/test/out/"
WAIT_SEC = 30


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def figure(text):
    print(f"# {text}", flush=True)


def sh(command, check=True):
    done = subprocess.run(["/bin/sh", "-ec", command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stdout}")
    return done.stdout


def wait_for(what, condition, seconds=WAIT_SEC):
    """Of what no program tells the news."""
    deadline = now() + seconds
    while not (value := condition()):
        if now() > deadline:
            raise TimeoutError(f"did not come to it in {seconds} s: {what}")
        time.sleep(0.05)
    return value


class Lines(threading.Thread):
    """What a program tells, line by line, each with the time when it came. Kept in a log."""

    def __init__(self, name, *command):
        super().__init__(daemon=True)
        self.log = open(OUT + name, "w", buffering=1)
        self.seen = []
        self.news = threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        self.start()

    def parse(self, came, line):
        return came, json.loads(line)

    def run(self):
        for line in self.process.stdout:
            came = now()
            self.log.write(f"{came:.6f} {line}")
            with self.news:
                entry = self.parse(came, line)
                if entry:
                    self.seen.append(entry)
                    self.news.notify_all()

    def since(self, start, condition=lambda entry: True):
        with self.news:
            return [(at, entry) for at, entry in self.seen if at >= start and condition(entry)]

    def come_to(self, what, condition, seconds=WAIT_SEC):
        deadline = now() + seconds
        with self.news:
            while not (value := condition()):
                if now() >= deadline:
                    raise TimeoutError(f"did not come in {seconds} s: {what}")
                self.news.wait(deadline - now())
        return value

    def wait(self, what, start, condition, seconds=WAIT_SEC):
        """The first since then for which it holds."""
        return self.come_to(what, lambda: next(iter(self.since(start, condition)), None), seconds)


def boottime(real):
    return real - time.time() + now()


class Monitor(Lines):
    """wherryctl monitor, and what is true by what it has told."""

    def __init__(self):
        self.net = {}
        self.channels = {}
        super().__init__("monitor", "wherryctl", "monitor", "--json")

    def parse(self, came, line):
        entry = json.loads(line)
        if entry["event"] == "path":
            self.net = entry["new"]
        elif entry["event"] == "channel" and entry["properties"]:
            self.channels.setdefault(entry["channel"], {}).update(entry["properties"])
        return came, entry

    def goes_over(self, interface):
        way = self.net.get("primary4", {})
        return way.get("interface") == interface and way["usable"]

    def alternatives(self):
        return [way["interface"] for way in self.net.get("alternatives4", [])]


class Kernel(Lines):
    """What the kernel tells of links and WiFi, with the time when a listener of real-time priority
    had read it."""

    def __init__(self):
        super().__init__("kernel", "chrt", "-f", "20", "/bin/sh", "-c",
                         "iw event -t & exec ip -ts monitor link address")

    def parse(self, came, line):
        if match := re.match(r"\[(\S+)\] (.*)", line):
            real = datetime.fromisoformat(match[1]).replace(tzinfo=timezone.utc).timestamp()
        elif match := re.match(r"(\d+\.\d+): (.*)", line):
            real = float(match[1])
        else:
            return None
        return boottime(real), match[2]

    def lost(self, start, interface):
        """When it first said that the link is gone."""
        def says(line):
            return re.search(rf"\b{interface}\b", line) and any(word in line for word in (
                "NO-CARRIER", "state DOWN", "Deleted", "disconnected", " deauth "))
        return self.wait(f"the kernel's word that {interface} is lost", start, says)[0]
