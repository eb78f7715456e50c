#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the map of what the promise rests on (README.md here) against the tests there are, and the page for users
(src/SECURITY.md) against the map.

    check_security_map.py REPOSITORY    prints every row that is missing, twice there, without a reason, or names a test
                                        or a file that is not there, and what the page promises in other words than the
                                        map; fails if there is one
    check_security_map.py --self-test   checks the checker with a map of wrong rows, and a page of wrong promises
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from patch import read_patches

NUMBERS = [*(f"I-{number}" for number in range(1, 45)), *(f"P-{number}" for number in [*range(1, 62), 70, 80, 81]),
           *(f"T-{number}" for number in range(1, 12))]
PROMISES = [f"R{number}" for number in range(1, 8)]
STATES = {"whole", "part", "none", "not ours"}
# Checks of the source, which need no build to be broken: tests of their own break each of their rules.
CHECKS = {"who gives the kernel a path has a reason", "includes go one way"}


class Row(NamedTuple):
    number: str
    held_by: str  # of invariants
    state: str
    tests: list
    weakened: str  # of attacks and benches
    missing: str


class Sources(NamedTuple):
    tests: set
    files: set  # below src, with the folders they are in
    weakened: set  # names of files of tests that say what to take away by hand
    patches: dict  # names of weakened builds: the tests that have to fail there


def rows_in(text):
    for line in text.splitlines():
        if not re.match(r"\| [A-Z]-\d+ \|", line):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 6:
            yield Row(cells[0], "", f"{len(cells)} cells", [], "none", "")
        elif cells[0].startswith("I"):
            yield Row(cells[0], cells[2], cells[3], re.findall(r"`([^`]+)`", cells[4]), "none", cells[5])
        else:
            yield Row(cells[0], "", cells[2], re.findall(r"`([^`]+)`", cells[3]), cells[4], cells[5])


def check_row(row, sources):
    if row.state not in STATES:
        yield f'"{row.state}" is no state; they are {", ".join(sorted(STATES))}'
        return
    if row.state in ("whole", "part") and not row.tests:
        yield f'it is "{row.state}" and names no test'
    if row.state in ("none", "not ours") and row.tests:
        yield f'it is "{row.state}" and names tests'
    if row.state == "whole" and row.missing:
        yield 'it is "whole", and something is missing'
    if row.state != "whole" and len(row.missing.split()) < 3:
        yield "it is not proven as a whole, and does not say why"
    for test in row.tests:
        if test not in sources.tests:
            yield f'there is no test "{test}"'
    for file in re.findall(r"`([\w./]+)`", row.held_by):
        if file not in sources.files:
            yield f"there is no {file}"
    yield from check_weakened(row, sources)


def check_weakened(row, sources):
    if row.weakened.startswith("by hand: "):
        for file in row.weakened.removeprefix("by hand: ").split(", "):
            if file not in sources.weakened:
                yield f'"{file}" is no file of tests that says how to weaken the library'
    elif row.weakened != "none":
        for name in row.weakened.split(", "):
            tests = sources.patches.get(name.strip("`"))
            if tests is None or name != f"`{name.strip('`')}`":
                yield f'"{name}" is no weakened build'
            elif not set(tests) & set(row.tests):
                yield f"no test that {name} fails is in it"


def check_broken(row, sources):
    """Of each invariant there is a build, or a rule of a check, that breaks it, and a test of it fails then."""
    broken = CHECKS.union(*sources.patches.values())
    if row.number.startswith("I") and row.tests and not broken & set(row.tests):
        yield "no weakened build fails a test of it"


def check(text, sources, numbers):
    rows = list(rows_in(text))
    for number in numbers:
        count = sum(row.number == number for row in rows)
        if count != 1:
            yield f"{number}: it has {count} rows"
    for row in rows:
        if row.number not in numbers:
            yield f"{row.number}: there is no such number"
        faults = [*check_row(row, sources), *check_broken(row, sources)]
        yield from (f"{row.number}: {fault}" for fault in faults)
    for name in sources.patches:
        if not any(f"`{name}`" in row.weakened for row in rows):
            yield f"no row names the weakened build `{name}`"
    named = {(row.number, test) for row in rows for test in row.tests}
    for test in sorted(sources.tests):
        number = re.match(r"(P-\d+): ", test)
        if number and (number.group(1), test) not in named:
            yield f'{number.group(1)}: the test "{test}" is not in its row'


