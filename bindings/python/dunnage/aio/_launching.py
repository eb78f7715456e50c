# SPDX-License-Identifier: Apache-2.0
"""What launch() and exec() return: it can be awaited, and it can be the head of an `async with`."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Coroutine, Generator, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    from ._launch_template import LaunchTemplate
    from ._running import Running

    P = ParamSpec("P")

R = TypeVar("R", bound="Running[Any] | LaunchTemplate")
T = TypeVar("T")


def taking(source: Callable[P, Any]) -> Callable[[Callable[..., T]], Callable[P, T]]:
    """The decorated function takes what `source` takes."""

    def decorate(function: Callable[..., T]) -> Callable[P, T]:
        function.__wrapped__ = source  # type: ignore[attr-defined]  # for inspect.signature()
        return function

    return decorate


def taking_method(source: Callable[Concatenate[Any, P], Any]) -> Callable[[Callable[..., T]], Callable[
        Concatenate[Any, P], T]]:
    """The same for methods."""

    def decorate(function: Callable[..., T]) -> Callable[Concatenate[Any, P], T]:
        function.__wrapped__ = source  # type: ignore[attr-defined]
        return function

    return decorate


class Launching(Coroutine[Any, Any, R]):
    """A program that is being started."""

    def __init__(self, start: Coroutine[Any, Any, R], name: str) -> None:
        """`name` is what Python says was never awaited."""
        start.__qualname__ = name  # type: ignore[attr-defined]
        self._start = start
        self._running: R | None = None

    def __await__(self) -> Generator[Any, Any, R]:
        return self._start.__await__()

    def send(self, value: Any) -> Any:
        return self._start.send(value)

    def throw(self, *error: Any) -> Any:
        return self._start.throw(*error)

    def close(self) -> None:
        self._start.close()

    async def __aenter__(self) -> R:
        self._running = await self._start
        return self._running

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None:
        if self._running is not None:
            await self._running.close()
