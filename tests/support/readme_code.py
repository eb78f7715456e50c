#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles every ```cpp block of a Markdown file as a program of its own.

    readme_code.py FILE.md COMPILER [FLAG...]
"""

import re
import subprocess
import sys
from pathlib import Path


def main(arguments):
    blocks = re.findall(r"^```cpp\n(.*?)^```$", Path(arguments[0]).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not blocks:
        print(f"{arguments[0]} shows no code")
        return 1
    codes = [subprocess.run([*arguments[1:], "-fsyntax-only", "-x", "c++", "-"], input=block, text=True, check=False)
             .returncode for block in blocks]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
