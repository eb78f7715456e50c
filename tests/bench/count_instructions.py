#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of the host's half of a launch, which no other machine and no load changes.

    count_instructions.py check  PROGRAM COMPILER FLAGS     fails if a part takes a tenth more than instructions.txt says
    count_instructions.py update PROGRAM COMPILER FLAGS     writes instructions.txt

PROGRAM is launch_counts_bench; the build's targets check_instructions and update_instructions know the rest. The
numbers hold for one compiler, its flags, units that are joined as in tests/run.sh, and one distribution; elsewhere the
check is skipped (77) and says so.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PARTS = ["texts", "resolve", "specification", "describe", "send"]
NUMBERS = Path(__file__).with_name("instructions.txt")
MORE = 1.10
SKIPPED = 77


def count(program, part):
    # the C library chooses by the processor how it copies
    environment = {"PATH": os.environ["PATH"], "TMPDIR": "/tmp", "HOME": "/",
                   "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512VL,-ERMS,-FSRM"}
    with tempfile.TemporaryDirectory() as directory:
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/out",
                              "--toggle-collect=dunnage_counted", program, part],
                             env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        sys.exit(f"valgrind has failed:\n{run.stderr}")
    return int(found.group(1))


def conditions(compiler, flags):
    """What the numbers depend on, without what does not change the code."""
    first = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    system = f'{release["ID"]} {release.get("VERSION_ID", "")}'.replace('"', "").strip()
    kept = sorted(flag for flag in flags.split() if not re.match(r"-g\d?$|-W|-f(diagnostics|no-diagnostics)", flag))
    return {"compiler": re.sub(r"^\S+ ", "", first), "flags": " ".join(kept), "system": f"{system} {os.uname().machine}"}


def read():
    lines = [line for line in NUMBERS.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split(": ", 1) for line in lines)


def update(program, known):
    text = "# Instructions of the host's half of a launch with 100 binds, counted by callgrind; see count_instructions.py.\n"
    text += "".join(f"{name}: {value}\n" for name, value in known.items())
    text += "".join(f"{part}: {count(program, part)}\n" for part in PARTS)
    NUMBERS.write_text(text)
    print(text, end="")
    return 0


def check(program, known):
    kept = read()
    for name, value in known.items():
        if kept[name] != value:
            print(f"SKIPPED: the numbers are those of {name} \"{kept[name]}\", and this is \"{value}\"")
            return SKIPPED
    good = True
    for part in PARTS:
        now, before = count(program, part), int(kept[part])
        good = good and now <= before * MORE
        print(f"{part:<14} {now:>9,} instructions, {(now / before - 1) * 100:+.1f} %")
    if not good:
        print("More than a tenth more. If that is wanted, build the target update_instructions and say why.")
    return 0 if good else 1


def main(arguments):
    if len(arguments) != 4 or arguments[0] not in ("check", "update"):
        print(__doc__, file=sys.stderr)
        return 2
    if shutil.which("valgrind") is None:
        print("SKIPPED: valgrind is not installed")
        return SKIPPED
    verb, program, compiler, flags = arguments
    return {"check": check, "update": update}[verb](program, conditions(compiler, flags))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