def sentences_of(text):
    """What the map says of each invariant."""
    return dict(re.findall(r"^\| (I-\d+) \| ([^|]*?) \|", text, re.MULTILINE))


def check_page(page, text, sources, promises):
    """The page has each invariant once, in the words of the map, and each promise of the store with tests there are."""
    said = re.findall(r"^- \*\*(I-\d+)\*\* (.*)$", page, re.MULTILINE)
    sentences = sentences_of(text)
    for number in sorted({*sentences, *(number for number, _ in said)}, key=lambda name: int(name[2:])):
        found = [sentence for name, sentence in said if name == number]
        if number not in sentences:
            yield f"{number}: the page promises it, and the map does not have it"
        elif found != [sentences[number]]:
            yield f"{number}: the page does not say once what the map says"
    rows = re.findall(r"^\| (R\d+) \|([^|]*)\|([^|]*)\|", page, re.MULTILINE)
    if [number for number, _, _ in rows] != promises:
        yield f"the page has the promises {[number for number, _, _ in rows]}"
    for number, promise, tests in rows:
        named = re.findall(r"`([^`]+)`", tests)
        if not promise.strip() or not named:
            yield f"{number}: it says nothing, or names no test"
        yield from (f'{number}: there is no test "{test}"' for test in named if test not in sources.tests)
        for invariant in re.findall(r"I-\d+", promise):
            if invariant not in sentences:
                yield f"{number}: it rests on {invariant}, which the map does not have"


def cases_in(text):
    """The sentences of Catch2's test cases; a long one may be of several literals."""
    for match in re.finditer(r'^\s*TEST_CASE\(\s*((?:"(?:\\.|[^"\\])*"\s*)+)', text, re.MULTILINE):
        yield "".join(re.findall(r'"((?:\\.|[^"\\])*)"', match.group(1)))


