# SPDX-License-Identifier: Apache-2.0
"""What blocks and has nothing an event loop could watch: it runs in the loop's default executor."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from .. import _dunnage

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")

T = TypeVar("T")

__all__ = ["close", "disposable", "in_thread", "watched", "watched_job"]


async def in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Awaits function(*args, **kwargs), called in the default executor of the running event loop.

    For a call of the library that blocks a moment. Cancelling ends the waiting, not the call; see watched()."""
    call = functools.partial(contextvars.copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(None, call)


def close(result: Any) -> None:
    """Disposes of a handle that comes when nobody waits for it any more."""
    result.close()


class _Job(Generic[T]):
    """A call in a thread. When nobody waits for it any more, its result is disposed of, whenever it comes."""

    def __init__(self, function: Callable[[], T], dispose: Callable[[T], object]) -> None:
        self._function = function
        self._dispose = dispose
        self._lock = threading.Lock()
        self._abandoned = False
        self._results: list[T] = []

    def __call__(self) -> T:
        result = self._function()
        with self._lock:
            self._results.append(result)
        if self._abandoned:
            self._dispose_results()
        return result

    def abandon(self) -> None:
        self._abandoned = True
        self._dispose_results()

    def _dispose_results(self) -> None:
        with self._lock:
            results, self._results = self._results, []
        for result in results:
            self._dispose(result)


class _Watching:
    """Reports progress in the event loop. What the function raises there ends the call."""

    def __init__(self, progress: Callable[[_dunnage.Progress], object], stop: _dunnage.StopSource) -> None:
        self._progress = progress
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self.failure: Exception | None = None

    def __call__(self, now: _dunnage.Progress) -> None:
        self._loop.call_soon_threadsafe(self._tell, now)

    def _tell(self, now: _dunnage.Progress) -> None:
        if self.failure is not None or self._stop.stop_requested:
            return
        try:
            self._progress(now)
        except Exception as failure:
            self.failure = failure
            self._stop.request_stop()


async def watched(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """in_thread() for what takes `progress` and `stop`: cancelling ends the call, which has changed nothing then, and
    progress is reported in the event loop. What `progress` raises comes out of here, and ends what is not over yet."""
    return await watched_job(function, lambda result: None, args, kwargs)


async def disposable(function: Callable[..., T], dispose: Callable[[T], object], args: tuple[Any, ...],
                     options: dict[str, Any]) -> T:
    """in_thread(); `dispose` takes a result that comes when the waiting was cancelled already."""
    job = _Job(functools.partial(function, *args, **options), dispose)
    try:
        return await in_thread(job)
    except BaseException:
        job.abandon()
        raise


async def watched_job(function: Callable[..., T], dispose: Callable[[T], object], args: tuple[Any, ...],
                      options: dict[str, Any]) -> T:
    """watched(), disposable()."""
    stop = options["stop"] if options.get("stop") is not None else _dunnage.StopSource()
    options = {**options, "stop": stop}
    watching = None
    if callable(options.get("progress")):
        watching = options["progress"] = _Watching(options["progress"], stop)
    try:
        result = await disposable(function, dispose, args, options)
    except BaseException as error:
        if isinstance(stop, _dunnage.StopSource):
            stop.request_stop()
        if watching is not None and watching.failure is not None and not isinstance(error, asyncio.CancelledError):
            raise watching.failure from None
        raise
    if watching is not None and watching.failure is not None:  # it was over before it could be ended
        dispose(result)
        raise watching.failure
    return result
