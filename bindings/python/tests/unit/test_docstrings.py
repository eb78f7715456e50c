# SPDX-License-Identifier: Apache-2.0
"""What help(), a notebook, stubtest and the reference go by: signatures and docstrings of the extension module."""

import enum
import inspect

from dunnage import _dunnage


def functions(scope, prefix=""):
    for name, member in vars(scope).items():
        if name.startswith("_"):
            continue
        if inspect.isclass(member):
            if not issubclass(member, enum.Enum):
                yield from functions(member, f"{prefix}{name}.")
        elif callable(member) or isinstance(member, staticmethod):
            yield f"{prefix}{name}", getattr(scope, name)


def test_every_function_shows_its_parameters_and_says_what_it_does():
    wrong = []
    for name, function in functions(_dunnage):
        try:
            inspect.signature(function)
        except ValueError:
            wrong.append(f"{name} has no signature at the beginning of its docstring")
        if not (function.__doc__ or "").strip():
            wrong.append(f"{name} has no docstring")
    assert wrong == []


def test_every_class_says_what_it_is():
    assert [name for name, cls in vars(_dunnage).items() if inspect.isclass(cls) and not (cls.__doc__ or "").strip()] == []
