# SPDX-License-Identifier: Apache-2.0
"""Patches of weakened builds: a text that says what is taken away and which tests have to fail then, and a unified diff.

    Takes away: one sentence.
    Fails: root: the name of a test, as ctest knows it

    --- a/src/file.cpp
    +++ b/src/file.cpp
    @@ ...

The lines around a change are looked for wherever they are in the file, and have to be there exactly once.
"""

import re
from pathlib import Path
from typing import NamedTuple


class Hunk(NamedTuple):
    old: str
    new: str


class Patch(NamedTuple):
    name: str
    takes_away: str
    fails: list  # names of tests, with the ring
    files: dict  # path: hunks


class PatchError(Exception):
    pass


def parse(name, text):
    head, _, diff = text.partition("\n--- ")
    takes_away = re.search(r"^Takes away: (.+)$", head, re.MULTILINE)
    fails = re.findall(r"^Fails: (.+)$", head, re.MULTILINE)
    if not takes_away or not fails or not diff:
        raise PatchError(f"{name}: it wants a line \"Takes away: …\", lines \"Fails: …\" and a diff")
    files, hunks, old, new = {}, [], [], []

    def close():
        if old or new:
            hunks.append(Hunk("".join(old), "".join(new)))
        old.clear()
        new.clear()

    for line in ("--- " + diff).splitlines(keepends=True):
        if line.startswith("--- "):
            close()
        elif line.startswith("+++ b/"):
            hunks = files.setdefault(line[6:].strip(), [])
        elif line.startswith("@@"):
            close()
        elif line[0] in " -+":
            if line[0] != "+":
                old.append(line[1:])
            if line[0] != "-":
                new.append(line[1:])
        elif not line.startswith(("diff ", "index ")):
            raise PatchError(f"{name}: no line of a diff: {line.rstrip()}")
    close()
    return Patch(name, takes_away.group(1), fails, files)


def read_patches(directory):
    return [parse(file.stem, file.read_text(encoding="utf-8")) for file in sorted(Path(directory).glob("*.patch"))]


def patched(patch, repository):
    """The texts of its files with the patch, by path."""
    texts = {}
    for path, hunks in patch.files.items():
        file = Path(repository) / path
        if not file.is_file():
            raise PatchError(f"{patch.name}: there is no {path}")
        text = file.read_text(encoding="utf-8")
        for number, hunk in enumerate(hunks, 1):
            if text.count(hunk.old) != 1:
                raise PatchError(f"{patch.name}: what change {number} of {path} is about is there "
                                 f"{text.count(hunk.old)} times")
            text = text.replace(hunk.old, hunk.new)
        texts[path] = text
    return texts
