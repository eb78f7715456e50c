# SPDX-License-Identifier: Apache-2.0
"""`docker cp`, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Coroutine

from .. import _dunnage
from ._container import Container
from ._threads import watched

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")


def _awaited(verb: Callable[Concatenate[Any, P], None]) -> Callable[
        Concatenate[Container | _dunnage.Volume, P], Coroutine[Any, Any, None]]:
    async def copy(place: Container | _dunnage.Volume, /, *args: P.args, **options: P.kwargs) -> None:
        await watched(verb, place._handle if isinstance(place, Container) else place, *args, **options)

    copy.__name__ = copy.__qualname__ = verb.__name__
    copy.__doc__ = verb.__doc__
    return copy


copy_in = _awaited(_dunnage.copy_in)
copy_out = _awaited(_dunnage.copy_out)
