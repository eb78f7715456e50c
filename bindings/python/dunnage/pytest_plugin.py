# SPDX-License-Identifier: Apache-2.0
"""A plugin for pytest: storage and containers for tests, gone afterwards.

    def test_a_note_is_kept(container, volume):
        writer = container(["sh", "-c", "echo noted > /data/note; echo done"], mounts=volume.at("/data"))
        assert writer.wait().success and container.output(writer) == "done\\n"
        reader = container(["cat", "/data/note"], mounts=volume.at("/data", read_only=True))
        assert reader.wait().success and container.output(reader) == "noted\\n"

It is there wherever the package is installed by pip; else `pytest -p dunnage.pytest_plugin`.

fixture       scope     is
volume_store  session   a VolumeStore of this session's own below pytest's temporary directory; with pytest-xdist each
                        worker has one. It is removed with all it holds, also what belongs to other ids.
volume        function  a fresh Volume of it, removed after the test.
clone_volume  function  a function that clones a Volume of it by its name, or a `snapshot=` of it; its clones are
                        removed after the test. Filled once, every test has a database of its own.
container     function  a function that launches: Container.launch() with the same arguments (see ContainerFactory).
                        All of its containers are killed and removed after the test. If the test fails, the report
                        shows what they have written to their logs.

A container that many tests share is a fixture of one's own, with its record beside the volumes:

    @pytest.fixture(scope="module")
    def server(volume_store):
        with Container.launch(["server"], store=volume_store.root) as container:
            yield container

The fixture `container` and the marker `@pytest.mark.dunnage`, for tests that launch by themselves, skip the test where
no container can be launched, and say why. `dunnage_required = true` in the configuration (`-o dunnage_required=true`)
fails it instead, so that nobody believes in tests that did not run.
"""

from __future__ import annotations

import itertools
import re
import shlex
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any, Callable, Generator, Iterable, Iterator, NamedTuple, Sequence

import pytest

import dunnage
from dunnage import (Container, ContainerStore, ImageStore, MountSet, Stdio, TransactionStore, Volume, VolumeMount,
                     VolumeStore)

__all__ = ["ContainerFactory", "container", "volume", "volume_store"]

_MOST_LINES = 500  # of each container in a report
_MOST_CHARACTERS = 100_000


def _do_all(actions: Iterable[Callable[[], object]]) -> None:
    """Does the others, too, if one fails, and raises the first error."""
    errors = []
    for action in actions:
        try:
            action()
        except dunnage.Error as error:
            errors.append(error)
    if errors:
        raise errors[0]


class _Launched(NamedTuple):
    handle: Container
    id: str
    store: Path
    command: str

    def output(self, tail: int | None = None) -> str:
        with self.handle.logs(tail=tail) as entries:
            return b"".join(entry.data for entry in entries).decode(errors="replace")

    def section(self) -> tuple[str, str]:
        """A title and a text for the report."""
        try:
            info = ContainerStore.open(self.store).inspect(self.id)
            text = self.output(_MOST_LINES)[-_MOST_CHARACTERS:] or "(nothing in its log)"
            state = str(info.exit) if info.exit else info.status.value
            return f"container {info.name}: {self.command}: {state}", text
        except dunnage.Error as error:
            return f"container {self.id[:12]}: {self.command}", str(error)

    def remove(self) -> None:
        """Kills it, however it was launched, and removes its record."""
        self.handle.close()
        try:
            ContainerStore.open(self.store).remove(self.id, force=True)
        except dunnage.ContainerMissing:
            pass  # the test itself has removed it


