# SPDX-License-Identifier: Apache-2.0
"""Runs every block of Python in Markdown and reStructuredText files as a program of its own, with a store of its own; a
block of the class "test" by pytest.

    readme_code.py FILE...
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

MARKDOWN = re.compile(r"^```python\n(?P<options>)(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
RESTRUCTURED = re.compile(r"^\.\. code-block:: python\n(?P<options>(?:   :.*\n)*)\n(?P<code>(?:   .*\n|\n)+)", re.MULTILINE)


def blocks_of(path):
    """The code, and whether it is a test."""
    text = path.read_text(encoding="utf-8")
    for block in (RESTRUCTURED if path.suffix == ".rst" else MARKDOWN).finditer(text):
        yield textwrap.dedent(block["code"]), ":class: test" in block["options"]


@contextlib.contextmanager
def temporary_directory():
    """What was removed from a store in it may still be being deleted there."""
    directory = tempfile.mkdtemp(prefix="dunnage-readme-")
    yield directory
    deadline = time.monotonic() + 20
    while True:
        try:
            return shutil.rmtree(directory)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def run(code, is_test):
    with temporary_directory() as directory:
        environment = {**os.environ, "DUNNAGE_STORE": os.path.join(directory, "store")}
        command = [sys.executable, "-W", "error", "-c", code]
        if is_test:
            Path(directory, "test_block.py").write_text(code, encoding="utf-8")
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "dunnage.pytest_plugin",
                       "test_block.py"]
        return subprocess.run(command, env=environment, cwd=directory, check=False, timeout=60).returncode


def main(arguments):
    codes = []
    for argument in arguments:
        blocks = list(blocks_of(Path(argument)))
        if not blocks:
            print(f"{argument} shows no Python")
            codes.append(1)
        for code, is_test in blocks:
            codes.append(run(code, is_test))
            if codes[-1]:
                print(f"{argument}: this exits with {codes[-1]}:\n{code}", flush=True)
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
