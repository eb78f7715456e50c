# SPDX-License-Identifier: Apache-2.0
"""The history of a volume, awaited."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Coroutine, TypeVar

from .. import _dunnage
from ._threads import in_thread, watched

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")

R = TypeVar("R")


def _threaded(verb: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    @functools.wraps(verb)
    async def run(self: Any, /, *args: P.args, **options: P.kwargs) -> R:
        return await in_thread(verb, self._history, *args, **options)

    return run


def _watched(verb: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    @functools.wraps(verb)
    async def run(self: Any, /, *args: P.args, **options: P.kwargs) -> R:
        return await watched(verb, self._history, *args, **options)

    return run


class VolumeHistory:
    """dunnage.VolumeHistory for asyncio. Cancelling a snapshot, a rollback or a comparison ends it, and it has changed
    nothing. `freeze` is entered and left in a thread of the loop's executor."""

    def __init__(self, history: _dunnage.VolumeHistory) -> None:
        self._history = history

    @property
    def volume(self) -> str:
        return self._history.volume

    plan = _watched(_dunnage.VolumeHistory.plan)
    snapshot = _watched(_dunnage.VolumeHistory.snapshot)
    rollback = _watched(_dunnage.VolumeHistory.rollback)
    diff = _watched(_dunnage.VolumeHistory.diff)
    snapshots = _threaded(_dunnage.VolumeHistory.snapshots)
    find = _threaded(_dunnage.VolumeHistory.find)
    get = _threaded(_dunnage.VolumeHistory.get)
    set_labels = _threaded(_dunnage.VolumeHistory.set_labels)
    remove = _threaded(_dunnage.VolumeHistory.remove)
    at = _threaded(_dunnage.VolumeHistory.at)

    def __repr__(self) -> str:
        return f"<dunnage.aio.VolumeHistory of {self.volume!r}>"
