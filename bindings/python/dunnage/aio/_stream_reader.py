# SPDX-License-Identifier: Apache-2.0
"""The end of a pipe that a program writes to, read on demand."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import Any, AnyStr, Generic

from .._errors import ClosedError
from ._readiness import Reading
from ._text_mode import TextMode

__all__ = ["StreamReader"]

_CHUNK = 65536  # bytes
_LONGEST_LINE = 1 << 20  # bytes, or characters of a text


class StreamReader(Generic[AnyStr]):
    """What a program writes: `async for line in container.stdout`, or the verbs of asyncio.StreamReader. With `text`
    they give str, else bytes. A line longer than 1 MiB comes in parts.

    It reads on demand, in whichever event loop is running, one coroutine at a time. Cancelling loses nothing."""

    def __init__(self, fd: int, mode: TextMode) -> None:
        """Takes the descriptor over."""
        os.set_blocking(fd, False)
        self._fd = fd
        self._decoder = mode.decoder()
        self._none: Any = "" if mode.text else b""
        self._newline: Any = "\n" if mode.text else b"\n"
        self._buffer: Any = self._none
        self._start = 0  # of what is not taken yet
        self._more: list[Any] = []  # follows the buffer
        self._ended = False
        self._closed = False
        self._reading = Reading("this stream")

    def at_eof(self) -> bool:
        """All of it is read."""
        return self._ended and not self._more and self._start == len(self._buffer)

    async def read(self, n: int = -1) -> AnyStr:
        """Up to `n` bytes or characters as soon as there are some; below zero: everything to the end. Empty at the
        end."""
        if n < 0:
            while await self.fill():
                pass
            return self.take()
        while n > 0 and not self._gather() and await self.fill():
            pass
        return self._take(min(n, self._gather()))

    async def readexactly(self, n: int) -> AnyStr:
        """Raises asyncio.IncompleteReadError, with what there was as `partial`, if the stream ends before."""
        if n < 0:
            raise ValueError("readexactly(): n is not below zero")
        while self._gather() < n:
            if not await self.fill():
                partial: Any = self.take()
                raise asyncio.IncompleteReadError(partial, n)
        return self._take(n)

    async def readline(self) -> AnyStr:
        """A line with its end; the last one may have none. Empty at the end."""
        looked = 0
        while True:
            available = self._gather()
            end = self._buffer.find(self._newline, self._start + looked, self._start + _LONGEST_LINE)
            if end >= 0:
                return self._take(end + 1 - self._start)
            if available >= _LONGEST_LINE:
                return self._take(_LONGEST_LINE)
            looked = available
            if not await self.fill():
                return self.take()

    def __aiter__(self) -> StreamReader[AnyStr]:
        return self

    async def __anext__(self) -> AnyStr:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    def take(self) -> AnyStr:
        """What was read from the pipe and not given out yet; never waits."""
        return self._take(self._gather())

    def close(self) -> None:
        """What the program writes then fails, as it does in a pipe that nobody reads."""
        self._closed = True
        self._reading.interrupt()
        if not self._reading.waiting:
            self._release()

    def __del__(self) -> None:
        self._release()

    def _gather(self) -> int:
        """Makes one buffer of all there is; how much there is."""
        if self._more:
            self._buffer = self._none.join([self._buffer[self._start:], *self._more])
            self._start = 0
            self._more = []
        return len(self._buffer) - self._start

    def _take(self, count: int) -> AnyStr:
        taken: AnyStr = self._buffer[self._start:self._start + count]
        self._start += count
        if self._start == len(self._buffer):
            self._buffer = self._none
            self._start = 0
        return taken

    async def fill(self) -> bool:
        """Waits for more, for take(); False at the end."""
        if self._ended:
            return False
        self._reading.require_idle()
        chunk, at_once = await self._chunk()
        self._ended = not chunk
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk, final=self._ended)
        if chunk:
            self._more.append(chunk)
        if self._ended:
            self._release()
        elif at_once:  # a program that writes without a pause is not to have the loop for itself
            await asyncio.sleep(0)
        return not self._ended

    async def _chunk(self) -> tuple[Any, bool]:
        """And whether it was there already."""
        at_once = True
        while not self._closed:
            try:
                return os.read(self._fd, _CHUNK), at_once
            except BlockingIOError:
                await self._reading.until_readable(self._fd)
                at_once = False
            except OSError as error:
                if error.errno != errno.EIO:  # the end of a terminal
                    raise
                return b"", at_once
        self._release()
        raise ClosedError("this stream is closed; read it before that, or get what is left by take()")

    def _release(self) -> None:
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)
