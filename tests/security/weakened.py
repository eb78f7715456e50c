#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds of the library from which exactly one protection has been taken away, and whether the tests notice.

    weakened.py --check REPOSITORY                  whether each patch of weakened/ can still be made, and its tests are
                                                    there; builds nothing
    weakened.py --self-test                         checks that check with wrong patches
    weakened.py --run REPOSITORY DIRECTORY [NAME…]  makes them one after the other in a copy of the source below
                                                    DIRECTORY, runs their tests, and prints a table; fails if one stays
                                                    green. As root; takes a minute for each.

A race may have to be run more than once until it is lost: a test has some tries, and the later ones are longer.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from check_security_map import read_sources
from patch import PatchError, parse, patched, read_patches

RINGS = {"root": "dunnage_root_tests", "unit": "dunnage_unit_tests", "crash": "dunnage_crash_tests",
         "clock": "clock/dunnage_clock_tests"}
SECONDS_OF_TRIES = [0, 10, 60]  # of racing; 0 is what every run does
CRASHES_OF_SECOND = 10  # a test that kills at each call is given so many
SKIPPED = 77  # how a test program ends that has run nothing
LONGEST = 280  # seconds of a test that hangs
OPTIONS = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 -g1 -DNDEBUG",
           "-DCMAKE_UNITY_BUILD=ON", "-DDUNNAGE_BUILD_EXAMPLES=OFF", "-DDUNNAGE_BUILD_PYTHON=OFF",
           "-DDUNNAGE_BUILD_BENCHMARKS=OFF", "-DDUNNAGE_BUILD_TESTS=ON"]


def check(patches, repository, tests):
    for patch in patches:
        try:
            patched(patch, repository)
        except PatchError as error:
            yield str(error)
        for test in patch.fails:
            ring, _, name = test.partition(": ")
            if ring not in RINGS:
                yield f'{patch.name}: "{ring}" is no ring that is built here'
            if name not in tests:
                yield f'{patch.name}: there is no test "{name}"'


def run(arguments, **options):
    return subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, **options)


def copy_changed(repository, source):
    """What a build made before has compiled keeps its time, as long as it is the same."""
    wanted = set()
    for folder, names, files in os.walk(repository):
        names[:] = [name for name in names if name not in (".git", "__pycache__") and not name.startswith("build")]
        for file in files:
            path = (Path(folder) / file).relative_to(repository)
            wanted.add(path)
            copy = source / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.is_file() or copy.read_bytes() != (repository / path).read_bytes():
                shutil.copyfile(repository / path, copy)
                shutil.copymode(repository / path, copy)
    for path in [path for path in source.rglob("*") if path.is_file() and path.relative_to(source) not in wanted]:
        path.unlink()


class Build:
    def __init__(self, repository, directory):
        self.repository, self.source, self.build = repository, directory / "source", directory / "build"
        copy_changed(repository, self.source)
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        run(["cmake", "-S", str(self.source), "-B", str(self.build), *OPTIONS, *launcher])

    def make(self, rings):
        run(["ninja", "-C", str(self.build), "-j", os.environ.get("DUNNAGE_BUILD_JOBS", "2"),
             *sorted({Path(RINGS[ring]).name for ring in rings})])

    def put(self, texts):
        for path, text in texts.items():
            (self.source / path).write_text(text, encoding="utf-8")

    def outcome(self, test, seconds):
        """"green", "red" or "skipped". What hangs is red."""
        ring, _, name = test.partition(": ")
        words = [str(self.build / "tests" / RINGS[ring]), "--abort", "-w", "NoTests", name.replace(",", "\\,").replace("[", "\\[")]
        environment = {**os.environ, "DUNNAGE_ATTACK_SECONDS": str(seconds)}
        if seconds > 0:
            environment["DUNNAGE_CRASHES"] = str(seconds * CRASHES_OF_SECOND)
        try:
            code = subprocess.run(words, env=environment, timeout=LONGEST, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, check=False).returncode
        except subprocess.TimeoutExpired:
            return "red"
        return {0: "green", SKIPPED: "skipped"}.get(code, "red")

    def verdict(self, test):
        """How it went red, or that it did not."""
        for number, seconds in enumerate(SECONDS_OF_TRIES, 1):
            begin = time.monotonic()
            outcome = self.outcome(test, seconds)
            if outcome == "red":
                return f"red in try {number}, {time.monotonic() - begin:.1f} s"
        return outcome.upper()


