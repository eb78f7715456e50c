# SPDX-License-Identifier: Apache-2.0
"""Logs, as they are written."""

from __future__ import annotations

import asyncio
from typing import Any

from .. import _dunnage
from ._pulled import Pulled

__all__ = ["LogEntries"]

_AT_ONCE = 64  # entries, and then others have their turn


def _open(store: Any, name: str, options: dict[str, Any]) -> Any:
    return _dunnage.ContainerStore.open(store).logs(name, **options)


class LogEntries(Pulled[_dunnage.LogEntry]):
    """The entries of a log: `async for entry in container.logs(follow=True)`. One coroutine reads them.

    It is opened by the first one, in the loop's default executor; waiting for more watches a descriptor."""

    def __init__(self, store: Any, name: str, options: dict[str, Any]) -> None:
        super().__init__("this log", _open, store, name, options)
        self._count = 0

    async def _take_turns(self) -> None:
        self._count += 1
        if self._count % _AT_ONCE == 0:
            await asyncio.sleep(0)
