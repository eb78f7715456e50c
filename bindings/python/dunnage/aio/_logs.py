# SPDX-License-Identifier: Apache-2.0
"""Logs, as they are written."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from .. import _dunnage
from ._readiness import Reading
from ._threads import close, disposable

__all__ = ["LogEntries"]

_AT_ONCE = 64  # entries, and then others have their turn


def _open(store: Any, name: str, options: dict[str, Any]) -> _dunnage.LogEntries:
    return _dunnage.ContainerStore.open(store).logs(name, **options)


class LogEntries:
    """The entries of a log: `async for entry in container.logs(follow=True)`. One coroutine reads them.

    It is opened by the first one, in the loop's default executor; waiting for more watches a descriptor."""

    def __init__(self, store: Any, name: str, options: dict[str, Any]) -> None:
        self._request = (store, name, options)
        self._entries: _dunnage.LogEntries | None = None
        self._reading = Reading("this log")
        self._count = 0
        self._closed = False

    def __aiter__(self) -> LogEntries:
        return self

    async def __anext__(self) -> _dunnage.LogEntry:
        self._reading.require_idle()
        if self._entries is None and not self._closed:
            self._entries = await disposable(_open, close, self._request, {})
        self._count += 1
        if self._count % _AT_ONCE == 0:
            await asyncio.sleep(0)
        while not self._closed and self._entries is not None:
            entry = self._entries.poll()
            if entry is not None:
                return entry
            if self._entries.ended:
                break
            await self._reading.until_readable(self._entries.fileno())
        self._release()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Ends it; who waits for an entry reads the end."""
        self._closed = True
        self._reading.interrupt()
        if not self._reading.waiting:
            self._release()

    async def __aenter__(self) -> LogEntries:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None:
        await self.aclose()

    def _release(self) -> None:
        self._closed = True
        self._entries = None  # its descriptors go with it
