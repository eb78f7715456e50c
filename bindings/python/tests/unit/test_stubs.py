# SPDX-License-Identifier: Apache-2.0
"""The stubs say what the module has: the same names, the same parameters of the same kinds, the same words of enums."""

import ast
import enum
import inspect
from pathlib import Path

import dunnage
from dunnage import _dunnage

PLAIN = {"__contains__", "__getitem__", "__len__", "__iter__", "__next__", "__bool__", "__enter__", "__exit__"}


def stub():
    return ast.parse((Path(dunnage.__file__).parent / "_dunnage.pyi").read_text(encoding="utf-8"))


def members_of(node):
    return {item.name: item for item in node.body if isinstance(item, (ast.FunctionDef, ast.ClassDef))}


def classes(node=None, scope=_dunnage):
    """The public classes of the stub with those of the module, and the ones that lie in them."""
    for name, inner in members_of(node or stub()).items():
        cls = getattr(scope, name, None)
        if isinstance(inner, ast.ClassDef) and isinstance(cls, type) and not name.startswith("_"):
            yield cls.__qualname__, inner, cls
            yield from classes(inner, cls)


def test_the_module_has_the_names_of_the_stub():
    tree = stub()
    names = set(members_of(tree)) | {item.target.id for item in tree.body if isinstance(item, ast.AnnAssign)}
    names |= {item.targets[0].id for item in tree.body if isinstance(item, ast.Assign)}
    names = {name for name in names if not name.startswith("_")}
    assert names == {name for name in dir(_dunnage) if not name.startswith("_")}


def test_classes_have_the_members_of_the_stub():
    wrong = []
    for name, node, cls in classes():
        if issubclass(cls, enum.Enum):
            words = {item.targets[0].id: item.value.value for item in node.body if isinstance(item, ast.Assign)}
            if words != {member.name: member.value for member in cls}:
                wrong.append((name, words))
            continue
        stubbed = {member for member in members_of(node) if not member.startswith("_")}
        actual = {member for member in vars(cls) if not member.startswith("_")}
        if stubbed != actual:
            wrong.append((name, stubbed ^ actual))
        wrong += [(name, member) for member in members_of(node) if member.startswith("_") and not hasattr(cls, member)]
    assert not wrong


def parameters_of_stub(node):
    arguments = node.args
    positional = [argument.arg for argument in arguments.args if argument.arg != "self"]
    return positional, {argument.arg for argument in arguments.kwonlyargs}


def functions():
    for name, node in members_of(stub()).items():
        if isinstance(node, ast.FunctionDef):
            yield name, node, getattr(_dunnage, name)
    for name, node, cls in classes():
        for member, function in members_of(node).items():
            value = getattr(cls, member)
            if isinstance(function, ast.FunctionDef) and callable(value) and member not in PLAIN:
                yield f"{name}.{member}", function, value


def test_functions_have_the_parameters_of_the_stub():
    wrong = []
    for name, function, value in functions():
        try:
            signature = inspect.signature(value)
        except ValueError:  # it has a single way to be called
            continue
        actual = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
        positional, keywords = parameters_of_stub(function)
        if positional != [p.name for p in actual if p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY)] or \
                keywords != {p.name for p in actual if p.kind is p.KEYWORD_ONLY}:
            wrong.append((name, str(signature)))
    assert not wrong
