# SPDX-License-Identifier: Apache-2.0
"""`docker cp`, awaited."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Coroutine

from .. import _dunnage
from ._container import Container
from ._threads import watched

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")


def _awaited(verb: Callable[Concatenate[Any, P], None]) -> Callable[
        Concatenate[Container | _dunnage.Volume, P], Coroutine[Any, Any, None]]:
    @functools.wraps(verb, assigned=("__name__", "__doc__"))
    async def copy(place: Container | _dunnage.Volume, /, *args: P.args, **options: P.kwargs) -> None:
        await watched(verb, place._handle if isinstance(place, Container) else place, *args, **options)

    copy.__qualname__ = verb.__name__  # pybind11's says where it lies in C++
    return copy


copy_in = _awaited(_dunnage.copy_in)
copy_out = _awaited(_dunnage.copy_out)
