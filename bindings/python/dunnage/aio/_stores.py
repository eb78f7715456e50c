# SPDX-License-Identifier: Apache-2.0
"""The stores: their verbs run in the loop's default executor, because a disk is nothing to watch."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Coroutine, Generic, TypeVar, Union

from .. import _dunnage
from .._errors import NotRunning
from ._container import Container
from ._logs import LogEntries
from ._text_mode import TextMode
from ._threads import in_thread, watched
from ._volume_history import VolumeHistory

if TYPE_CHECKING:
    from datetime import datetime

    from typing_extensions import Concatenate, ParamSpec

    from .._dunnage import _Path

    P = ParamSpec("P")

R = TypeVar("R")
S = TypeVar("S", bound=Union[_dunnage.ContainerStore, _dunnage.ImageStore, _dunnage.VolumeStore])
Self = TypeVar("Self", bound="_Store[Any]")

__all__ = ["ContainerStore", "ImageStore", "VolumeStore", "VolumeTrash"]


def _threaded(verb: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """The verb of the same name, awaited."""

    @functools.wraps(verb)
    async def run(self: Any, /, *args: P.args, **options: P.kwargs) -> R:
        return await in_thread(verb, self._store, *args, **options)

    return run


def _watched(verb: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """The same; cancelling ends it, and `progress` is called in the event loop."""

    @functools.wraps(verb)
    async def run(self: Any, /, *args: P.args, **options: P.kwargs) -> R:
        return await watched(verb, self._store, *args, **options)

    return run


class _Store(Generic[S]):
    _kind: Any

    def __init__(self, store: S) -> None:
        self._store = store

    @classmethod
    async def open(cls: type[Self], root: _Path | None = None) -> Self:
        """Opens the store, creating it when it is absent; None: default_store()."""
        return cls(await in_thread(cls._kind.open, root))

    @property
    def root(self) -> Path:
        return self._store.root

    def __repr__(self) -> str:
        return "aio." + repr(self._store)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._store == self._store

    def __hash__(self) -> int:
        return hash(self._store)


class VolumeTrash:
    """dunnage.VolumeTrash for asyncio."""

    def __init__(self, trash: _dunnage.VolumeTrash) -> None:
        self._store = trash

    list = _threaded(_dunnage.VolumeTrash.list)
    restore = _threaded(_dunnage.VolumeTrash.restore)
    usage = _watched(_dunnage.VolumeTrash.usage)
    purge = _threaded(_dunnage.VolumeTrash.purge)
    purge_older_than = _threaded(_dunnage.VolumeTrash.purge_older_than)
    empty = _threaded(_dunnage.VolumeTrash.empty)


class VolumeStore(_Store[_dunnage.VolumeStore]):
    """dunnage.VolumeStore for asyncio; its volumes are dunnage's."""

    _kind = _dunnage.VolumeStore

    create = _watched(_dunnage.VolumeStore.create)
    create_anonymous = _threaded(_dunnage.VolumeStore.create_anonymous)
    get_or_create = _threaded(_dunnage.VolumeStore.get_or_create)
    get = _threaded(_dunnage.VolumeStore.get)
    find = _threaded(_dunnage.VolumeStore.find)
    list = _threaded(_dunnage.VolumeStore.list)
    damaged = _threaded(_dunnage.VolumeStore.damaged)
    users = _threaded(_dunnage.VolumeStore.users)
    remove = _threaded(_dunnage.VolumeStore.remove)
    check = _threaded(_dunnage.VolumeStore.check)
    repair = _threaded(_dunnage.VolumeStore.repair)
    prune = _threaded(_dunnage.VolumeStore.prune)
    clone = _watched(_dunnage.VolumeStore.clone)
    update = _threaded(_dunnage.VolumeStore.update)
    plan_update = _threaded(_dunnage.VolumeStore.plan_update)
    plan_limit = _threaded(_dunnage.VolumeStore.plan_limit)
    usage = _watched(_dunnage.VolumeStore.usage)
    usage_history = _threaded(_dunnage.VolumeStore.usage_history)
    plan_prune = _threaded(_dunnage.VolumeStore.plan_prune)
    export_to = _watched(_dunnage.VolumeStore.export_to)
    import_from = _watched(_dunnage.VolumeStore.import_from)
    rename = _threaded(_dunnage.VolumeStore.rename)
    copy = _watched(_dunnage.VolumeStore.copy)
    adopt = _watched(_dunnage.VolumeStore.adopt)

    async def history(self, name: str) -> VolumeHistory:
        """The snapshots of a volume; raises VolumeMissing."""
        return VolumeHistory(await in_thread(self._store.history, name))

    def trash(self) -> VolumeTrash:
        """What was removed with keep=, and bringing it back."""
        return VolumeTrash(self._store.trash())

    async def copy_to(self, name: str, other: VolumeStore | _dunnage.VolumeStore, new_name: str,
                      **options: Any) -> _dunnage.Volume:
        """The same as copy(), in another store."""
        target = other._store if isinstance(other, VolumeStore) else other
        return await watched(_dunnage.VolumeStore.copy_to, self._store, name, target, new_name, **options)


