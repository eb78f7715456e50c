# SPDX-License-Identifier: Apache-2.0
"""The end of a terminal that is not the program's."""

from __future__ import annotations

import os

from ._stream_reader import StreamReader
from ._stream_writer import StreamWriter
from ._text_mode import TextMode

__all__ = ["TerminalStream"]


class TerminalStream(StreamReader[bytes]):
    """The other end of a program's terminal: both at once."""

    def __init__(self, fd: int) -> None:
        mode = TextMode({})
        self._writer: StreamWriter[bytes] = StreamWriter(os.dup(fd), mode)
        super().__init__(fd, mode)

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        await self._writer.drain()

    def close(self) -> None:
        self._writer.abandon()
        super().close()
