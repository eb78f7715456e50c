# SPDX-License-Identifier: Apache-2.0
"""Containers and the programs in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _dunnage
from .._process import CompletedProcess, _completed, _pipes, _seconds
from ._launching import Launching, taking, taking_method
from ._logs import LogEntries
from ._mount_events import MountEvents
from ._running import Running
from ._text_mode import TextMode
from ._threads import close, disposable, in_thread, watched_job

if TYPE_CHECKING:
    from datetime import datetime

    from .._dunnage import _Seconds

__all__ = ["Container", "Process", "run"]


class Process(Running[_dunnage.Process]):
    """A further program in a container; Container.exec() starts it. It is killed when it is closed."""


class Container(Running[_dunnage.Container]):
    """dunnage.Container for asyncio: the same verbs, awaited.

        async with Container.launch(["sh", "-c", "date"], stdout=PIPE, text=True) as container:
            async for line in container.stdout:
                print(line, end="")
            print(await container.wait())

    Used in any event loop, and in several at once. Waiting, reading and writing watch descriptors and need no thread.
    launch(), exec(), pause(), resume(), restart(), attach(), detach(), replace() and changes() run in the loop's default
    executor, because there is nothing to watch; they take milliseconds, but restart() the time of its grace."""

    @staticmethod
    @taking(_dunnage.Container.launch)
    def launch(*args: Any, **options: Any) -> Launching[Container]:
        """Container.launch() of dunnage. `container = await Container.launch(...)`, or `async with
        Container.launch(...) as container`, which kills the container at its end. Cancelling it leaves no container.
        `progress` is called in the event loop."""
        return Launching(_launch(args, options), "Container.launch")

    @staticmethod
    async def run(argv: Any = None, *, input: Any = None, timeout: _Seconds | None = None, check: bool = False,
                  **options: Any) -> CompletedProcess:
        """dunnage.run(), awaited: a container from its start to its end. Cancelling it kills the container."""
        return await _run_to_end(Container.launch, argv, input, timeout, check, options)

    @property
    def id(self) -> str:
        """64 hexadecimal digits."""
        return self._handle.id

    @property
    def name(self) -> str:
        """Empty without a record."""
        return self._handle.name

    @property
    def pid(self) -> int:
        """Of its first process; 0 when it has ended."""
        return self._handle.pid

    @property
    def plan(self) -> _dunnage.MountPlan:
        """The MountPlan it was given."""
        return self._handle.plan

    @property
    def status(self) -> _dunnage.ContainerStatus:
        return self._handle.status

    def timings(self) -> _dunnage.LaunchTimings:
        """Of its launch; empty without timings=True."""
        return self._handle.timings()

    async def stats(self) -> _dunnage.ContainerStats:
        """What it uses at this moment."""
        return await in_thread(self._handle.stats)

    async def update(self, changes: _dunnage.Resources | None = None, /, **limits: Any) -> None:
        """Other limits for the running container, all or none: a Resources, or its keywords."""
        given = _dunnage.Resources(**limits) if changes is None else changes
        await in_thread(self._handle.update, given)

    async def stop(self, grace: _Seconds = 10.0) -> _dunnage.ExitStatus:
        """Sends the stop signal, waits `grace` seconds, then kills; returns the ExitStatus. Ends a restart policy.
        Cancelling it ends the grace: the container is killed."""
        limit = _seconds(grace)
        self._handle.request_stop()
        try:
            status = await self.wait_for(limit)
        except BaseException:
            self._kill_if_running()
            raise
        if status is None:
            self._kill_if_running()
            status = await self.wait()
        return status

    def request_stop(self) -> None:
        """How stop() begins: sends the stop signal, ends a restart policy, and returns at once."""
        self._handle.request_stop()

    async def pause(self) -> None:
        """Freezes every process."""
        await in_thread(self._handle.pause)

    async def resume(self) -> None:
        await in_thread(self._handle.resume)

    async def restart(self, grace: _Seconds = 10.0) -> None:
        """Stops it, if it runs, and starts it again from the same specification, with new mounts and new streams. A
        thread of the executor waits for its end: stop() it before where that may take long."""
        await in_thread(self._handle.restart, grace)
        self._close_streams()
        self._streams.clear()

    async def detach(self, target: str | bytes | None = None, *, lazy: bool = False) -> None:
        """Takes a mount of its plan off. Without a target: lets it outlive this handle and process; it needs a record."""
        await in_thread(self._handle.detach, target, lazy=lazy)

    async def attach(self, mounts: Any) -> _dunnage.MountPlan:
        """Mounts something in the running container, all or nothing. Returns the MountPlan of what was attached."""
        return await in_thread(self._handle.attach, mounts)

    async def replace(self, target: str | bytes, mount: Any) -> _dunnage.ResolvedMount:
        """Puts another mount in the place of one of the plan: at no instant is nothing there."""
        return await in_thread(self._handle.replace, target, mount)

    async def mount_holders(self, target: str | bytes) -> list[_dunnage.MountHolder]:
        """Who has something of a mount open."""
        return await in_thread(self._handle.mount_holders, target)

    def mount_events(self) -> MountEvents:
        """The changes of its mounts: `async for event in container.mount_events()` goes on until it has ended."""
        return MountEvents(self._handle)

    async def changes(self) -> list[_dunnage.Change]:
        """What it has changed of its image's root file system; Docker's `diff`."""
        return await in_thread(self._handle.changes)

    async def explain(self, path: str | bytes, *, user: str = "") -> _dunnage.PathExplanation:
        """Which mount serves `path`, whose it is, and what a user may do there, why not, and what would change that."""
        return await in_thread(self._handle.explain, path, user=user)

    @taking_method(_dunnage.Container.exec)
    def exec(self, *args: Any, **options: Any) -> Launching[Process]:
        """Runs a further program in it: a Process. Awaited, or the head of an `async with`, as launch() is."""
        return Launching(self._exec(args, options), "Container.exec")

    async def exec_run(self, argv: Any, *, input: Any = None, timeout: _Seconds | None = None, check: bool = False,
                       **options: Any) -> CompletedProcess:
        """A further program in it from its start to its end. Cancelling it kills the program."""
        return await _run_to_end(self.exec, argv, input, timeout, check, options)

    def logs(self, *, follow: bool = False, tail: int | None = None,
             since: datetime | float | None = None) -> LogEntries:
        """The LogEntry objects of its log, which it has with stdout=Stdio.log(): `async for entry in
        container.logs(follow=True)` goes on until it has ended."""
        store = getattr(self._handle, "_store")
        return LogEntries(store, self.id, {"follow": follow, "tail": tail, "since": since})

    def __repr__(self) -> str:
        return repr(self._handle).replace("<dunnage.", "<dunnage.aio.", 1)

    async def _exec(self, args: tuple[Any, ...], options: dict[str, Any]) -> Process:
        handle = await disposable(self._handle.exec, close, args, options)
        return Process(handle, TextMode(options))

    def _must_end(self) -> bool:
        return bool(getattr(self._handle, "_owned"))


run = Container.run


async def _launch(args: tuple[Any, ...], options: dict[str, Any]) -> Container:
    handle = await watched_job(_dunnage.Container.launch, close, args, options)
    return Container(handle, TextMode(options))


async def _run_to_end(start: Any, argv: Any, input: Any, timeout: _Seconds | None, check: bool,
                      options: dict[str, Any]) -> CompletedProcess:
    limit = _seconds(timeout)
    _pipes(options, input)
    async with start(argv, **options) as program:
        stdout, stderr = await program.communicate(input, limit)
        status = await program.wait()
    return _completed(argv, status, stdout, stderr, check)
