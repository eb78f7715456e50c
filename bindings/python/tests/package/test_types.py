# SPDX-License-Identifier: Apache-2.0
"""The package as type checkers see it: current releases of mypy and pyright, in an environment where the package of this
build is installed by a path file."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import dunnage
import pytest

from environments import fetch, fresh_environment
from shown_code import examples, write_blocks

# What stubtest says of every class of pybind11, and what cannot be seen by reading.
ALLOWED = [
    # a metaclass that sees to __init__ being called; a stub need not know
    re.compile(r"^dunnage(\._dunnage)?\.([A-Z]\w*\.)*[A-Z]\w* is inconsistent, metaclass differs$"),
    # of a class without a constructor; this one only raises
    re.compile(r"^dunnage(\._dunnage)?\.[A-Z]\w*\.__init__ is inconsistent, stub does not have \*args parameter \"args\"$"),
    # annotated in place: callers are shown what a decorator says, and nothing can be out of step
    re.compile(r"^dunnage\.aio\."),
    # computed from the module
    re.compile(r"^dunnage\.__all__ names exported from the stub do not correspond"),
]


@pytest.fixture(scope="module")
def python(place):
    interpreter = fresh_environment(place / "checkers")
    # its own Node.js comes in a package of 60 MB
    fetch(interpreter, "mypy", "pyright" if shutil.which("node") else "pyright[nodejs]", "pytest")
    packages = next((place / "checkers" / "lib").glob("python3*")) / "site-packages"
    (packages / "dunnage.pth").write_text(f"{Path(dunnage.__file__).parents[1]}\n", encoding="utf-8")
    return interpreter


@pytest.fixture
def check(python, place, directory):
    """Runs a checker."""
    def run(*command, cwd=directory):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment["PATH"] = f"{python.parent}:{environment['PATH']}"  # pyright goes by it
        environment.update(MYPY_CACHE_DIR=str(place / "mypy"), PYRIGHT_PYTHON_IGNORE_WARNINGS="1")
        return subprocess.run([python, "-m", *command], cwd=cwd, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
    return run


def test_the_stubs_are_those_of_the_module(check):
    lines = check("mypy.stubtest", "--concise", "dunnage").stdout.splitlines()
    assert any(ALLOWED[-1].match(line) for line in lines), lines  # it has run
    assert [line for line in lines if not any(allowed.match(line) for allowed in ALLOWED)] == []


def test_the_words_of_the_stub_are_those_of_the_module():
    """Which stubtest does not compare."""
    text = (Path(dunnage.__file__).parent / "_dunnage.pyi").read_text(encoding="utf-8")
    owners = [dunnage, *(thing for thing in vars(dunnage).values() if isinstance(thing, type))]
    for head, body in re.findall(r"^ *class (\w+)\(enum\.Enum\):\n((?: +\w+ = \"[^\"]*\"\n)+)", text, re.MULTILINE):
        kinds = [{member.name: member.value for member in getattr(owner, head)} for owner in owners if hasattr(owner, head)]
        assert dict(re.findall(r"(\w+) = \"([^\"]*)\"", body)) in kinds, head


def test_mypy_finds_nothing_in_the_package_and_the_examples(check):
    done = check("mypy", "--strict", "-p", "dunnage")
    assert done.returncode == 0, done.stdout
    done = check("mypy", "--strict", *examples())
    assert done.returncode == 0, done.stdout


def test_mypy_finds_nothing_in_what_is_shown(check, directory):
    done = check("mypy", "--check-untyped-defs", *write_blocks(directory))
    assert done.returncode == 0, done.stdout


def test_pyright_finds_nothing(check, directory):
    done = check("pyright", *write_blocks(directory), Path(dunnage.__file__).parent / "_dunnage.pyi")
    assert done.returncode == 0, done.stdout
    done = check("pyright", *examples(), cwd=examples()[0].parent)
    assert done.returncode == 0, done.stdout


def test_pyright_knows_the_type_of_everything(check):
    """But of dunnage.aio, whose verbs are made of those of dunnage by decorators."""
    done = check("pyright", "--verifytypes", "dunnage", "--ignoreexternal", "--outputjson")
    symbols = json.loads(done.stdout[done.stdout.index("{"):])["typeCompleteness"]["symbols"]
    names = [symbol["name"] for symbol in symbols if symbol["isExported"] and not symbol["isTypeKnown"]]
    assert len(symbols) > 1000
    assert [name for name in names if not name.startswith("dunnage.aio.")] == []
