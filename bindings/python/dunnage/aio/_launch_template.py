# SPDX-License-Identifier: Apache-2.0
"""Templates of containers."""

from __future__ import annotations

from typing import Any

from .. import _dunnage
from ._container import Container
from ._launching import Launching, taking, taking_method
from ._text_mode import TextMode
from ._threads import close, disposable, in_thread, watched_job

__all__ = ["LaunchTemplate"]

_MODE = ("text", "encoding", "errors")


class LaunchTemplate:
    """dunnage.LaunchTemplate for asyncio: make() takes what that takes.

        async with LaunchTemplate.make(["sh"], stdout=PIPE, text=True) as shell:
            async with shell.launch(["sh", "-c", "date"]) as container:
                print(await container.stdout.read())

    make(), launch() and close() run in the loop's default executor."""

    def __init__(self, template: _dunnage.LaunchTemplate, options: dict[str, Any] | None = None) -> None:
        """`options`: text, encoding and errors of its containers' streams."""
        self._handle = template
        self._mode = {name: value for name, value in (options or {}).items() if name in _MODE}

    @staticmethod
    @taking(_dunnage.Container.launch)
    def make(*args: Any, **options: Any) -> Launching[LaunchTemplate]:
        """Awaited, or the head of an `async with`, which lets go of the template at its end. `progress` is called in
        the event loop."""
        return Launching(_make(args, options), "LaunchTemplate.make")

    @taking_method(_dunnage.LaunchTemplate.launch)
    def launch(self, *args: Any, **options: Any) -> Launching[Container]:
        """A Container; awaited, or the head of an `async with`, as Container.launch() is."""
        return Launching(self._launch(args, options), "LaunchTemplate.launch")

    async def keep_ready(self, launches: int) -> None:
        """Has network namespaces for so many launches made ahead, at most 256, and waits until they are."""
        await in_thread(self._handle.keep_ready, launches)

    @property
    def plan(self) -> _dunnage.MountPlan:
        """The MountPlan; anonymous volumes have no names in it."""
        return self._handle.plan

    @property
    def closed(self) -> bool:
        return self._handle.closed

    async def close(self) -> None:
        """Lets go of its image and volumes, and of none of its containers."""
        await in_thread(self._handle.close)

    def __repr__(self) -> str:
        return repr(self._handle).replace("<dunnage.", "<dunnage.aio.", 1)

    async def _launch(self, args: tuple[Any, ...], options: dict[str, Any]) -> Container:
        handle = await disposable(self._handle.launch, close, args, options)
        return Container(handle, TextMode({**self._mode, **options}))


async def _make(args: tuple[Any, ...], options: dict[str, Any]) -> LaunchTemplate:
    template = await watched_job(_dunnage.LaunchTemplate, close, args, options)
    return LaunchTemplate(template, options)
