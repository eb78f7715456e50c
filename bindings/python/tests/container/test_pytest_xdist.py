# SPDX-License-Identifier: Apache-2.0
"""The plugin for pytest with the workers of pytest-xdist."""

import os

from plugin_session import assert_nothing_is_left, session  # noqa: F401  a fixture

pytest_plugins = ["pytester"]


def test_every_worker_has_a_store_of_its_own(session, pytester):
    result = session("""
        from pathlib import Path

        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_it(container, volume, volume_store, number):
            Path("stores").mkdir(exist_ok=True)
            Path("stores", str(volume_store.root).replace("/", "_")).touch()
            assert volume_store.list() == [volume]
            done = container(["sh", "-c", "echo output of $0", str(number)], name="same", mounts=volume.at("/data"))
            assert done.wait().success
            assert number != 5
    """, "-n", "2")
    result.assert_outcomes(passed=11, failed=1)
    result.stdout.fnmatch_lines(["*container same: *: exited with 0*", "output of 5"])
    assert len(os.listdir(pytester.path / "stores")) == 2
    assert_nothing_is_left(pytester.path)
