# SPDX-License-Identifier: Apache-2.0
"""The reference: `.. reference:: KIND` lists what the package has of a kind, from the docstrings. The types of attributes
are those of the stub; what a member of a value means stands in the C++ header, if this is a clone."""

import ast
import enum
import inspect
import re
from pathlib import Path

import dunnage.aio
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from headers import member_comments

PACKAGE = Path(dunnage.__file__).parent
HEADERS = Path(__file__).resolve().parents[3] / "include" / "dunnage"


def kind_of(thing):
    if inspect.isclass(thing):
        if issubclass(thing, BaseException):
            return "exceptions"
        if issubclass(thing, enum.Enum):
            return "words"
        return "values" if hasattr(thing, "replace") and not hasattr(thing, "close") else "handles"
    return "functions" if callable(thing) else "constants"


def names_of(kind):
    """What the page shows, and under which names."""
    if kind == "asyncio":
        return [(f"dunnage.aio.{name}", getattr(dunnage.aio, name)) for name in dunnage.aio.__all__]
    names = [name for name in dunnage.__all__ if kind_of(getattr(dunnage, name)) == kind]
    if kind == "exceptions":  # bases first, as they are derived
        names.sort(key=lambda name: [cls.__name__ for cls in reversed(getattr(dunnage, name).__mro__)
                                     if cls.__module__ == "dunnage"])
    return [(f"dunnage.{name}", getattr(dunnage, name)) for name in names]


class Reference(SphinxDirective):
    required_arguments = 1

    def run(self):
        lines = []
        for name, thing in names_of(self.arguments[0]):
            if inspect.isclass(thing):
                lines += [f".. autoclass:: {name}", "   :members:"]
                lines += [] if issubclass(thing, BaseException) else ["   :undoc-members:"]
                lines += ["   :show-inheritance:"] if issubclass(thing, BaseException) else []
            elif callable(thing):
                lines.append(f".. autofunction:: {name}")
            else:
                lines += [f".. py:data:: {name}", f"   :value: {thing!r}"]
            lines.append("")
        node = nodes.container()
        self.state.nested_parse(StringList(lines, f"<{self.arguments[0]}>"), self.content_offset, node)
        return node.children


def stub_types():
    """{"BindMount.read_only": "bool"}"""
    types = {}

    def visit(body, prefix):
        for item in body:
            if isinstance(item, ast.ClassDef):
                visit(item.body, f"{prefix}{item.name}.")
            elif isinstance(item, ast.FunctionDef) and item.returns and any(
                    isinstance(word, ast.Name) and word.id == "property" for word in item.decorator_list):
                types[prefix + item.name] = ast.unparse(item.returns)

    visit(ast.parse((PACKAGE / "_dunnage.pyi").read_text(encoding="utf-8")).body, "")
    return types


TYPES = stub_types()
COMMENTS = member_comments(HEADERS)


def escaped(line):
    """Docstrings are plain text, with code between backticks."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(f"`{part}`" if index % 2 else re.sub(r"([*_|\\])", r"\\\1", part) for index, part in enumerate(parts))


def restructured(lines):
    """What is indented after an empty line is code, as it stands."""
    result, code = [], False
    for number, line in enumerate(lines):
        begins = line.startswith("    ") and number > 0 and not lines[number - 1].strip()
        if begins and not code:
            result += ["::", ""]
        code = begins or (code and (line.startswith("    ") or not line.strip()))
        result.append(line if code else escaped(line))
    return result


def process_docstring(app, what, name, thing, options, lines):
    member = name.split(".", 1)[-1]
    text = lines if any(lines) else COMMENTS.get(member, "").splitlines()
    text = restructured(text)
    if member in TYPES:
        text = [f"``{TYPES[member]}``" + (f": {text[0]}" if text else "."), *text[1:]]
    lines[:] = text


def process_signature(app, what, name, thing, options, signature, returns):
    if inspect.isclass(thing) and issubclass(thing, enum.Enum):
        return "", None
    return signature and signature.replace("Ellipsis", "..."), returns


def setup(app):
    app.add_directive("reference", Reference)
    app.connect("autodoc-process-signature", process_signature)
    app.connect("autodoc-process-docstring", process_docstring)
    return {"parallel_read_safe": True}