def read_sources(repository):
    tests, weakened = set(), set()
    for file in (repository / "tests").rglob("*.cpp"):
        text = file.read_text(encoding="utf-8")
        tests.update(cases_in(text))
        if "weakened library" in text:
            weakened.add(file.name)
    for file in [*(repository / "tests").rglob("*.py"), *(repository / "bindings").rglob("test_*.py")]:
        tests.update(f"{file.name}::{name}"
                     for name in re.findall(r"^\s*def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE))
    for file in (repository / "tests").rglob("CMakeLists.txt"):
        tests.update(name.partition(": ")[2]
                     for name in re.findall(r'add_test\(NAME "([^"$]+)"', file.read_text(encoding="utf-8")))
    source_root = repository / "src"
    files = {path.relative_to(source_root).as_posix() for path in source_root.rglob("*")}
    files |= {path.relative_to(repository).as_posix() for path in (repository / "tests").rglob("*")}
    patches = {patch.name: [test.partition(": ")[2] for test in patch.fails]
               for patch in read_patches(repository / "tests" / "security" / "weakened")}
    return Sources(tests, files, weakened, patches)


SELF_TEST_SOURCES = Sources({"a test", "P-1: an attack", "another"}, {"kernel", "kernel/a.cpp"}, {"a_test.cpp"},
                            {"without-a": ["another"]})
RIGHT = """
| number | it says | held by | state | proven by | missing |
| I-1 | x | `kernel/a.cpp`, `kernel` | whole | `a test`<br>`another` | |
| P-1 | x | part | `P-1: an attack` | by hand: a_test.cpp | no second try is made |
| P-2 | x | none | | none | nobody has written one |
| P-3 | x | whole | `a test`<br>`another` | `without-a` | |
| T-1 | x | not ours | | none | there is nothing like it |
"""
WRONG = {
    "I-1: it has 0 rows": ("| I-1 |", "| I-7 |"),
    "I-7: there is no such number": ("| I-1 |", "| I-7 |"),
    "P-2: it has 2 rows": ("| T-1 |", "| P-2 |"),
    'I-1: there is no test "a tests"': ("`a test`", "`a tests`"),
    "I-1: there is no kernel/b.cpp": ("kernel/a.cpp", "kernel/b.cpp"),
    'I-1: it is "whole" and names no test': ("`a test`<br>`another`", ""),
    'I-1: it is "whole", and something is missing': ("`another` | |", "`another` | all of it else |"),
    "I-1: no weakened build fails a test of it": ("`a test`<br>`another` | |", "`a test` | |"),
    "P-1: it is not proven as a whole, and does not say why": ("no second try is made", ""),
    'P-1: "b_test.cpp" is no file of tests that says how to weaken the library': ("a_test.cpp", "b_test.cpp"),
    'P-3: "`without-b`" is no weakened build': ("without-a", "without-b"),
    'P-3: "without-a" is no weakened build': ("`without-a`", "without-a"),
    "P-3: no test that `without-a` fails is in it": ("`another` | `without-a`", "`a test` | `without-a`"),
    "no row names the weakened build `without-a`": ("`without-a`", "none"),
    'P-1: the test "P-1: an attack" is not in its row': ("`P-1: an attack`", "`a test`"),
    "P-2: it is not proven as a whole, and does not say why": ("nobody has written one", "later"),
    'P-2: it is "none" and names tests': ("none | | none | nobody", "none | `a test` | none | nobody"),
    'T-1: "done" is no state; they are none, not ours, part, whole': ("not ours", "done"),
    'T-1: "5 cells" is no state; they are none, not ours, part, whole': ("| not ours | |", "| not ours |"),
}
RIGHT_PAGE = """
- **I-1** x
| R1 | it is so: I-1. | `a test` | |
| R2 | and so | `another`<br>`a test` | |
"""
WRONG_PAGE = {
    "I-1: the page does not say once what the map says": ("**I-1** x", "**I-1** y"),
    "I-9: the page promises it, and the map does not have it": ("- **I-1** x", "- **I-1** x\n- **I-9** z"),
    "the page has the promises ['R1']": ("| R2 |", "| two |"),
    "R2: it says nothing, or names no test": ("`another`<br>`a test`", "none"),
    'R1: there is no test "a tests"': ("so: I-1. | `a test`", "so: I-1. | `a tests`"),
    "R1: it rests on I-7, which the map does not have": ("so: I-1", "so: I-7"),
}


def self_test():
    numbers = ["I-1", "P-1", "P-2", "P-3", "T-1"]
    faults = [f"wrongly found: {fault}" for fault in check(RIGHT, SELF_TEST_SOURCES, numbers)]
    for fault, (before, after) in WRONG.items():
        if before not in RIGHT or fault not in check(RIGHT.replace(before, after, 1), SELF_TEST_SOURCES, numbers):
            faults.append(f"not found: {fault}")
    promises = ["R1", "R2"]
    faults += [f"wrongly found: {fault}" for fault in check_page(RIGHT_PAGE, RIGHT, SELF_TEST_SOURCES, promises)]
    for fault, (before, after) in WRONG_PAGE.items():
        page = RIGHT_PAGE.replace(before, after, 1)
        if page == RIGHT_PAGE or fault not in check_page(page, RIGHT, SELF_TEST_SOURCES, promises):
            faults.append(f"not found: {fault}")
    if [*cases_in('TEST_CASE("one, "\n          "two", "[tag]") {}\n// TEST_CASE("three")')] != ["one, two"]:
        faults.append("a test case of two literals is not read")
    print("\n".join(faults) or "every wrong row is found")
    return 1 if faults else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    repository = Path(arguments[0])
    text = (repository / "tests" / "security" / "README.md").read_text(encoding="utf-8")
    page = (repository / "src" / "SECURITY.md").read_text(encoding="utf-8")
    sources = read_sources(repository)
    faults = [*check(text, sources, NUMBERS), *check_page(page, text, sources, PROMISES)]
    print("\n".join(faults) or f"{len(NUMBERS)} rows, each with its tests or a reason")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
