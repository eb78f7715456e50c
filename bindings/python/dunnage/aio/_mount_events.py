# SPDX-License-Identifier: Apache-2.0
"""Changes of a container's mounts, as they are made."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from .. import _dunnage
from ._readiness import Reading
from ._threads import close, disposable

__all__ = ["MountEvents"]


def _open(handle: Any) -> _dunnage.MountEvents:
    events: _dunnage.MountEvents = handle.mount_events()
    return events


class MountEvents:
    """The changes from the first one that is asked for on: `async for event in container.mount_events()`; the head of an
    `async with` asks at once. One coroutine reads them. Waiting watches a descriptor."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._events: _dunnage.MountEvents | None = None
        self._reading = Reading("these mount events")
        self._closed = False

    def __aiter__(self) -> MountEvents:
        return self

    async def __anext__(self) -> _dunnage.MountEvent:
        self._reading.require_idle()
        await self._begin()
        while not self._closed and self._events is not None:
            event = self._events.poll()
            if event is not None:
                return event
            if self._events.ended:
                break
            await self._reading.until_readable(self._events.fileno())
        self._release()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Ends it; who waits for an event reads the end."""
        self._closed = True
        self._reading.interrupt()
        if not self._reading.waiting:
            self._release()

    async def __aenter__(self) -> MountEvents:
        await self._begin()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None:
        await self.aclose()

    async def _begin(self) -> None:
        if self._events is None and not self._closed:
            self._events = await disposable(_open, close, (self._handle,), {})

    def _release(self) -> None:
        self._closed = True
        self._events = None  # its descriptor goes with it
