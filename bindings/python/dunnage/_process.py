# SPDX-License-Identifier: Apache-2.0
"""run(), exec_run() and communicate(): a program from its start to its end, with what it read and wrote."""

from __future__ import annotations

import io
import os
import selectors
import subprocess
import time
from datetime import timedelta
from typing import Any

from . import _dunnage
from ._errors import TimedOut

__all__ = ["CompletedProcess", "run"]


class CompletedProcess(subprocess.CompletedProcess[Any]):
    """subprocess.CompletedProcess of a container: args, returncode (a signal below zero), stdout, stderr; `status` is
    the ExitStatus."""

    def __init__(self, args: Any, status: Any, stdout: Any = None, stderr: Any = None) -> None:
        super().__init__(args, status.returncode, stdout, stderr)
        self.status: _dunnage.ExitStatus = status


def _seconds(timeout: Any) -> float | None:
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, (int, float))):
        raise TypeError(f"timeout is a number of seconds or a timedelta, not {timeout!r}")
    return seconds


def _timed_out(what: str, stdout: Any, stderr: Any) -> TimedOut:
    return TimedOut(f"cannot {what}: it still runs at the end of the timeout; give it more time, or stop it",
                    errno=110, code=_dunnage.errc.timed_out, stage=_dunnage.Stage.Run, operation=what,
                    cause="the deadline passed", remedy="give it more time, or stop it", stdout=stdout, stderr=stderr)


