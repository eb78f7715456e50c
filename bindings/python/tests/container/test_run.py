# SPDX-License-Identifier: Apache-2.0
"""Container.run() and communicate(): from the start to the end."""

import subprocess
import sys
from datetime import timedelta

import pytest

import dunnage
from begun import begun_by
from dunnage import BindMount, Container, ContainerStore, DEVNULL, PIPE, Stdio, Tmpfs, VolumeStore


def test_run_gives_what_the_program_wrote_and_how_it_ended():
    done = Container.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert isinstance(done, subprocess.CompletedProcess)
    assert (done.args, done.returncode, done.stdout, done.stderr) == (
        ["sh", "-c", "echo out; echo err >&2; exit 3"], 3, b"out\n", b"err\n")
    assert done.status == dunnage.ExitStatus(3)


def test_run_writes_input_and_reads_more_than_a_pipe_holds():
    data = bytes(range(256)) * 4096
    assert dunnage.run(["cat"], input=data).stdout == data


def test_run_can_speak_text():
    assert Container.run(["cat"], input="häfen\n", text=True).stdout == "häfen\n"
    assert Container.run(["cat"], input=b"h\xe4fen", encoding="latin-1").stdout == "häfen"


def test_a_program_that_does_not_read_its_input_is_no_error():
    assert dunnage.run(["true"], input=b"x" * 1_000_000).returncode == 0


def test_check_raises_what_subprocess_raises():
    with pytest.raises(subprocess.CalledProcessError) as raised:
        Container.run(["sh", "-c", "echo why; exit 4"], check=True)
    assert (raised.value.returncode, raised.value.stdout) == (4, b"why\n")


@pytest.mark.parametrize("timeout", [0.3, timedelta(milliseconds=300)])
def test_a_timeout_kills_and_tells_what_was_read(timeout):
    error = begun_by(Container.run, "echo begun; sleep 60", timeout, 15 * timeout, 60 * timeout)
    assert isinstance(error, dunnage.TimedOut) and isinstance(error, dunnage.Error)
    assert error.stdout == b"begun\n" and error.code is dunnage.errc.timed_out


def test_output_may_go_elsewhere(directory):
    done = Container.run(["sh", "-c", "echo out; echo err >&2"], stdout=directory / "log", stderr=DEVNULL)
    assert (done.stdout, done.stderr) == (None, None)
    assert (directory / "log").read_bytes() == b"out\n"
    with open(directory / "file", "wb") as file:
        Container.run(["echo", "out"], stdout=file)
        Container.run(["echo", "more"], stdout=file.fileno(), stderr=subprocess.DEVNULL)
    assert (directory / "file").read_bytes() == b"out\nmore\n"
    with pytest.raises(ValueError, match="one descriptor"):
        Container.run(["true"], stderr=subprocess.STDOUT)


def test_input_may_come_from_elsewhere(directory):
    (directory / "text").write_text("from a file")
    assert Container.run(["cat"], stdin=directory / "text").stdout == b"from a file"
    assert Container.run(["cat"], stdin=Stdio.file(directory / "text")).stdout == b"from a file"
    assert Container.run(["cat"]).stdout == b""


def test_mounts_are_seen_in_the_container(directory):
    (directory / "file").write_text("of the host")
    volume = VolumeStore.open().get_or_create("data")
    done = Container.run(["sh", "-c", "cat /c/file; echo x > /data/y; echo z > /run/z; touch /c/new || echo refused"],
                         mounts=[{str(directory): {"bind": "/c", "mode": "ro"}}, volume.at("/data"), Tmpfs("/run")])
    assert done.stdout == b"of the hostrefused\n"
    assert b"Read-only file system" in done.stderr
    assert (volume.mountpoint / "y").read_text() == "x\n"
    again = Container.run(["cat", "/data/y"], mounts=volume.at("/data", read_only=True))
    assert again.stdout == b"x\n"


