# SPDX-License-Identifier: Apache-2.0
"""Python's threads and signals: who waits for a container holds up nobody, and an interrupt leaves what can be used."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import dunnage
from dunnage import Container, LaunchTemplate, VolumeStore


def test_sixteen_threads_launch_wait_and_kill_and_each_has_its_own_end():
    volume = VolumeStore.open().create("data")
    template = LaunchTemplate(["true"], mounts=volume.at("/data"))

    def work(number):
        for round in range(4):
            code = number * 4 + round
            done = dunnage.run(["sh", "-c", f"echo {code}; exit {code}"], mounts=volume.at("/data"))
            assert (done.stdout, done.status.exit_code) == (f"{code}\n".encode(), code)
            with template.launch(["sh", "-c", f"exit {code}"]) as container:
                assert container.wait().exit_code == code
            with Container.launch(["sleep", "60"]) as container:
                assert container.poll() is None
                container.kill()
                assert container.wait().signal == signal.SIGKILL
        return number

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == list(range(16))


def test_who_waits_for_a_container_holds_up_no_other_thread():
    """Each waits for a container that ends when all threads have come to wait, and one more has done its work."""
    waiting = threading.Barrier(17, timeout=60)
    with Container.launch(["cat"], stdin=dunnage.PIPE) as container:
        ends = []

        def wait():
            waiting.wait()
            ends.append(container.wait())

        threads = [threading.Thread(target=wait) for _ in range(16)]
        for thread in threads:
            thread.start()
        waiting.wait()
        assert dunnage.run(["echo", "meanwhile"]).stdout == b"meanwhile\n"
        assert sum(range(1000)) == 499500 and not ends
        container.stdin.close()
        for thread in threads:
            thread.join(60)
        assert len(ends) == 16 and all(end.success for end in ends)


# What is interrupted: a handler of Python's runs in the main thread while that waits in the library.
WAITS = {
    "wait": "container.wait()",
    "wait with a timeout": "container.wait(timeout=60)",
    "exec": "process.wait()",
    "read": "os.read(container.stdout.fileno(), 1)",
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_an_interrupt_while_waiting_leaves_handles_that_can_be_used(wait):
    program = textwrap.dedent(f"""
        import os, signal, sys, threading, time, dunnage
        from dunnage import Container, PIPE
        script = "trap : TERM; echo ready >&2; while :; do sleep 1000 & wait; done"
        with Container.launch(["sh", "-c", script], stdout=PIPE, stderr=PIPE) as container:
            assert container.stderr.read(6) == b"ready\\n"
            process = container.exec(["sleep", "1000"])
            handled, interrupted = [], []
            signal.signal(signal.SIGUSR1, lambda *_: handled.append(1))  # one that raises nothing: the wait goes on
            def interrupt_once(*_):
                if not interrupted:
                    interrupted.append(1)
                    raise KeyboardInterrupt
            signal.signal(signal.SIGINT, interrupt_once)
            main = threading.main_thread().ident
            def send(number, seen):
                signal.pthread_kill(main, number)
                while not seen:
                    time.sleep(0.01)
                    if {"os.read" in wait}:  # which misses a signal that comes just before it blocks
                        signal.pthread_kill(main, number)
            def interrupt():
                send(signal.SIGUSR1, handled)
                send(signal.SIGINT, interrupted)
            try:
                threading.Timer(0.2, interrupt).start()
                {wait}
                print("it ended")
            except KeyboardInterrupt:
                print("interrupted", bool(handled))
            assert container.poll() is None and process.poll() is None
            assert container.exec(["true"]).wait().success
            process.kill()
            assert process.wait().signal == signal.SIGKILL
            container.kill()
            assert container.wait().signal == signal.SIGKILL
        assert dunnage.run(["echo", "next"]).stdout == b"next\\n"
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("interrupted True\n", "")


def test_an_interrupt_while_stopping_ends_the_container_at_once():
    program = textwrap.dedent("""
        import signal, threading, dunnage
        script = "trap 'echo asked' TERM; echo ready; while :; do sleep 1000 & wait; done"
        with dunnage.Container.launch(["sh", "-c", script], stdout=dunnage.PIPE) as container:
            assert container.stdout.read(6) == b"ready\\n"
            main = threading.main_thread().ident
            def interrupt():
                assert container.stdout.read(6) == b"asked\\n"
                signal.pthread_kill(main, signal.SIGINT)
            threading.Thread(target=interrupt).start()
            try:
                container.stop(grace=60)
            except KeyboardInterrupt:
                print("interrupted", container.wait().signal)
        assert dunnage.run(["echo", "next"]).stdout == b"next\\n"
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("interrupted 9\n", "")


def test_a_fork_server_and_its_children_use_the_library_as_well():
    program = textwrap.dedent(f"""
        import multiprocessing, sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        import dunnage
        from test_processes import child_that_runs
        if __name__ == "__main__":
            dunnage.run(["true"])
            context = multiprocessing.get_context("forkserver")
            results = context.SimpleQueue()
            volume = dunnage.VolumeStore.open().create("data")
            children = [context.Process(target=child_that_runs, args=(n, volume, results)) for n in range(3)]
            for one in children: one.start()
            print(sorted(results.get() for _ in children))
            for one in children: one.join()
            print([one.exitcode for one in children])
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[(0, b'0\\n'), (1, b'1\\n'), (2, b'2\\n')]\n[0, 0, 0]\n", done.stderr
