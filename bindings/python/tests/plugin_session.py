# SPDX-License-Identifier: Apache-2.0
"""Sessions of pytest with the plugin, as users have them."""

from pathlib import Path

import pytest

PLUGIN = ("-p", "dunnage.pytest_plugin", "-p", "no:cacheprovider")


@pytest.fixture
def session(pytester):
    """Runs a file of tests; what it leaves in its temporary directory can be looked at in `pytester.path / "base"`."""
    def run(text, *arguments):
        pytester.makepyfile(test_it=text)
        return pytester.runpytest_subprocess(*PLUGIN, "--basetemp=base", *arguments)
    return run


def assert_nothing_is_left(directory):
    """Neither a volume nor a container of a session."""
    assert not list(directory.glob("base/**/store"))
    assert not [pid for pid in directory.glob("pids/*") if Path("/proc", pid.name).exists()]
