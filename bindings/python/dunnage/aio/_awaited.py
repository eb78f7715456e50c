# SPDX-License-Identifier: Apache-2.0
"""Verbs of the library, awaited: the class of which they become methods has the library's handle in `_handle`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Coroutine, TypeVar

from ._threads import in_thread, watched

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")

R = TypeVar("R")

__all__ = ["threaded_verb", "watched_verb"]


def threaded_verb(verb: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """The verb of the same name, awaited."""

    @functools.wraps(verb)
    async def run(self: Any, /, *args: P.args, **options: P.kwargs) -> R:
        return await in_thread(verb, self._handle, *args, **options)

    return run


def watched_verb(verb: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """The same; cancelling ends it, and `progress` is called in the event loop."""

    @functools.wraps(verb)
    async def run(self: Any, /, *args: P.args, **options: P.kwargs) -> R:
        return await watched(verb, self._handle, *args, **options)

    return run
