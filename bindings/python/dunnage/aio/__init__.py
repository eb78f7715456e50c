# SPDX-License-Identifier: Apache-2.0
"""asyncio on the same verbs.

    import asyncio
    from dunnage import PIPE
    from dunnage.aio import Container

    async def main():
        async with Container.launch(["sh", "-c", "echo hello; cat"], stdin=PIPE, stdout=PIPE, text=True) as container:
            container.stdin.write("world\\n")
            container.stdin.close()
            async for line in container.stdout:
                print(line, end="")
            print(await container.wait())

    asyncio.run(main())

What waits for a program watches a descriptor, in whichever event loop is running; nothing has a thread of its own.
What has nothing to watch, a launch and the verbs of a store, runs a moment in the loop's default executor; in_thread()
does the same for any other call, and watched() for one that takes `progress` and `stop`. It needs
loop.add_reader(), which asyncio's loops on Linux and uvloop have.
"""

from ._container import Container, Process, run
from ._copy import copy_in, copy_out
from ._launch_template import LaunchTemplate
from ._launching import Launching
from ._logs import LogEntries
from ._mount_events import MountEvents
from ._stores import ContainerStore, ImageStore, VolumeStore, VolumeTrash
from ._stream_reader import StreamReader
from ._stream_writer import StreamWriter
from ._terminal_stream import TerminalStream
from ._threads import in_thread, watched
from ._transaction import Transaction, TransactionStore
from ._volume_history import VolumeHistory

__all__ = [
    "Container", "ContainerStore", "ImageStore", "LaunchTemplate", "Launching", "LogEntries", "MountEvents", "Process",
    "StreamReader", "StreamWriter", "TerminalStream", "Transaction", "TransactionStore", "VolumeHistory", "VolumeStore",
    "VolumeTrash", "copy_in", "copy_out", "in_thread", "run", "watched",
]
