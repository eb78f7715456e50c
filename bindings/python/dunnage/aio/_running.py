# SPDX-License-Identifier: Apache-2.0
"""What a Container and a Process have in common: waiting, streams, the end of an `async with`."""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union

from .. import _dunnage
from .._errors import NotRunning
from .._process import _seconds, _timed_out
from ._exchange import exchange
from ._readiness import Ends
from ._stream_reader import StreamReader
from ._stream_writer import StreamWriter
from ._terminal_stream import TerminalStream
from ._text_mode import TextMode

if TYPE_CHECKING:
    from .._dunnage import _Seconds, _Signal

Handle = TypeVar("Handle", bound=Union[_dunnage.Container, _dunnage.Process])
Self = TypeVar("Self", bound="Running[Any]")

_END_TIMEOUT = 10.0  # seconds


class Running(Generic[Handle]):
    """A program. Used in any event loop, and in several at once."""

    def __init__(self, handle: Handle, mode: TextMode) -> None:
        self._handle = handle
        self._mode = mode
        self._ends = Ends(handle)
        self._streams: dict[str, Any] = {}

    async def wait(self, timeout: _Seconds | None = None) -> _dunnage.ExitStatus:
        """The ExitStatus at the end; raises TimedOut, a TimeoutError. Any number of coroutines may wait; cancelling one
        leaves the program alone. No thread waits: the loop watches `exit_fd`."""
        status = await self.wait_for(timeout)
        if status is None:
            raise _timed_out("wait for the end of the program", None, None)
        return status

    async def wait_for(self, timeout: _Seconds | None) -> _dunnage.ExitStatus | None:
        """The ExitStatus, or None if it still runs then."""
        status: _dunnage.ExitStatus | None = await self._ends.wait(_seconds(timeout))
        return status

    def poll(self) -> _dunnage.ExitStatus | None:
        """The ExitStatus, or None if it still runs."""
        return self._handle.poll()

    def kill(self, signal: _Signal = 9) -> None:
        """Sends a signal; SIGKILL ends all processes of a container. Returns at once. Raises NotRunning."""
        self._handle.kill(signal)

    async def communicate(self, input: Any = None, timeout: _Seconds | None = None) -> tuple[Any, Any]:
        """Writes `input` to stdin, reads stdout and stderr to their ends, and waits: (stdout, stderr), None for what is
        no PIPE. Raises TimedOut with what was read until then; the program still runs then."""
        return await exchange(self, input, _seconds(timeout))

    async def close(self) -> None:
        """Kills what is ours to kill, waits for its end, and lets go. Twice is once."""
        try:
            if not self._handle.closed and self._must_end() and self._handle.poll() is None:
                self._kill_if_running()
                await self._ends.wait(_END_TIMEOUT)
        finally:
            self._close_streams()
            self._let_go()
            self._ends.interrupt()

    async def __aenter__(self: Self) -> Self:
        self._handle.__enter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None:
        await self.close()

    @property
    def exit_status(self) -> _dunnage.ExitStatus | None:
        """How it ended, as far as a wait, poll or close has seen it; else None."""
        return self._handle.exit_status

    @property
    def returncode(self) -> int | None:
        """What subprocess calls so: the exit code, a signal below zero; None until a wait or poll has seen the end."""
        return self._handle.returncode

    @property
    def exit_fd(self) -> int:
        """Becomes and stays readable when the program has ended. Owned here."""
        return self._handle.exit_fd

    @property
    def closed(self) -> bool:
        return self._handle.closed

    @property
    def stdin(self) -> StreamWriter[Any] | Any:
        """A StreamWriter, or None without PIPE."""
        return self._stream("stdin", StreamWriter)

    @property
    def stdout(self) -> StreamReader[Any] | Any:
        """A StreamReader, or None without PIPE. One asked for before close() can be read to its end."""
        return self._stream("stdout", StreamReader)

    @property
    def stderr(self) -> StreamReader[Any] | Any:
        """The same."""
        return self._stream("stderr", StreamReader)

    @property
    def terminal(self) -> TerminalStream | Any:
        """The other end of the terminal, to be read and written, or None."""
        return self._stream("terminal", lambda fd, mode: TerminalStream(fd))

    def close_stdin(self) -> None:
        """The program reads the end of its input."""
        if "stdin" in self._streams:
            self._streams["stdin"].close()
        self._handle.close_stdin()

    def _stream(self, name: str, kind: Any) -> Any:
        if name not in self._streams:
            fd = None if self._handle.closed else getattr(self._handle, name + "_fd")
            if fd is None:
                return None
            self._streams[name] = kind(os.dup(fd), self._mode)
            if name == "stdin":
                self._handle.close_stdin()  # the stream's is the only one: closing it is the end of the input
        return self._streams[name]

    def _close_streams(self) -> None:
        if "stdin" in self._streams:
            self._streams["stdin"].abandon()
        if "terminal" in self._streams:
            self._streams["terminal"].close()

    def _must_end(self) -> bool:
        return True

    def _kill_if_running(self) -> None:
        try:
            self._handle.kill()
        except NotRunning:
            pass

    def _let_go(self) -> None:
        if self._handle.closed:
            return
        if self._handle.poll() is None and self._must_end():  # it was killed, and nobody waited for it to the end
            try:
                asyncio.get_running_loop().run_in_executor(None, self._handle.close)
                return
            except RuntimeError:  # the loop is at its end
                pass
        self._handle.close()