class _Output:
    """What comes out of one stream."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.chunks: list[bytes] = []

    def take_buffered(self) -> None:
        """What reading a part of it has left in the buffer comes first."""
        buffer = getattr(self.file, "buffer", self.file)
        os.set_blocking(buffer.fileno(), False)
        self.chunks.append(buffer.read1(len(buffer.peek())))
        os.set_blocking(buffer.fileno(), True)

    def value(self) -> Any:
        if self.file is None:
            return None
        data = b"".join(self.chunks)
        if not isinstance(self.file, io.TextIOBase):
            return data
        return io.TextIOWrapper(io.BytesIO(data), encoding=self.file.encoding, errors=self.file.errors).read()


class _Exchange:
    """Writes the input and reads the outputs, whichever is ready: no stream can block another."""

    def __init__(self, running: Any, data: Any) -> None:
        self.outputs = [_Output(running.stdout), _Output(running.stderr)]
        self.stdin = running.stdin
        if data is not None and self.stdin is None:
            raise ValueError("there is input, but stdin is no PIPE")
        self.rest = memoryview(self._encoded(data or b""))
        self.selector = selectors.DefaultSelector()
        for output in self.outputs:
            if output.file is not None:
                output.take_buffered()
                self.selector.register(output.file.fileno(), selectors.EVENT_READ, output)
        if self.stdin is not None:
            if self.rest:
                os.set_blocking(self.stdin.fileno(), False)
                self.selector.register(self.stdin.fileno(), selectors.EVENT_WRITE, None)
            else:
                self._close_stdin()

    def _encoded(self, data: Any) -> bytes:
        if isinstance(data, str):
            return data.encode(getattr(self.stdin, "encoding", None) or "utf-8", getattr(self.stdin, "errors", None) or
                               "strict")
        return bytes(data)

    def _close_stdin(self) -> None:
        try:
            self.stdin.close()
        except BrokenPipeError:
            pass

    def _write(self, fd: int) -> None:
        try:
            self.rest = self.rest[os.write(fd, self.rest[:65536]):]
        except BlockingIOError:
            return
        except BrokenPipeError:  # the program does not want it
            self.rest = self.rest[:0]
        if not self.rest:
            self.selector.unregister(fd)
            self._close_stdin()

    def _read(self, fd: int, output: _Output) -> None:
        chunk = os.read(fd, 65536)
        if chunk:
            output.chunks.append(chunk)
        else:
            self.selector.unregister(fd)

    def run(self, deadline: float | None) -> bool:
        """False at the deadline."""
        while self.selector.get_map():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            for key, _ in self.selector.select(left):
                if key.data is None:
                    self._write(key.fd)
                else:
                    self._read(key.fd, key.data)
        return True

    def values(self) -> tuple[Any, Any]:
        return self.outputs[0].value(), self.outputs[1].value()


def communicate(self: Any, input: Any = None, timeout: Any = None) -> tuple[Any, Any]:
    """communicate(input=None, timeout=None): writes `input` to stdin, reads stdout and stderr to their ends, and waits.

    Returns (stdout, stderr); None for what is no PIPE. Raises TimedOut with what was read until then; the program
    still runs then, but what was read is gone from its streams. Lines may have been read from a binary stream before,
    not from a text stream, which holds back what it has decoded."""
    limit = _seconds(timeout)
    deadline = None if limit is None else time.monotonic() + limit
    exchange = _Exchange(self, input)
    try:
        complete = exchange.run(deadline)
    finally:
        exchange.selector.close()
    left = None if deadline is None else max(deadline - time.monotonic(), 0)
    if not complete or self.wait_for(left) is None:
        raise _timed_out("communicate with the program", *exchange.values())
    return exchange.values()


def run(argv: Any = None, *, input: Any = None, timeout: Any = None, check: bool = False,
        **options: Any) -> CompletedProcess:
    """run(argv=None, *, input=None, timeout=None, check=False, **options): a container from its start to its end.

    The options are Container.launch()'s; stdout and stderr are PIPE unless they say otherwise, and what came is in the
    result. Raises TimedOut after killing the container, and with `check` subprocess.CalledProcessError if the program
    does not exit with 0."""
    return _run_to_end(_dunnage.Container.launch, argv, input, timeout, check, options)


def exec_run(self: Any, argv: Any, *, input: Any = None, timeout: Any = None, check: bool = False,
             **options: Any) -> CompletedProcess:
    """exec_run(argv, *, input=None, timeout=None, check=False, **options): a further program in the container from its
    start to its end; to exec() what run() is to launch(). After a timeout the program is killed, not the container."""
    return _run_to_end(self.exec, argv, input, timeout, check, options)


def _pipes(options: dict[str, Any], input: Any) -> None:
    """The streams of what is run to its end."""
    options.setdefault("stdout", _dunnage.PIPE)
    options.setdefault("stderr", _dunnage.PIPE)
    if input is not None:
        if "stdin" in options:
            raise ValueError("it takes stdin or input, not both")
        options["stdin"] = _dunnage.PIPE


def _completed(argv: Any, status: _dunnage.ExitStatus, stdout: Any, stderr: Any, check: bool) -> CompletedProcess:
    done = CompletedProcess(list(argv or []), status, stdout, stderr)
    if check:
        done.check_returncode()
    return done


def _run_to_end(start: Any, argv: Any, input: Any, timeout: Any, check: bool,
                options: dict[str, Any]) -> CompletedProcess:
    limit = _seconds(timeout)
    _pipes(options, input)
    with start(argv, **options) as program:
        stdout, stderr = communicate(program, input, limit)
        status = program.wait()
    return _completed(argv, status, stdout, stderr, check)


def returncode(self: Any) -> int | None:
    """What subprocess calls so: the exit code, a signal below zero; None until a wait or poll has seen the end."""
    status = self.exit_status
    return None if status is None else int(status.returncode)


def logs(self: Any, **options: Any) -> Any:
    """logs(*, follow=False, tail=None, since=None): the LogEntry objects of its log, which it has with
    stdout=Stdio.log(), as ContainerStore.logs() gives them; until its record is removed."""
    return _dunnage.ContainerStore.open(self._store).logs(self.id, **options)


for _class in (_dunnage.Container, _dunnage.Process):
    setattr(_class, "communicate", communicate)
    setattr(_class, "returncode", property(returncode))
setattr(_dunnage.Container, "run", staticmethod(run))
setattr(_dunnage.Container, "exec_run", exec_run)
setattr(_dunnage.Container, "logs", logs)
for _store in (_dunnage.VolumeStore, _dunnage.ContainerStore, _dunnage.ImageStore):
    setattr(_store, "__fspath__", lambda self: str(self.root))  # so that store= takes one
