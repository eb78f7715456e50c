# SPDX-License-Identifier: Apache-2.0
"""Runs every ```python block of a Markdown file as a program of its own, with a store of its own.

    readme_code.py FILE.md
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def main(arguments):
    text = Path(arguments[0]).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if not blocks:
        print(f"{arguments[0]} shows no Python")
        return 1
    codes = []
    for block in blocks:
        with tempfile.TemporaryDirectory(prefix="dunnage-readme-") as directory:
            environment = {**os.environ, "DUNNAGE_STORE": os.path.join(directory, "store")}
            codes.append(subprocess.run([sys.executable, "-W", "error", "-c", block], env=environment, cwd=directory,
                                        check=False, timeout=60).returncode)
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
