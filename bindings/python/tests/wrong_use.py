# SPDX-License-Identifier: Apache-2.0
"""Calls everything that is public with nonsense, in a process of its own: a crash of it is a failure of the test.

    wrong_use.py [containers]   prints a line for each answer that is no sentence, and how many calls there were

What is called gets a value of its own class for `self`, and lives in an empty directory with a store of its own.
"""

import faulthandler
import functools
import inspect
import os
import subprocess
import sys
import tempfile

import dunnage
from dunnage import _dunnage


class Odd:
    """Answers to everything, and nothing of it is any use."""

    def __fspath__(self):
        return 5

    def fileno(self):
        raise RuntimeError("no descriptor")

    def __len__(self):
        return 1 << 40

    def __getitem__(self, index):
        raise RuntimeError("no items")

    def __index__(self):
        raise RuntimeError("no number")

    def __bool__(self):
        raise RuntimeError("neither true nor false")


class Short(dict):
    """A mapping whose contents change while one looks."""

    def keys(self):
        return [object()]


NONSENSE = [None, True, 5, -1, 1 << 70, -(1 << 70), 1.5, float("nan"), float("inf"), b"", b"\xff\0", "", "\0", "a\0b",
            "\ud800", "\udcff", "x" * 100_000, "no such thing", object(), object, len, [], [None], [[[]]], ["\0"],
            ["\ud800"], (), {}, {1: 2}, {"a": None}, {"a": object()}, {"\0": "\0"}, set(), iter(()), 1j, Ellipsis,
            NotImplemented, Odd(), Short(), ValueError("x"), lambda *args: 1 / 0, dunnage.PIPE, dunnage.Tmpfs("/x"),
            dunnage.MountSet(), dunnage.errc.timed_out]
KEYWORDS = ["", "self", "no_such_word", "\0", "\udcff"]
PARTS_OF_CPP = ("std::", "dunnage::", "pybind11", "Unable to cast", "unregistered", "basic_string", "bad_", "_M_")
LEFT_ALONE = {
    "drop_ready_roots", "support", "default_store",  # take nothing, and are called by other tests
}
FOR_EVER = {("Container", name) for name in ("wait", "wait_for", "communicate", "restart")}  # as long as it runs


def instances():
    """A value of each class that can be had without a container."""
    volumes, images = dunnage.VolumeStore.open(), dunnage.ImageStore.open()
    project = dunnage.Project.load(text="name: x\nservices: {a: {image: b, volumes: [v:/v]}}\nvolumes: {v: {}}\n")
    prepared = dunnage.MountSet().resolve().prepare()
    made = [volumes, images, project, prepared, volumes.create("wrong-use"), dunnage.ContainerStore.open(),
            dunnage.MountSet(["/etc:/x:ro"]), dunnage.MountPlan(), project.plan_down(), dunnage.Rootfs.host(),
            dunnage.BindMount("/a", "/b"), dunnage.Tmpfs("/a"), dunnage.VolumeMount("a", "/b"),
            dunnage.ImageMount("a", "/b"), dunnage.VolumesFrom("a"), dunnage.IdRange(0, 1), dunnage.Stdio.null(),
            dunnage.Seccomp.standard(),
            dunnage.project_logs(dunnage.ContainerStore.open(), [])]
    values = {type(value): value for value in made}
    for cls in classes():
        if cls not in values:
            try:
                values[cls] = cls()
            except (TypeError, dunnage.InvalidLaunch):  # only the library makes them, or a program is wanted
                pass
    return values


