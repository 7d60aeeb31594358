"""Checks a report of the Autobahn test suite against the committed verdicts.

Usage: verdicts.py INDEX_JSON VERDICTS_TSV [--write]

$SUITE is the version of the suite, as it prints it.

Fails on any verdict but OK and INFORMATIONAL, on a report without cases, and on a case whose verdict differs from the
committed one. With --write the committed verdicts are replaced, if the report has only OK and INFORMATIONAL.
"""

import collections
import json
import os
import pathlib
import re
import sys

GOOD = {"OK", "INFORMATIONAL"}


def read_report(path):
    """By case: the verdict on the behaviour, and on the close. The report must be about one server."""
    agents = json.loads(path.read_text())
    if len(agents) != 1:
        sys.exit(f"{path} has {len(agents)} servers instead of one")
    (cases,) = agents.values()
    if not cases:
        sys.exit(f"{path} has no cases")
    return {case: (verdict["behavior"], verdict["behaviorClose"]) for case, verdict in cases.items()}


def read_committed(path):
    if not path.exists():
        return {}
    rows = (line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {case: (behaviour, close) for case, behaviour, close in rows}


def in_order(case):
    return [int(number) for number in case.split(".")]


def versions():
    """The versions in the lock file of the crates that the verdicts depend on."""
    lock = pathlib.Path("Cargo.lock").read_text()
    names = ("server", "tokio-tungstenite", "tungstenite", "flate2", "zlib-rs")
    return ", ".join(f"{name} " + re.search(rf'name = "{name}"\nversion = "([^"]+)"', lock)[1] for name in names)


def write(path, verdicts):
    lines = [
        "# Written by: cargo xtask conformance --full --write",
        f"# Suite: {os.environ['SUITE']}",
        f"# Server: {versions()}",
        "# case, behaviour, behaviour on close",
    ]
    lines += ["\t".join((case, *verdicts[case])) for case in sorted(verdicts, key=in_order)]
    path.write_text("\n".join(lines) + "\n")


def main():
    index, committed_path = map(pathlib.Path, sys.argv[1:3])
    verdicts = read_report(index)
    committed = read_committed(committed_path)
    print(f"{len(verdicts)} cases:", dict(collections.Counter(behaviour for behaviour, _ in verdicts.values())))
    faults = [f"{case} {behaviour}, close {close}" for case, (behaviour, close) in verdicts.items() if {behaviour, close} - GOOD]
    if faults:
        sys.exit("not OK:\n  " + "\n  ".join(faults))
    if "--write" in sys.argv:
        write(committed_path, verdicts)
        print(f"wrote {committed_path}")
        return
    changed = [case for case in verdicts if committed.get(case) != verdicts[case]]
    if changed:
        sys.exit(f"differs from {committed_path}: " + ", ".join(sorted(changed, key=in_order)))
    print(f"as in {committed_path}")


main()