class ImageStore(_Store[_dunnage.ImageStore]):
    """dunnage.ImageStore for asyncio; its images are dunnage's. Cancelling a pull, a load, an import or an unpacking
    ends it, and it has changed nothing."""

    _kind = _dunnage.ImageStore

    pull = _watched(_dunnage.ImageStore.pull)
    load = _watched(_dunnage.ImageStore.load)
    import_ = _watched(_dunnage.ImageStore.import_)
    unpack = _watched(_dunnage.ImageStore.unpack)
    get = _threaded(_dunnage.ImageStore.get)
    find = _threaded(_dunnage.ImageStore.find)
    list = _threaded(_dunnage.ImageStore.list)
    damaged = _threaded(_dunnage.ImageStore.damaged)
    tag = _threaded(_dunnage.ImageStore.tag)
    remove = _threaded(_dunnage.ImageStore.remove)
    check = _threaded(_dunnage.ImageStore.check)
    repair = _threaded(_dunnage.ImageStore.repair)
    prune = _threaded(_dunnage.ImageStore.prune)


class ContainerStore(_Store[_dunnage.ContainerStore]):
    """dunnage.ContainerStore for asyncio: containers that have a record, found by any process of the same user."""

    _kind = _dunnage.ContainerStore

    list = _threaded(_dunnage.ContainerStore.list)
    find = _threaded(_dunnage.ContainerStore.find)
    inspect = _threaded(_dunnage.ContainerStore.inspect)
    changes = _threaded(_dunnage.ContainerStore.changes)
    explain = _threaded(_dunnage.ContainerStore.explain)
    copy_in = _watched(_dunnage.ContainerStore.copy_in)
    copy_out = _watched(_dunnage.ContainerStore.copy_out)
    remove = _threaded(_dunnage.ContainerStore.remove)
    check = _threaded(_dunnage.ContainerStore.check)
    repair = _threaded(_dunnage.ContainerStore.repair)

    async def get(self, name: str) -> Container:
        """A handle on a running container."""
        return self._container(await in_thread(self._store.get, name))

    async def start(self, name: str) -> Container:
        """Starts a container that has ended again; one that runs is left as it is."""
        return self._container(await in_thread(self._store.start, name))

    async def wait(self, name: str) -> _dunnage.ExitStatus:
        """How a container ended, or will have ended. Raises ContainerMissing."""
        try:
            container = await self.get(name)
        except NotRunning:
            info = await self.inspect(name)
            if info.exit is None:
                raise
            return info.exit
        async with container:
            return await container.wait()

    def logs(self, name: str, *, follow: bool = False, tail: int | None = None,
             since: datetime | float | None = None) -> LogEntries:
        """The LogEntry objects of a log, oldest first: `async for entry in containers.logs("db", follow=True)` goes on
        until the container has ended."""
        return LogEntries(self.root, name, {"follow": follow, "tail": tail, "since": since})

    def _container(self, handle: _dunnage.Container) -> Container:
        return Container(handle, TextMode({}))
