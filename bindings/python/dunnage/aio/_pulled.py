# SPDX-License-Identifier: Apache-2.0
"""What is pulled from a reader of the library's, which has poll(), ended and fileno(), and waited for with a descriptor."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Callable, Generic, TypeVar

from ._readiness import Reading
from ._threads import close, disposable

__all__ = ["Pulled"]

Item = TypeVar("Item")
Own = TypeVar("Own", bound="Pulled[Any]")


class Pulled(Generic[Item]):
    """One coroutine reads it. The reader is made in the loop's default executor."""

    def __init__(self, what: str, make: Callable[..., Any], *arguments: Any) -> None:
        self._make = make
        self._arguments = arguments
        self._reader: Any = None
        self._reading = Reading(what)
        self._closed = False

    def __aiter__(self: Own) -> Own:
        return self

    async def __anext__(self) -> Item:
        self._reading.require_idle()
        await self._begin()
        await self._take_turns()
        while not self._closed and self._reader is not None:
            item: Item | None = self._reader.poll()
            if item is not None:
                return item
            if self._reader.ended:
                break
            await self._reading.until_readable(self._reader.fileno())
        self._release()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Ends it; who waits for the next one reads the end."""
        self._closed = True
        self._reading.interrupt()
        if not self._reading.waiting:
            self._release()

    async def __aenter__(self: Own) -> Own:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None:
        await self.aclose()

    async def _begin(self) -> None:
        if self._reader is None and not self._closed:
            self._reader = await disposable(self._make, close, self._arguments, {})

    async def _take_turns(self) -> None:
        """Lets others have theirs, where there may be much to read at once."""

    def _release(self) -> None:
        self._closed = True
        self._reader = None  # its descriptors go with it
