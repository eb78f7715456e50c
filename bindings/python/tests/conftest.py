# SPDX-License-Identifier: Apache-2.0
"""Every test has a store and a directory of its own, and leaves nothing behind: no container, no descriptor, no mount,
no child process. What cannot be tested here is said: a whole file exits with 77, and a single test never skips."""

import gc
import os
import tempfile
import time
from pathlib import Path

import pytest

import dunnage
from dunnage.pytest_plugin import _discard_transactions, _remove_tree


def pytest_collection_modifyitems(items):
    if not any("container" in item.path.parts for item in items):
        return
    support = dunnage.support()
    if not support.can_launch:
        print(f"SKIPPED: this user cannot launch containers here: {support.mode}", flush=True)
        os._exit(77)


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter.stats.get("skipped"):
        session.exitstatus = 1


@pytest.fixture
def directory():
    path = Path(tempfile.mkdtemp(prefix="dunnage-python-"))
    yield path
    _remove_tree(path)


@pytest.fixture(autouse=True)
def store(monkeypatch):
    """The path of this test's store; what is left in it is removed."""
    parent = Path(tempfile.mkdtemp(prefix="dunnage-python-"))
    path = parent / "store"
    monkeypatch.setenv("DUNNAGE_STORE", str(path))
    yield path
    if path.exists():
        containers = dunnage.ContainerStore.open(path)
        for info in containers.list():
            try:
                containers.remove(info.id, force=True)
            except dunnage.ContainerMissing:  # it was just ending by itself
                pass
        _discard_transactions(path)
        dunnage.VolumeStore.open(path).prune(all=True)
    _remove_tree(parent)


def snapshot():
    dunnage.drop_ready_roots()  # the next launch's, not a leak
    gc.collect()  # an exception that was caught and the frame that caught it hold each other
    descriptors = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            descriptors[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the one the directory was read with
            pass
    children = set()
    for task in os.listdir("/proc/self/task"):
        try:
            children |= set(Path(f"/proc/self/task/{task}/children").read_text().split())
        except OSError:  # a thread that has ended
            pass
    return descriptors, Path("/proc/self/mountinfo").read_text(), children


@pytest.fixture(autouse=True, scope="session")
def launcher(request):
    """The launcher stays for the process, with a descriptor or two: it is there before anything is counted."""
    dunnage.support()
    if any("container" in item.path.parts for item in request.session.items):
        with tempfile.TemporaryDirectory() as path:
            dunnage.run(["true"], store=path + "/store")
    gc.collect()
    gc.freeze()  # what is there now stays: looking for leaks of a test need not look through it each time


@pytest.fixture(autouse=True)
def nothing_left(store, launcher):
    before = snapshot()
    yield
    deadline = time.monotonic() + 20
    while snapshot() != before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert snapshot() == before
