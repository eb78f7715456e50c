# SPDX-License-Identifier: Apache-2.0
"""Standard streams of containers and of programs in them."""

import os
import select
import threading

import pytest

import dunnage
from dunnage import Container, PIPE, Stdio


def test_lines_come_as_they_are_written():
    script = "for n in 1 2 3; do echo $n; read answer; done"
    with Container.launch(["sh", "-c", script], stdin=PIPE, stdout=PIPE) as chat:
        lines = []
        for line in chat.stdout:
            lines.append(line)
            chat.stdin.write(b"go on\n")
        assert lines == [b"1\n", b"2\n", b"3\n"]
        assert chat.wait().success


def test_streams_are_one_file_each_and_none_without_a_pipe():
    with Container.launch(["cat"], stdin=PIPE, stdout=PIPE, stderr=Stdio.null()) as cat:
        assert cat.stdout is cat.stdout and cat.stderr is None and cat.terminal is None
        assert cat.stdout_fd >= 0 and cat.stderr_fd is None
        assert cat.stdin is cat.stdin
        cat.stdin.write(b"x")
        cat.close_stdin()
        assert cat.stdout.read() == b"x"
    assert cat.stdout.closed


def test_closing_the_file_is_the_end_of_the_input():
    with Container.launch(["cat"], stdin=PIPE, stdout=PIPE, text=True) as cat:
        with cat.stdin as file:
            file.write("ä\n")
        assert list(cat.stdout) == ["ä\n"]


def test_a_function_gets_the_bytes():
    pieces = []
    with Container.launch(["sh", "-c", "echo one; echo two >&2"], stdout=pieces.append,
                          stderr=Stdio.callback(pieces.append)) as c:
        c.wait()
    assert sorted(b"".join(pieces).split()) == [b"one", b"two"]


def test_a_function_that_raises_ends_the_delivery_and_is_reported(monkeypatch):
    reports = []
    monkeypatch.setattr("sys.unraisablehook", lambda report: reports.append(report.exc_type))
    with Container.launch(["sh", "-c", "echo one; sleep 0.2; echo two"], stdout=lambda data: 1 / 0) as c:
        assert c.wait().success
    assert reports == [ZeroDivisionError]


def test_communicate_takes_up_what_reading_left():
    with Container.launch(["sh", "-c", "echo one; echo two; cat"], stdin=PIPE, stdout=PIPE) as c:
        assert c.stdout.readline() == b"one\n"
        assert c.communicate(b"three\n") == (b"two\nthree\n", None)


def test_a_terminal_is_a_file():
    with Container.launch(["sh", "-c", "test -t 0 && test -t 1 && echo terminal; read x"], terminal=True) as c:
        assert c.terminal.read(1024).strip() == b"terminal"
        c.terminal.write(b"\n")
        assert c.wait(10).success


def test_the_exit_descriptor_can_be_polled():
    with Container.launch(["sleep", "0.1"]) as c:
        assert select.select([c.exit_fd], [], [], 10)[0] == [c.exit_fd]
        assert c.poll().success


def test_exec_has_streams_of_its_own():
    with Container.launch(["sleep", "60"], env={"A": "b"}) as c:
        with c.exec(["sh", "-c", "cat; echo $A$C; exit 7"], stdin=PIPE, stdout=PIPE, env={"C": "d"},
                    text=True) as process:
            assert process.communicate("in\n") == ("in\nbd\n", None)
            assert process.wait() == process.poll() == dunnage.ExitStatus(7)
        assert process.exit_status == dunnage.ExitStatus(7)
        with c.exec(["sleep", "60"]) as process:
            assert process.wait_for(0.01) is None
            process.kill("TERM")
            assert process.wait(10).signal == 15
        with c.exec(["sleep", "60"]) as process:
            pass
        assert process.closed and process.exit_status.signal == 9
        with pytest.raises(dunnage.ProgramMissing):
            c.exec(["no-such-program"])


def test_many_threads_read_many_containers():
    results = {}

    def one(number):
        results[number] = dunnage.run(["sh", "-c", f"echo {number}; exit {number}"])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: (done.returncode, done.stdout) for number, done in results.items()} == {
        number: (number, b"%d\n" % number) for number in range(16)}


def test_a_descriptor_is_duplicated():
    read, write = os.pipe()
    with Container.launch(["echo", "x"], stdout=Stdio.descriptor(write)) as c:
        c.wait()
    os.close(write)
    assert os.read(read, 10) == b"x\n"
    os.close(read)
