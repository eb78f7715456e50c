# SPDX-License-Identifier: Apache-2.0
"""Where a session shows its values: in the notebook it runs in, else on standard output and on a page for a browser."""

from __future__ import annotations

import argparse
import html
import importlib
import sys
from pathlib import Path
from typing import Any

HEAD = """<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<style>body {{ font-family: sans-serif; max-width: 70em; margin: 2em auto }} pre {{ overflow-x: auto }}</style>
"""


class Page:
    """What is shown is added to the file at once."""

    def __init__(self, title: str, file: Path | None = None) -> None:
        self._file = file
        if file is not None:
            file.write_text(HEAD.format(title=html.escape(title)), encoding="utf-8")

    @classmethod
    def of_command_line(cls, description: str) -> Page:
        """The page named on the command line of a program; in a notebook there is none to be read."""
        title = description.splitlines()[0]
        if "ipykernel" in sys.modules:
            return cls(title)
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("page", type=Path, nargs="?", metavar="PAGE.html", help="a page for a browser")
        try:
            return cls(title, parser.parse_args().page)
        except OSError as error:
            parser.error(str(error))

    def heading(self, text: str) -> None:
        print(f"\n{text}\n{'-' * len(text)}")
        self._add(f"<h2>{html.escape(text)}</h2>")

    def show(self, value: Any) -> None:
        """As a notebook shows it: by its _repr_html_() if it has one and it gives something, else by its repr()."""
        if "ipykernel" in sys.modules:
            importlib.import_module("IPython.display").display(value)
            return
        print(repr(value))
        rich = getattr(value, "_repr_html_", lambda: None)()
        self._add(rich if rich is not None else f"<pre>{html.escape(repr(value))}</pre>")

    def _add(self, markup: str) -> None:
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                print(markup, file=file)