def test_environment_directory_user_and_hostname():
    done = Container.run(["sh", "-c", "echo $GREETING; pwd; hostname; id -u"], env={"GREETING": "ahoy"}, cwd="/tmp",
                         hostname="ship", user="0")
    assert done.stdout == b"ahoy\n/tmp\nship\n0\n"


def test_a_detached_end_of_the_input_is_refused():
    with pytest.raises(ValueError, match="stdin or input, not both"):
        Container.run(["cat"], input=b"x", stdin=PIPE)


@pytest.mark.parametrize("wrong, error, message", [
    ({"argv": "ls -l"}, TypeError, r"argv is a list of str; write \[\"sh\", \"-c\", 'ls -l'\]"),
    ({"argv": ["true", 5]}, TypeError, "argv is a list of str"),
    ({"env": {"A": 1}}, TypeError, "env is a dict of str to str"),
    ({"timeout": "soon"}, TypeError, "timeout is a number of seconds or a timedelta"),
    ({"launch_timeout": -1}, ValueError, "launch_timeout: a duration is not negative"),
    ({"launch_timeout": float("nan")}, ValueError, "not a number"),
    ({"network": "bridge"}, ValueError, 'network: there is no "bridge"; there is "private", "host"'),
    ({"hostnam": "x"}, TypeError, 'no argument "hostnam"; did you mean "hostname"'),
    ({"stdout": object()}, TypeError, "stdout is a Stdio, a descriptor"),
    ({"stdout": True}, TypeError, "stdout is a Stdio, a descriptor"),
    ({"mounts": 5}, TypeError, "a mount is"),
    ({"restart": "sometimes"}, ValueError, "sometimes"),
    ({"volumes_from": ["db:rx"]}, ValueError, "neither in :ro nor in :rw"),
    ({"stop_signal": "SIGSTOOP"}, ValueError, "SIGSTOOP"),
    ({"rootfs": 5}, TypeError, "rootfs is a str or os.PathLike"),
    ({"argv": []}, ValueError, "argv|program"),
    ({"argv": ["tr\0ue"]}, dunnage.Error, "NUL|null|zero|byte"),
    ({"env": {"A=": "x"}}, ValueError, "A="),
])
def test_what_makes_no_sense_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        Container.run(**{"argv": ["true"], **wrong})


def test_a_timeout_that_is_none_launches_nothing():
    for timeout in ("x", True, object()):
        with pytest.raises(TypeError, match="timeout is a number of seconds or a timedelta"):
            Container.run(["true"], timeout=timeout, record=True, remove_on_exit=False)
    assert ContainerStore.open().list() == []


@pytest.mark.parametrize("argv, error, builtin", [
    (["no-such-program"], dunnage.ProgramMissing, FileNotFoundError),
    (["/etc"], dunnage.ProgramUnusable, PermissionError),
])
def test_a_program_that_cannot_start_is_an_os_error(argv, error, builtin):
    with pytest.raises(builtin) as raised:
        Container.run(argv)
    assert type(raised.value) is error and raised.value.stage is dunnage.Stage.Launch
    assert raised.value.subject and raised.value.remedy and raised.value.operation


def test_a_missing_source_is_a_file_not_found_error(directory):
    with pytest.raises(FileNotFoundError) as raised:
        Container.run(["true"], mounts=BindMount(directory / "absent", "/c"))
    assert isinstance(raised.value, dunnage.SourceMissing)
    assert (raised.value.source, raised.value.target) == (str(directory / "absent"), "/c")
    assert raised.value.filename == str(directory / "absent")


def test_importing_is_quick_and_does_nothing():
    program = ("import os, sys\nbefore = os.listdir('/proc/self/fd')\nimport dunnage\n"
               "assert os.listdir('/proc/self/fd') == before and len(os.listdir('/proc/self/task')) == 1\n"
               "assert 'asyncio' not in sys.modules and 'pathlib' not in sys.modules\n")
    subprocess.run([sys.executable, "-S", "-c", program], check=True)
