#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads ctest's JUnit file and fails if a ring that should have run was skipped as a whole, or is not there.

    check_rings.py RESULTS.xml RING...          RING may be RING?, which may be skipped: it is then said loudly
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from pathlib import Path


def ring_of(case):
    for prop in case.iter("property"):
        if prop.get("name") == "cmake_labels":
            return prop.get("value").split(";")[0]
    return case.get("name").split(":")[0].split(" ")[0]


def outcome_of(case):
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        return "skipped"
    return "failed" if case.find("failure") is not None or case.get("status") == "fail" else "passed"


def reason_of(case):
    for line in (case.findtext("system-out") or "").splitlines():
        if line.startswith("SKIPPED: "):
            return line[len("SKIPPED: "):]
    return "no reason given"


def tally(root):
    counts = defaultdict(Counter)
    reasons = defaultdict(Counter)
    for case in root.iter("testcase"):
        ring, outcome = ring_of(case), outcome_of(case)
        counts[ring][outcome] += 1
        if outcome == "skipped":
            reasons[ring][reason_of(case)] += 1
    return counts, reasons


def check(counts, reasons, wanted):
    """The lines to print, and whether the run is good."""
    lines, good = [], True
    for ring in [*wanted, *(ring for ring in counts if ring not in wanted)]:
        seen = counts[ring]
        lines.append(f"{ring:<10} {seen['passed']:>5} passed {seen['failed']:>5} failed {seen['skipped']:>5} skipped")
        lines += [f"             {number} skipped: {why}" for why, number in reasons[ring].most_common()]
        if seen["failed"]:
            good = False
        if ring in wanted and seen["passed"] + seen["failed"] == 0:
            if wanted[ring]:
                lines.append(f"ERROR: no test of the ring \"{ring}\" ran")
                good = False
            else:
                lines.append(f"*** THE RING \"{ring}\" WAS NOT TESTED AT ALL; run as root to test it ***")
    return lines, good


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    if not Path(arguments[0]).exists():
        print(f"ERROR: there are no results in {arguments[0]}; ctest did not get to its end")
        return 1
    wanted = {name.rstrip("?"): not name.endswith("?") for name in arguments[1:]}
    lines, good = check(*tally(ElementTree.parse(arguments[0]).getroot()), wanted)
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
