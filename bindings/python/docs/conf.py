# SPDX-License-Identifier: Apache-2.0
"""sphinx-build bindings/python/docs OUT, with the package importable: PYTHONPATH=BUILD/python."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import dunnage  # noqa: E402

project = "dunnage"
author = "The Dunnage developers"
project_copyright = author
version = release = dunnage.__version__

extensions = ["sphinx.ext.autodoc", "reference"]
default_role = "code"
smartquotes = False
highlight_language = "python"
autodoc_member_order = "alphabetical"
autodoc_typehints = "none"
add_module_names = False
nitpicky = True
# What is Python's own, and classes whose bases are shown.
nitpick_ignore_regex = [("py:.*", r"(enum|subprocess|object|[A-Z]\w*Error|Exception|OSError)(\..*)?"), ("py:.*", r"pybind11.*")]

html_theme = "alabaster"
html_theme_options = {"description": "Containers with Docker-grade storage in the host's own process",
                      "page_width": "1040px", "sidebar_width": "230px"}
html_copy_source = False
