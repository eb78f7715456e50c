# SPDX-License-Identifier: Apache-2.0
"""Streams of text and of bytes."""

from __future__ import annotations

import codecs
import io
from typing import Any


class TextMode:
    """What launch() and exec() were told about text."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.encoding: str = options.get("encoding") or "utf-8"
        self.errors: str = options.get("errors") or "strict"
        self.text = bool(options.get("text") or options.get("encoding") or options.get("errors"))

    def decoder(self) -> Any:
        """As open() decodes, line ends too."""
        if not self.text:
            return None
        return io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self.encoding)(self.errors), translate=True)