def running():
    """Functions of handles on containers, with a handle that is in use."""
    store = dunnage.ContainerStore.open()
    with dunnage.Container.launch(["sleep", "60"], name="wrong-use") as container:
        process = container.exec(["true"], stdin=dunnage.PIPE)
        for handle in (process, container, store.get("wrong-use"), store.logs("wrong-use"), store.inspect("wrong-use")):
            for name, member in list(vars(type(handle)).items()):
                known = name.startswith("_") or isinstance(member, (property, staticmethod, type))
                if not known and (type(handle).__name__, name) not in FOR_EVER:
                    yield f"{type(handle).__name__}.{name}", functools.partial(member.__get__(handle))

    def launch(*args, **options):
        dunnage.Container.launch(["true"], *args, **options).close()

    launch.__signature__ = inspect.signature(dunnage.Container.launch)
    yield "Container.launch", launch

    def make_template(*args, **options):
        dunnage.LaunchTemplate(["true"], *args, **options).close()

    make_template.__signature__ = launch.__signature__  # its keywords are the same
    yield "LaunchTemplate", make_template

    template = dunnage.LaunchTemplate(["true"])

    def launch_one(*args, **options):
        template.launch(*args, **options).close()

    launch_one.__signature__ = inspect.signature(template.launch)
    yield "LaunchTemplate.launch", launch_one


def classes(scope=_dunnage):
    for name, cls in vars(scope).items():
        if isinstance(cls, type) and not name.startswith("_") and cls.__module__ == "dunnage":
            yield cls
            yield from classes(cls)


def callables():
    values = instances()
    for name in dunnage.__all__:
        value = getattr(dunnage, name)
        if name not in LEFT_ALONE and (callable(value) and not isinstance(value, type)):
            yield name, value
    for cls in classes():
        yield cls.__qualname__, cls
        for name in dir(cls):
            if name.startswith("_") and name not in ("__getitem__", "__contains__", "__setstate__", "__eq__",
                                                     "__enter__", "__exit__", "__iter__", "__next__"):
                continue
            if isinstance(inspect.getattr_static(cls, name), staticmethod):
                yield f"{cls.__qualname__}.{name}", getattr(cls, name)
            elif cls in values and callable(getattr(cls, name, None)):
                yield f"{cls.__qualname__}.{name}", getattr(values[cls], name)
            elif callable(getattr(cls, name, None)):
                yield f"{cls.__qualname__}.{name}", getattr(cls, name)  # with nonsense for self


def keywords_of(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_POSITIONAL]


def calls(function):
    yield (), {}
    for value in NONSENSE:
        for count in (1, 2, 3):
            yield (value,) * count, {}
        yield ("/a", value), {}
        yield ("a", "/b", value), {}
    for name in [*keywords_of(function), *KEYWORDS]:
        for value in NONSENSE:
            yield (), {name: value}
            yield ("/a", "/b"), {name: value}


def run_python(*arguments):
    """In a process of its own, whose output need not be UTF-8."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=240,
                          errors="surrogateescape")


def is_sentence(error):
    text = str(error)
    return bool(text) and not any(part in text for part in PARTS_OF_CPP)


def main():
    faulthandler.enable()
    count = 0
    wrong = {}
    for name, function in running() if "containers" in sys.argv else callables():
        print(name, file=sys.stderr, flush=True)  # what it was, if it is the last line
        for args, kwargs in calls(function):
            count += 1
            try:
                function(*args, **kwargs)
            except (StopIteration, ZeroDivisionError, MemoryError):  # a __len__() may say anything
                pass
            except Exception as error:
                if isinstance(error, SystemError) or not is_sentence(error):
                    wrong.setdefault((name, type(error).__name__, str(error)[:300]), (args, kwargs))
    for (name, kind, text), (args, kwargs) in wrong.items():
        print(f"{name}: {kind}: {text!r} for {str(args)[:80]} {str(kwargs)[:80]}")
    print(f"{count} calls")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="dunnage-wrong-use-") as place:
        os.environ["DUNNAGE_STORE"] = place + "/store"
        os.makedirs(place + "/here/below")
        os.chdir(place + "/here/below")
        main()
        for info in dunnage.ContainerStore.open().list():
            dunnage.ContainerStore.open().remove(info.id, force=True)
        dunnage.VolumeStore.open().prune(all=True)
