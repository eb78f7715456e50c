# SPDX-License-Identifier: Apache-2.0
"""The programs of examples/python, run as their users run them. DUNNAGE_PYTHON_EXAMPLES says where they are, if not where
they belong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dunnage

EXAMPLES = Path(os.environ.get("DUNNAGE_PYTHON_EXAMPLES") or Path(__file__).parents[2] / "examples/python")


def pytest_sessionstart():
    support = dunnage.support()
    if not support.can_launch:
        print(f"SKIPPED: this user cannot launch containers here: {support.mode}", flush=True)
        os._exit(77)


@pytest.fixture
def program(tmp_path):
    """Runs a program of the examples, or `-m pytest` on one; its store is tmp_path / "store"."""
    def run(*arguments):
        environment = {**os.environ, "DUNNAGE_STORE": str(tmp_path / "store"),
                       "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(EXAMPLES)])}
        return subprocess.run([sys.executable, *map(str, arguments)], cwd=tmp_path, env=environment, text=True,
                              capture_output=True, check=False, timeout=240)
    return run
