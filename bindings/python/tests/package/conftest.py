# SPDX-License-Identifier: Apache-2.0
"""The wheel, and a fresh virtual environment that has it and nothing else."""

from pathlib import Path

import pytest

from dunnage import _dunnage

from environments import builder, fresh_environment, place, run, sdist

__all__ = ["builder", "place", "python", "sdist", "wheel"]


@pytest.fixture(scope="session")
def wheel(place, builder, sdist):
    """Compiling takes minutes, so this one takes the module that the other tests of this build have tested."""
    module = place / Path(_dunnage.__file__).name
    run("strip", "-o", module, _dunnage.__file__)
    run(builder, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", place,
        f"--config-settings=cmake.define.DUNNAGE_PYTHON_MODULE={module}", sdist)
    return next(place.glob("*.whl"))


@pytest.fixture(scope="session")
def python(place, wheel):
    interpreter = fresh_environment(place / "fresh")
    run(interpreter, "-m", "pip", "install", "-q", "--no-index", wheel)
    return interpreter
