# SPDX-License-Identifier: Apache-2.0
"""communicate(): what a program reads, writes and how it ends, all at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Coroutine, TypeVar

from .._process import _timed_out

if TYPE_CHECKING:
    from ._running import Running

T = TypeVar("T")


async def _feed(stdin: Any, data: Any) -> None:
    try:
        if data is not None:
            stdin.put(data if isinstance(data, str) else bytes(data))
        stdin.close()
        await stdin.wait_closed()
    except BrokenPipeError:  # the program does not want it
        pass


async def _all(*work: Coroutine[Any, Any, Any]) -> None:
    """To the end of all of them, or of none after a failure."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _within(timeout: float | None, work: Coroutine[Any, Any, Any]) -> bool:
    """False at the end of the timeout."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=timeout)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if not done:
        return False
    task.result()
    return True


async def _read(stream: Any) -> None:
    while await stream.fill():
        pass


async def exchange(running: Running[Any], data: Any, timeout: float | None) -> tuple[Any, Any]:
    """Running.communicate(). What was read stays in the streams until the end, so that nothing is lost at a timeout."""
    stdin = running.stdin
    if data is not None and stdin is None:
        raise ValueError("there is input, but stdin is no PIPE")
    outputs = [running.stdout, running.stderr]
    work = [_read(stream) for stream in outputs if stream is not None]
    if stdin is not None:
        work.append(_feed(stdin, data))
    complete = await _within(timeout, _all(*work, running.wait()))
    stdout, stderr = (None if stream is None else stream.take() for stream in outputs)
    if not complete:
        raise _timed_out("communicate with the program", stdout, stderr)
    return stdout, stderr
