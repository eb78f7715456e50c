# SPDX-License-Identifier: Apache-2.0
"""The Python that users are shown, as files for a type checker: the examples, and the blocks of the guide and of the
READMEs."""

from pathlib import Path

from readme_code import blocks_of

PROJECT = Path(__file__).parents[1]
REPOSITORY = PROJECT.parents[1]


def examples():
    return sorted(path for path in (REPOSITORY / "examples" / "python").rglob("*.py"))


def write_blocks(directory):
    """The paths of the files, one for each block."""
    written = []
    for page in [REPOSITORY / "README.md", PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.rst"))]:
        for number, (code, _) in enumerate(blocks_of(page)):
            path = directory / f"{page.parent.name.replace('.', '_') or 'top'}_{page.stem}_{number}.py"
            path.write_text(code, encoding="utf-8")
            written.append(path)
    return written
