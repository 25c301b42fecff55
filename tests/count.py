# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints a line a test of a meson test log: "ok NAME", "not ok NAME" or "skip NAME: why"."""

import json
import re
import sys

TAP = re.compile(r"^(ok|not ok)\b[ \t]*\d*[ \t]*-?[ \t]*(.*)$", re.MULTILINE)
SKIP = re.compile(r"#\s*SKIP\b\s*(.*)", re.IGNORECASE)


def results(test):
    """The results of one program: its subtests in the Test Anything Protocol, or its exit status."""
    name = test["name"]
    failed = test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
    seen_failure = False
    subtests = TAP.findall(test.get("stdout") or "") if test["result"] != "SKIP" else []
    for word, text in subtests:
        skip = SKIP.search(text)
        if skip:
            yield f"skip {name} {text[: skip.start()].strip()}: {skip.group(1)}"
        else:
            seen_failure = seen_failure or word == "not ok"
            yield f"{word} {name} {text.split('  ')[0]}"
    if failed and not seen_failure:
        yield f"not ok {name}: {test['result'].lower()}"
    elif not subtests:
        yield f"skip {name}" if test["result"] == "SKIP" else f"ok {name}"


with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        for result in results(json.loads(line)):
            print(result.replace("\n", " "))
