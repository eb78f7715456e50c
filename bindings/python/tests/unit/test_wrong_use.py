# SPDX-License-Identifier: Apache-2.0
"""Nonsense gives an exception of Python with a sentence, and never ends the process."""

import os
import pickle

import pytest

import dunnage
from dunnage import BindMount, Container, ContainerStore, ImageStore, MountPlan, MountSet, Project, VolumeStore

import wrong_use
from wrong_use import run_python


@pytest.mark.parametrize("options", [[], ["-X", "dev"]], ids=["", "-X dev"])
def test_everything_public_takes_nonsense_with_a_sentence(options):
    done = run_python(*options, wrong_use.__file__)
    assert done.returncode == 0, done.stderr[-2000:]  # the last line is what was called
    *wrong, last = done.stdout.splitlines()
    assert wrong == [] and int(last.split()[0]) > 100_000


def test_what_pybind11_would_crash_at_is_a_type_error():
    for call in (lambda: Container.close(None), lambda: Container.closed.fget(None),
                 lambda: Container.__new__(Container).close(), lambda: repr(MountSet.__new__(MountSet)),
                 lambda: MountSet([BindMount.__new__(BindMount)])):
        with pytest.raises(TypeError, match="called on an object, not on None|whose __init__"):
            call()
    with pytest.raises(ValueError, match="surrogates not allowed"):
        dunnage.find_project_files(**{"\udcff": 1})


def test_what_an_error_quotes_need_not_be_utf8():
    with pytest.raises(ValueError, match="size \"\udcff\" is no size"):
        dunnage.Tmpfs("/run", size="\udcff")
    with pytest.raises(TypeError, match="no argument \"\udcff\""):
        BindMount("/a", "/b", **{"\udcff": 1})


@pytest.mark.parametrize("cls", [Container, ContainerStore, VolumeStore, ImageStore, Project, MountPlan, MountSet],
                         ids=lambda cls: cls.__name__)
def test_a_forged_pickle_is_refused(cls):
    for state in (None, 5, (), (5,), {}, {"files": 5}, ["/"], ("/a", "/b", "/c"), object):
        made = cls.__new__(cls)
        try:
            made.__setstate__(state)
        except (AttributeError, TypeError, ValueError, IndexError, OSError, RuntimeError) as error:
            assert str(error)


def test_a_failure_of_the_system_is_an_os_error(directory, monkeypatch):
    gone = directory / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError):
        Project.load(text="services: {}", env_files="relative")


def test_a_sub_interpreter_is_refused():
    program = """
import sys
for name in ("_interpreters", "_xxsubinterpreters"):
    try:
        interpreters = __import__(name)
    except ImportError:
        continue
    break
if "first" in sys.argv:
    import dunnage
try:
    failure = interpreters.run_string(interpreters.create(), "import dunnage")
except Exception as error:
    failure = error
assert "main interpreter of a process only" in str(failure), failure
import dunnage
assert dunnage.parse_signal("TERM") == 15
"""
    for when in ("first", "afterwards"):
        done = run_python("-c", program, when)
        assert (done.returncode, done.stderr) == (0, "")


def test_objects_are_dropped_by_a_fork_without_harm(directory):
    log = dunnage.project_logs(ContainerStore.open(), [])
    project = Project.load(text="name: x\nservices: {}\n")
    things = [log, project, project.plan_up(), VolumeStore.open(), MountSet(["/etc:/x"]), BindMount("/a", "/b")]
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert pickle.loads(pickle.dumps(project)) == project and project.plan_up() == things[2]
            things[3].get_or_create("of-the-child")
            try:
                next(log)
            except dunnage.ClosedError as error:
                assert "forked" in str(error)
            things.clear()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert "of-the-child" in VolumeStore.open() and list(log) == []