class ContainerFactory:
    """What the fixture `container` is. The defaults differ from Container.launch()'s in this: the store is that of the
    fixture `volume_store`, so `"-v data:/data"` is a volume there; standard output and standard error go to the log of
    the container's record, and the record stays until the test is over."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._launched: list[_Launched] = []
        self._last_sections: list[tuple[str, str]] = []

    def __call__(self, argv: Sequence[Any] | None = None, **options: Any) -> Container:
        """Container.launch(argv, **options)"""
        defaults: dict[str, Any] = {"store": self._store, "record": True, "remove_on_exit": False}
        if not options.get("terminal"):
            defaults.update(stdout=Stdio.log(), stderr=Stdio.log())
        options = {**defaults, **options}
        handle = Container.launch(argv, **options)
        store = Path(options["store"] or dunnage.default_store())
        command = shlex.join(map(str, argv)) if argv else "what its image runs"
        self._launched.append(_Launched(handle, handle.id, store, command))
        return handle

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._launched)} launched>"

    def output(self, container: Container) -> str:
        """What a container of this test has written to its log until now; all of it when it has ended."""
        for launched in self._launched:
            if launched.handle is container:
                return launched.output()
        raise ValueError(f"{container!r} was not launched by this fixture in this test")

    def _sections(self) -> list[tuple[str, str]]:
        return [launched.section() for launched in self._launched] or self._last_sections

    def _close(self) -> None:
        self._last_sections = self._sections()
        launched, self._launched = self._launched, []
        _do_all([each.remove for each in reversed(launched)])


_FACTORY: pytest.StashKey[ContainerFactory] = pytest.StashKey()
_WHY_NOT: pytest.StashKey[str] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("dunnage_required", "fail, not skip, the tests that need containers where none can be launched",
                  type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "dunnage: the test launches containers; skipped where none can be launched")


def _why_not(config: pytest.Config) -> str:
    """Why no container can be launched here; empty if one can."""
    if _WHY_NOT not in config.stash:
        support = dunnage.support()
        reasons = [f"{feature.name}: {feature.detail}" for feature in support.features
                   if feature.required and not feature.available]
        config.stash[_WHY_NOT] = "" if support.can_launch else (
            f"no container can be launched here (mode: {support.mode}): " + "; ".join(reasons))
    return config.stash[_WHY_NOT]


def _need_containers(config: pytest.Config) -> None:
    reason = _why_not(config)
    if reason and config.getini("dunnage_required"):
        pytest.fail(f"{reason} (dunnage_required is set)", pytrace=False)
    if reason:
        pytest.skip(reason)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("dunnage"):
        _need_containers(item.config)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    if report.failed and _FACTORY in item.stash:
        report.sections.extend(item.stash[_FACTORY]._sections())


def _remove_tree(path: Path) -> None:
    """What was removed from a store may still be being deleted there."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return shutil.rmtree(path)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _empty_trash(store: VolumeStore) -> None:
    """What was removed and belongs to other ids is deleted when a volume of the store is next prepared, by a launcher,
    which is root to these ids."""
    if any((store.root / "trash").iterdir()):
        MountSet(VolumeMount(None, "/fresh")).resolve(store=store.root).prepare().close()
        store.prune()


def _discard_transactions(root: Path) -> None:
    """An overlay leaves a directory there that only the library's launcher may enter."""
    transactions = TransactionStore.open(root)
    for info in transactions.list():
        transactions.get(info.name).discard()


def _remove_store(store: VolumeStore) -> None:
    """The library removes what it has made: to an ordinary user, files of other ids are out of reach."""
    containers, images = ContainerStore.open(store.root), ImageStore.open(store.root)
    _do_all([partial(containers.remove, info.id or info.name, force=True) for info in containers.list()])
    _do_all([partial(store.remove, name) for name in [*store, *store.damaged()]])
    _do_all([partial(images.remove, image.id) for image in images.list()])
    dunnage.drop_ready_roots()
    _discard_transactions(store.root)
    _empty_trash(store)
    _remove_tree(store.root)


@pytest.fixture(scope="session")
def volume_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VolumeStore]:
    """A store of this session's own."""
    store = VolumeStore.open(tmp_path_factory.mktemp("dunnage") / "store")
    yield store
    _remove_store(store)


_numbers = itertools.count(1)


@pytest.fixture
def _volumes(volume_store: VolumeStore) -> Iterator[list[Volume]]:
    """Outlives the containers of the test, which use them, in whichever order a test names its fixtures."""
    volumes: list[Volume] = []
    yield volumes
    _do_all([partial(volume_store.remove, volume.name) for volume in volumes if volume.name in volume_store])


@pytest.fixture
def volume(request: pytest.FixtureRequest, volume_store: VolumeStore, _volumes: list[Volume]) -> Volume:
    """A fresh volume, named after the test."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")[:60]
    volume = volume_store.create(f"{name}-{next(_numbers)}".lstrip("-"), labels={"test": request.node.nodeid})
    _volumes.append(volume)
    return volume


@pytest.fixture
def clone_volume(request: pytest.FixtureRequest, volume_store: VolumeStore,
                 _volumes: list[Volume]) -> Callable[..., Volume]:
    """A function that makes volumes with the data of another one."""

    def clone(source: str, **options: Any) -> Volume:
        options.setdefault("labels", {"test": request.node.nodeid})
        made = volume_store.clone(source, f"{source[:60]}-clone-{next(_numbers)}", **options).volume
        _volumes.append(made)
        return made

    return clone


@pytest.fixture
def container(request: pytest.FixtureRequest, volume_store: VolumeStore,
              _volumes: list[Volume]) -> Iterator[ContainerFactory]:
    """A function that launches containers, which are gone after the test."""
    _need_containers(request.config)
    factory = ContainerFactory(volume_store.root)
    request.node.stash[_FACTORY] = factory
    yield factory
    factory._close()
