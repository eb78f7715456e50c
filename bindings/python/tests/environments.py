# SPDX-License-Identifier: Apache-2.0
"""Virtual environments, and the sdist and the wheels that are installed in them; fixtures for package/ and soak/."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
REPOSITORY = PROJECT.parents[1]
READMES = ["README.md", "bindings/python/README.md"]
USERS = ["root", "dunnage-range", "dunnage-single"] if os.geteuid() == 0 else ["oneself"]  # who runs their lines


def run(*command, **options):
    """Without the environment and the directory the tests have; returns what it prints."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(word) for word in command], env={**environment, **options.pop("env", {})},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          **{"cwd": "/", **options})
    assert done.returncode == 0, f"{' '.join(done.args)} exits with {done.returncode}:\n{done.stdout}"
    return done.stdout


def fresh_environment(place):
    """The path of the interpreter of a new virtual environment."""
    run(sys.executable, "-m", "venv", place)
    return place / "bin" / "python"


def fetch(python, *packages):
    """Ends the whole file as skipped if pip has no package index to fetch from."""
    done = subprocess.run([python, "-m", "pip", "install", "-q", *packages], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        print(f"SKIPPED: pip cannot fetch {' '.join(packages)}: {reason}", flush=True)
        os._exit(77)


def build_requirements():
    """Of pyproject.toml; Python reads TOML from 3.11 on only."""
    line = re.search(r"^requires = (\[.*\])$", (PROJECT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    return ast.literal_eval(line[1])


def run_readme(python, place, user, readme):
    """As root or oneself, or as one of the users made for the tests; returns what the lines print."""
    command = [python, PROJECT / "tests" / "readme_code.py", REPOSITORY / readme]
    if user not in ("root", "oneself"):
        command = ["sh", REPOSITORY / "tests" / "support" / "as_user.sh", user, *command]
    return run(*command, cwd=place)


@pytest.fixture(scope="session")
def place():
    """Where ordinary users can read, and where no sources are."""
    path = Path(tempfile.mkdtemp(prefix="dunnage-wheel-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def builder(place):
    """What pip would make an environment of for each build, once for all of them."""
    python = fresh_environment(place / "builder")
    fetch(python, *build_requirements())
    return python


@pytest.fixture(scope="session")
def sdist(place, builder):
    run(builder, "-c", f"import scikit_build_core.build as build; build.build_sdist({str(place)!r})", cwd=PROJECT)
    return next(place.glob("*.tar.gz"))
