# SPDX-License-Identifier: Apache-2.0
"""The end of a pipe that a program reads from, written while there is room."""

from __future__ import annotations

import asyncio
import collections
import os
from typing import Any, AnyStr, Generic

from .._errors import ClosedError
from ._readiness import wake
from ._text_mode import TextMode

__all__ = ["StreamWriter"]

_CHUNK = 65536  # bytes
_ENOUGH_WAITING = 65536  # bytes


class StreamWriter(Generic[AnyStr]):
    """What a program reads: the verbs of asyncio.StreamWriter. write() takes str with `text`, else bytes; what the pipe
    has no room for waits here, and drain() waits until that is little. close() comes after it, and is the end of the
    program's input."""

    def __init__(self, fd: int, mode: TextMode) -> None:
        """Takes the descriptor over."""
        os.set_blocking(fd, False)
        self._fd = fd
        self._mode = mode
        self._chunks: collections.deque[memoryview] = collections.deque()
        self._size = 0  # bytes of them
        self._loop: asyncio.AbstractEventLoop | None = None  # which writes them
        self._closing = False
        self._failure: OSError | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def write(self, data: AnyStr) -> None:
        """Never waits. If the program does not read any more, drain() says so."""
        if isinstance(data, str) != self._mode.text:
            wanted, how = ("str", "with") if self._mode.text else ("bytes", "without")
            raise TypeError(f"this stream takes {wanted}, as it was opened {how} text, not {type(data).__name__}")
        self.put(data)

    def put(self, data: Any) -> None:
        """write() of str and bytes alike."""
        if isinstance(data, str):
            data = data.encode(self._mode.encoding, self._mode.errors)
        chunk = memoryview(bytes(data))
        if self._closing:
            raise ClosedError("this stream is closed, and the program was told the end of its input; write before that")
        if self._failure is not None:
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._loop is None or self._loop.is_closed():
            self._flush()
        if self._size:
            self._write_on()

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    async def drain(self) -> None:
        """Waits until at most 64 KiB wait to be written. Raises BrokenPipeError if the program reads no more."""
        await asyncio.sleep(0)
        await self._until(lambda: self._size <= _ENOUGH_WAITING)

    def close(self) -> None:
        """The program reads the end of its input when it has read what was written."""
        self._closing = True
        if not self._size or self._loop is None or self._loop.is_closed():
            self._release()

    def write_eof(self) -> None:
        """The same."""
        self.close()

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self._closing

    async def wait_closed(self) -> None:
        """Waits until all is written. Raises BrokenPipeError if the program did not read it."""
        await self._until(lambda: self._fd < 0)

    def abandon(self) -> None:
        """Closes it; what is not written is dropped."""
        self._closing = True
        self._chunks.clear()
        self._size = 0
        if self._loop is None or self._loop.is_closed():
            self._release()
        else:
            self._loop.call_soon_threadsafe(self._release)

    def __del__(self) -> None:
        fd = getattr(self, "_fd", -1)
        if fd >= 0:
            os.close(fd)

    def _write_on(self) -> None:
        """Has the running loop write the rest."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is not None and not self._loop.is_closed():
            raise RuntimeError("this stream is being written in another event loop; write in one of them at a time")
        self._loop = loop
        loop.add_writer(self._fd, self._flush)

    async def _until(self, done: Any) -> None:
        while not done() and self._failure is None:
            if self._size:
                self._write_on()
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                self._waiters.remove(waiter)
        if self._failure is not None:
            raise self._failure

    def _flush(self) -> None:
        """Writes what there is room for."""
        try:
            while self._chunks:
                count = os.write(self._fd, self._chunks[0][:_CHUNK])
                self._size -= count
                self._chunks[0] = self._chunks[0][count:]
                if not self._chunks[0]:
                    self._chunks.popleft()
        except BlockingIOError:
            pass
        except OSError as error:  # the program does not read any more
            self._failure = error
            self._chunks.clear()
            self._size = 0
        if not self._size:
            self._rest()
            if self._closing:
                self._release()
        for waiter in self._waiters:
            wake(waiter)

    def _rest(self) -> None:
        """There is nothing to write."""
        loop, self._loop = self._loop, None
        if loop is not None and not loop.is_closed():
            loop.remove_writer(self._fd)

    def _release(self) -> None:
        if self._fd < 0:
            return
        self._rest()
        fd, self._fd = self._fd, -1
        os.close(fd)
        for waiter in self._waiters:
            wake(waiter)