def run_all(repository, directory, names):
    patches = [patch for patch in read_patches(repository / "tests" / "security" / "weakened")
               if not names or patch.name in names]
    build = Build(repository, directory)
    rings = {test.partition(": ")[0] for patch in patches for test in patch.fails}
    build.make(rings)
    whole = {test: build.outcome(test, 0) for test in sorted({test for patch in patches for test in patch.fails})}
    failed = [test for test, outcome in whole.items() if outcome != "green"]
    print("| weakened build | test | whole library | weakened |\n|---|---|---|---|", flush=True)
    for patch in patches:
        build.put(patched(patch, repository))
        try:
            build.make({test.partition(": ")[0] for test in patch.fails})
            verdicts = {test: build.verdict(test) for test in patch.fails}
        except subprocess.CalledProcessError:
            verdicts = {test: "NOT BUILT" for test in patch.fails}
        build.put({path: (repository / path).read_text(encoding="utf-8") for path in patch.files})
        for test, verdict in verdicts.items():
            print(f"| {patch.name} | {test} | {whole[test]} | {verdict} |", flush=True)
            failed += [test] if not verdict.startswith("red") else []
    return 1 if failed else 0


RIGHT = """Takes away: a word.
Fails: root: a test

--- a/file
+++ b/file
@@ -1,2 +1,2 @@
 one
-two
+too
"""
WRONG = {
    'x: what change 1 of file is about is there 0 times': ("-two", "-three"),
    'x: there is no other': ("b/file", "b/other"),
    'x: there is no test "another"': ("a test", "another"),
    'x: "unit tests" is no ring that is built here': ("root:", "unit tests:"),
    'x: it wants a line "Takes away: …", lines "Fails: …" and a diff': ("Fails:", "Fail:"),
    'x: no line of a diff: three': ("+too", "+too\nthree"),
}


def self_test(directory):
    (directory / "file").write_text("zero\none\ntwo\n", encoding="utf-8")

    def faults_of(text):
        try:
            return list(check([parse("x", text)], directory, {"a test"}))
        except PatchError as error:
            return [str(error)]

    faults = [f"the right one: {fault}" for fault in faults_of(RIGHT)]
    if patched(parse("x", RIGHT), directory) != {"file": "zero\none\ntoo\n"}:
        faults.append("the right one is not made")
    for expected, (before, after) in WRONG.items():
        if expected not in faults_of(RIGHT.replace(before, after)):
            faults.append(f"not found: {expected}")
    return faults


def main(arguments):
    if arguments == ["--self-test"]:
        import tempfile
        with tempfile.TemporaryDirectory() as directory:
            faults = self_test(Path(directory))
        print("\n".join(faults) or "every wrong patch is found")
        return 1 if faults else 0
    if len(arguments) == 2 and arguments[0] == "--check":
        repository = Path(arguments[1])
        try:
            patches = read_patches(repository / "tests" / "security" / "weakened")
            faults = list(check(patches, repository, read_sources(repository).tests))
        except PatchError as error:
            patches, faults = [], [str(error)]
        print("\n".join(faults) or f"{len(patches)} weakened builds can be made")
        return 1 if faults else 0
    if len(arguments) >= 3 and arguments[0] == "--run":
        return run_all(Path(arguments[1]).resolve(), Path(arguments[2]).resolve(), arguments[3:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
