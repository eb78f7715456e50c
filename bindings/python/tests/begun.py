# SPDX-License-Identifier: Apache-2.0
"""Programs that are ended in the middle."""

import pytest


def begun_by(run, script, *timeouts):
    """What `run` raises for a program that writes something and goes on: a busy machine may need more time for that
    than the first timeout."""
    for timeout in timeouts:
        with pytest.raises(TimeoutError) as raised:
            run(["sh", "-c", script], timeout=timeout)
        if raised.value.stdout:
            break
    return raised.value
