# SPDX-License-Identifier: Apache-2.0
"""What the examples share: a place to work in that is gone afterwards, and sentences that have to be true."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Callable, Iterator

from dunnage import VolumeStore


def say(sentence: str) -> None:
    """What happens next."""
    print(sentence, flush=True)


def check(so: object, sentence: str) -> None:
    """Tells what has been seen, or ends the example if it was not so."""
    if not so:
        raise AssertionError(f"NOT SO: {sentence}")
    print(f"  seen: {sentence}", flush=True)


@contextlib.contextmanager
def temporary_directory() -> Iterator[Path]:
    """A directory of its own below the system's temporary directory, removed with all it holds."""
    path = Path(tempfile.mkdtemp(prefix="dunnage-example-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _path_on_command_line(description: str | None, what: str) -> Path | None:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", metavar=what, type=Path, nargs="?", help="default: a temporary one")
    path: Path | None = parser.parse_args().path
    return path


def show_in_directory(show: Callable[[Path], None], description: str | None, what: str = "DIRECTORY") -> None:
    """Shows an example in the directory named on its command line, or in one of its own."""
    given = _path_on_command_line(description, what)
    if given is not None:
        show(given.absolute())
        return
    with temporary_directory() as directory:
        show(directory)


def show_in_store(show: Callable[[VolumeStore], None], description: str | None) -> None:
    """The same for an example about a store of volumes."""
    given = _path_on_command_line(description, "STORE")
    if given is not None:
        show(VolumeStore.open(given))
        return
    with temporary_directory() as directory:
        show(VolumeStore.open(directory / "store"))
