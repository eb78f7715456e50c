# SPDX-License-Identifier: Apache-2.0
"""Changes of a container's mounts, as they are made."""

from __future__ import annotations

from typing import Any

from .. import _dunnage
from ._pulled import Pulled

__all__ = ["MountEvents"]


def _open(handle: Any) -> Any:
    return handle.mount_events()


class MountEvents(Pulled[_dunnage.MountEvent]):
    """The changes from the first one that is asked for on: `async for event in container.mount_events()`; the head of an
    `async with` asks at once. One coroutine reads them. Waiting watches a descriptor."""

    def __init__(self, handle: Any) -> None:
        super().__init__("these mount events", _open, handle)

    async def __aenter__(self) -> MountEvents:
        await self._begin()
        return self
