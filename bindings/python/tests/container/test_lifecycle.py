# SPDX-License-Identifier: Apache-2.0
"""Handles: waiting, stopping, closing, prepared mounts."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

import dunnage
from dunnage import Container, ContainerStatus, ExitStatus, MountSet, PIPE, PreparedMounts, Stdio, Tmpfs


def sleeper(**options):
    return Container.launch(["sleep", "60"], **options)


def ready(script, **options):
    """A shell that has come as far as `echo ready`."""
    container = Container.launch(["sh", "-c", script], stdout=PIPE, **options)
    assert container.stdout.readline() == b"ready\n"
    return container


def test_a_with_block_ends_its_container():
    with sleeper() as c:
        assert c.status is ContainerStatus.Running and c.pid > 0 and len(c.id) == 64 and c.name == ""
        pid = c.pid
    assert c.closed and c.exit_status == c.wait() == ExitStatus(signal=9)
    assert not os.path.exists(f"/proc/{pid}")
    assert repr(c) == f"<dunnage.Container {c.id[:12]}, killed by SIGKILL>"


def test_an_exception_ends_the_container_too():
    with pytest.raises(ZeroDivisionError):
        with sleeper() as c:
            raise ZeroDivisionError
    assert c.closed


def test_a_container_nobody_holds_ends():
    c = sleeper()
    pid = c.pid
    del c
    gc.collect()
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{pid}")


def test_closed_objects_say_so():
    with sleeper() as c:
        pass
    c.close()
    for use in (lambda: c.pid, lambda: c.plan, lambda: c.status, c.kill, c.stop, c.pause, c.restart, c.detach,
                lambda: c.exec(["true"]), lambda: c.exit_fd, lambda: c.stdin_fd, c.__enter__, c.close_stdin):
        with pytest.raises(dunnage.ClosedError, match="is closed: its handle was let go") as raised:
            use()
        assert isinstance(raised.value, ValueError) and isinstance(raised.value, dunnage.Error)


def test_waiting_has_deadlines():
    with sleeper() as c:
        assert c.wait_for(0.01) is None and c.wait_for(timedelta(milliseconds=10)) is None and c.poll() is None
        with pytest.raises(TimeoutError) as raised:
            c.wait(0.01)
        assert isinstance(raised.value, dunnage.TimedOut)
        with pytest.raises(TypeError):
            c.wait("long")


def test_any_number_of_threads_wait_and_others_go_on():
    with sleeper() as c:
        results = []
        threads = [threading.Thread(target=lambda: results.append(c.wait())) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        c.kill()
        for thread in threads:
            thread.join()
    assert results == [ExitStatus(signal=9)] * 8


def test_closing_in_one_thread_ends_the_wait_of_another():
    c = sleeper()
    results = []
    thread = threading.Thread(target=lambda: results.append(c.wait()))
    thread.start()
    time.sleep(0.1)
    c.close()
    thread.join(10)
    assert results == [ExitStatus(signal=9)]


def test_stop_asks_first_and_kills_then():
    with ready("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done") as c:
        assert c.stop() == ExitStatus(5)
    with ready("trap '' TERM; echo ready; while :; do sleep 0.05; done") as c:
        assert c.stop(grace=0.2) == ExitStatus(signal=9)
        assert c.stop(timedelta()) == ExitStatus(signal=9)
        with pytest.raises(dunnage.NotRunning) as raised:
            c.kill()
        assert isinstance(raised.value, ProcessLookupError)


def test_asking_to_stop_returns_at_once():
    with ready("trap 'read line; exit 5' TERM; echo ready; while :; do sleep 0.05; done", stdin=PIPE) as c:
        c.request_stop()
        assert c.poll() is None
        c.close_stdin()  # what it reads before it ends
        assert c.wait(20) == ExitStatus(5)
        c.request_stop()  # it has ended
    with ready("trap '' TERM; echo ready; exec sleep 60", restart="always") as c:
        c.request_stop()
        assert c.wait_for(0.1) is None
        c.kill("KILL")
        assert c.wait(20) == ExitStatus(signal=9)


def test_signals_are_numbers_members_or_names():
    for how in (10, signal.SIGUSR1, "SIGUSR1", "USR1"):
        with ready("trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done") as c:
            c.kill(how)
            assert c.wait(20) == ExitStatus(9)


def test_pausing_freezes():
    with sleeper() as c:
        c.pause()
        assert c.status is ContainerStatus.Paused
        c.resume()
        assert c.status is ContainerStatus.Running


def test_restarting_makes_new_streams():
    with Container.launch(["sh", "-c", "echo hello; sleep 60"], stdout=PIPE) as c:
        assert c.stdout.readline() == b"hello\n"
        first = c.pid
        c.restart(grace=0)
        assert c.stdout.readline() == b"hello\n"
        assert c.pid != first and c.poll() is None


def test_the_plan_is_that_of_the_mounts():
    with sleeper(mounts=[Tmpfs("/run", size="1m")]) as c:
        assert c.plan["/run"].size == 1 << 20


def test_prepared_mounts_are_taken_once(directory):
    with MountSet([f"{directory}:/c:ro"]).resolve().prepare(container_name="me") as prepared:
        assert isinstance(prepared, PreparedMounts) and len(prepared) == 1 and prepared.plan["/c"].read_only
        with Container.launch(["true"], mounts=prepared) as c:
            assert c.wait().success
        assert prepared.closed
        with pytest.raises(dunnage.ClosedError, match="a container has taken them"):
            Container.launch(["true"], mounts=prepared)
    prepared = MountSet(["--tmpfs /run"]).resolve().prepare()
    with pytest.raises(TypeError):
        Container.launch(["true"], mounts=prepared, hostnam="x")
    assert not prepared.closed
    prepared.close()
    with pytest.raises(dunnage.ClosedError, match="given back"):
        prepared.plan


def test_plans_are_mounts_too(directory):
    plan = MountSet([f"{directory}:/c:ro"]).resolve()
    assert dunnage.run(["ls", "-d", "/c"], mounts=plan).stdout == b"/c\n"


def interrupt_after(seconds):
    """A timer that is to be started where the interrupt is expected."""
    main = threading.main_thread().ident
    return threading.Timer(seconds, lambda: signal.pthread_kill(main, signal.SIGINT))


@pytest.mark.parametrize("wait", [lambda c: c.wait(), lambda c: c.wait_for(60), lambda c: c.communicate(),
                                  lambda c: c.stop(60), lambda c: c.exec(["sleep", "60"]).wait()])
def test_a_keyboard_interrupt_ends_a_wait_at_once(wait):
    with ready("trap '' TERM; echo ready; while :; do sleep 0.05; done") as c:
        timer = interrupt_after(0.3)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            wait(c)
        assert time.monotonic() - began < 20
        timer.join()


def test_other_signal_handlers_run_during_a_wait_which_goes_on():
    read, write = os.pipe()
    before = signal.signal(signal.SIGALRM, lambda *_: os.close(write))  # the end of its input
    try:
        with Container.launch(["cat"], stdin=Stdio.descriptor(read)) as c:
            os.close(read)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            assert c.wait(20).success
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_container_that_is_no_more_needed_at_exit_ends():
    program = ("import dunnage\nc = dunnage.Container.launch(['sh', '-c', 'while :; do echo x; done'], stdout=len)\n"
               "print(c.pid)\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)
    assert done.stderr == b"" and not os.path.exists(f"/proc/{int(done.stdout)}")


def test_threads_that_wait_do_not_hold_up_the_end_of_the_interpreter():
    program = ("import dunnage, threading, time\nc = dunnage.Container.launch(['sleep', '60'])\n"
               "for _ in range(8): threading.Thread(target=c.wait, daemon=True).start()\ntime.sleep(0.2)\n")
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")
