# SPDX-License-Identifier: Apache-2.0
"""The guide and the reference are built without a warning, and the reference has every name."""

import os
import subprocess
import sys
from pathlib import Path

import dunnage

try:
    import sphinx  # noqa: F401
    from sphinx.util.inventory import InventoryFile
except ImportError:
    print(f"SKIPPED: {sys.executable} has no Sphinx (python3-sphinx)", flush=True)
    os._exit(77)

DOCS = Path(__file__).parents[2] / "docs"


def test_the_documentation_is_built_without_a_warning_and_has_every_name(directory):
    done = subprocess.run([sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", "-d", directory / "doctrees",
                           DOCS, directory / "html"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with (directory / "html" / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    names = {name for kind in inventory.values() for name in kind}
    assert {f"dunnage.{name}" for name in dunnage.__all__} - names == set()
