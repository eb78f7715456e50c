# SPDX-License-Identifier: Apache-2.0
"""The stores: their verbs run in the loop's default executor, because a disk is nothing to watch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union

from .. import _dunnage
from .._errors import NotRunning
from ._awaited import threaded_verb, watched_verb
from ._container import Container
from ._logs import LogEntries
from ._text_mode import TextMode
from ._threads import in_thread, watched
from ._volume_history import VolumeHistory

if TYPE_CHECKING:
    from datetime import datetime

    from .._dunnage import _Path

S = TypeVar("S", bound=Union[_dunnage.ContainerStore, _dunnage.ImageStore, _dunnage.VolumeStore])
Self = TypeVar("Self", bound="_Store[Any]")

__all__ = ["ContainerStore", "ImageStore", "VolumeStore", "VolumeTrash"]


class _Store(Generic[S]):
    _kind: Any

    def __init__(self, store: S) -> None:
        self._handle = store

    @classmethod
    async def open(cls: type[Self], root: _Path | None = None) -> Self:
        """Opens the store, creating it when it is absent; None: default_store()."""
        return cls(await in_thread(cls._kind.open, root))

    @property
    def root(self) -> Path:
        return self._handle.root

    def __repr__(self) -> str:
        return "aio." + repr(self._handle)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._handle == self._handle

    def __hash__(self) -> int:
        return hash(self._handle)


class VolumeTrash:
    """dunnage.VolumeTrash for asyncio."""

    def __init__(self, trash: _dunnage.VolumeTrash) -> None:
        self._handle = trash

    list = threaded_verb(_dunnage.VolumeTrash.list)
    restore = threaded_verb(_dunnage.VolumeTrash.restore)
    usage = watched_verb(_dunnage.VolumeTrash.usage)
    purge = threaded_verb(_dunnage.VolumeTrash.purge)
    purge_older_than = threaded_verb(_dunnage.VolumeTrash.purge_older_than)
    empty = threaded_verb(_dunnage.VolumeTrash.empty)


class VolumeStore(_Store[_dunnage.VolumeStore]):
    """dunnage.VolumeStore for asyncio; its volumes are dunnage's."""

    _kind = _dunnage.VolumeStore

    create = watched_verb(_dunnage.VolumeStore.create)
    create_anonymous = threaded_verb(_dunnage.VolumeStore.create_anonymous)
    get_or_create = threaded_verb(_dunnage.VolumeStore.get_or_create)
    get = threaded_verb(_dunnage.VolumeStore.get)
    find = threaded_verb(_dunnage.VolumeStore.find)
    list = threaded_verb(_dunnage.VolumeStore.list)
    damaged = threaded_verb(_dunnage.VolumeStore.damaged)
    users = threaded_verb(_dunnage.VolumeStore.users)
    remove = threaded_verb(_dunnage.VolumeStore.remove)
    check = threaded_verb(_dunnage.VolumeStore.check)
    repair = threaded_verb(_dunnage.VolumeStore.repair)
    prune = threaded_verb(_dunnage.VolumeStore.prune)
    clone = watched_verb(_dunnage.VolumeStore.clone)
    update = threaded_verb(_dunnage.VolumeStore.update)
    plan_update = threaded_verb(_dunnage.VolumeStore.plan_update)
    plan_limit = threaded_verb(_dunnage.VolumeStore.plan_limit)
    usage = watched_verb(_dunnage.VolumeStore.usage)
    usage_history = threaded_verb(_dunnage.VolumeStore.usage_history)
    plan_prune = threaded_verb(_dunnage.VolumeStore.plan_prune)
    export_to = watched_verb(_dunnage.VolumeStore.export_to)
    import_from = watched_verb(_dunnage.VolumeStore.import_from)
    rename = threaded_verb(_dunnage.VolumeStore.rename)
    copy = watched_verb(_dunnage.VolumeStore.copy)
    adopt = watched_verb(_dunnage.VolumeStore.adopt)

    async def history(self, name: str) -> VolumeHistory:
        """The snapshots of a volume; raises VolumeMissing."""
        return VolumeHistory(await in_thread(self._handle.history, name))

    def trash(self) -> VolumeTrash:
        """What was removed with keep=, and bringing it back."""
        return VolumeTrash(self._handle.trash())

    async def copy_to(self, name: str, other: VolumeStore | _dunnage.VolumeStore, new_name: str,
                      **options: Any) -> _dunnage.Volume:
        """The same as copy(), in another store."""
        target = other._handle if isinstance(other, VolumeStore) else other
        return await watched(_dunnage.VolumeStore.copy_to, self._handle, name, target, new_name, **options)


class ImageStore(_Store[_dunnage.ImageStore]):
    """dunnage.ImageStore for asyncio; its images are dunnage's. Cancelling a pull, a load, an import or an unpacking
    ends it, and it has changed nothing."""

    _kind = _dunnage.ImageStore

    pull = watched_verb(_dunnage.ImageStore.pull)
    load = watched_verb(_dunnage.ImageStore.load)
    import_ = watched_verb(_dunnage.ImageStore.import_)
    unpack = watched_verb(_dunnage.ImageStore.unpack)
    get = threaded_verb(_dunnage.ImageStore.get)
    find = threaded_verb(_dunnage.ImageStore.find)
    list = threaded_verb(_dunnage.ImageStore.list)
    damaged = threaded_verb(_dunnage.ImageStore.damaged)
    tag = threaded_verb(_dunnage.ImageStore.tag)
    remove = threaded_verb(_dunnage.ImageStore.remove)
    check = threaded_verb(_dunnage.ImageStore.check)
    repair = threaded_verb(_dunnage.ImageStore.repair)
    prune = threaded_verb(_dunnage.ImageStore.prune)


class ContainerStore(_Store[_dunnage.ContainerStore]):
    """dunnage.ContainerStore for asyncio: containers that have a record, found by any process of the same user."""

    _kind = _dunnage.ContainerStore

    list = threaded_verb(_dunnage.ContainerStore.list)
    find = threaded_verb(_dunnage.ContainerStore.find)
    inspect = threaded_verb(_dunnage.ContainerStore.inspect)
    changes = threaded_verb(_dunnage.ContainerStore.changes)
    explain = threaded_verb(_dunnage.ContainerStore.explain)
    copy_in = watched_verb(_dunnage.ContainerStore.copy_in)
    copy_out = watched_verb(_dunnage.ContainerStore.copy_out)
    remove = threaded_verb(_dunnage.ContainerStore.remove)
    check = threaded_verb(_dunnage.ContainerStore.check)
    repair = threaded_verb(_dunnage.ContainerStore.repair)

    async def get(self, name: str) -> Container:
        """A handle on a running container."""
        return self._container(await in_thread(self._handle.get, name))

    async def start(self, name: str) -> Container:
        """Starts a container that has ended again; one that runs is left as it is."""
        return self._container(await in_thread(self._handle.start, name))

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
