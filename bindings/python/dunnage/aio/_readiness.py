# SPDX-License-Identifier: Apache-2.0
"""Waiting for a descriptor in whichever event loop is running: nothing is bound to one."""

from __future__ import annotations

import asyncio
import os
from typing import Any


def wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Reading:
    """The one coroutine that may wait for a descriptor at a time."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._waiter: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> bool:
        return self._waiter is not None and not self._waiter.get_loop().is_closed()

    def require_idle(self) -> None:
        """Raises RuntimeError if another coroutine waits."""
        if self.waiting:
            raise RuntimeError(f"{self._what} is being read by another coroutine; let one of them read at a time")

    async def until_readable(self, fd: int) -> None:
        """Returns early after interrupt()."""
        self.require_idle()
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        loop.add_reader(fd, wake, waiter)
        try:
            await waiter
        finally:
            if self._waiter is waiter:
                self._waiter = None
            if not loop.is_closed():
                loop.remove_reader(fd)

    def interrupt(self) -> None:
        """From any thread."""
        waiter = self._waiter
        if waiter is not None and not waiter.get_loop().is_closed():
            waiter.get_loop().call_soon_threadsafe(wake, waiter)


class Ends:
    """The coroutines that wait for the end of a program, in any number of event loops. In each loop one descriptor is
    watched, a copy: the program's own goes with its handle, and a restart brings another."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._watches: dict[Any, _Watch] = {}

    async def wait(self, timeout: float | None = None) -> Any:
        """The ExitStatus; None at the end of the timeout."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while True:
            status = self._handle.poll()
            if status is not None or (deadline is not None and loop.time() >= deadline):
                return status
            await self._change(loop, deadline)

    async def _change(self, loop: asyncio.AbstractEventLoop, deadline: float | None) -> None:
        watch = self._watches.get(loop)
        if watch is None:
            watch = self._watches[loop] = _Watch(self._watches, loop, self._handle.exit_fd)
        waiter: asyncio.Future[None] = loop.create_future()
        timer = None if deadline is None else loop.call_at(deadline, wake, waiter)
        watch.waiters.add(waiter)
        try:
            await waiter
        finally:
            if timer is not None:
                timer.cancel()
            watch.leave(waiter)

    def interrupt(self) -> None:
        """Lets everybody look again; from any thread."""
        for loop, watch in list(self._watches.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(watch.end)


class _Watch:
    """Used in the thread of its loop only."""

    def __init__(self, watches: dict[Any, _Watch], loop: asyncio.AbstractEventLoop, fd: int) -> None:
        self.waiters: set[asyncio.Future[None]] = set()
        self._watches = watches
        self._loop = loop
        self._fd = os.dup(fd)
        try:
            loop.add_reader(self._fd, self.end)
        except BaseException:
            os.close(self._fd)
            raise

    def leave(self, waiter: asyncio.Future[None]) -> None:
        self.waiters.discard(waiter)
        if not self.waiters:
            self._close()

    def end(self) -> None:
        self._close()
        for waiter in self.waiters:
            wake(waiter)

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        del self._watches[self._loop]
        if not self._loop.is_closed():
            self._loop.remove_reader(fd)
        os.close(fd)
