# SPDX-License-Identifier: Apache-2.0
"""Forks and other processes."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

import dunnage


def python(program):
    """Runs a program of its own; what it prints."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def test_inherited_handles_refuse_to_work_in_a_fork_and_harm_nothing():
    assert python("""
        import os, dunnage
        from dunnage import Container, ContainerStore, MountSet, PIPE, Stdio
        container = Container.launch(["sleep", "60"], stdout=print, name="db", stderr=Stdio.log())
        process = container.exec(["sleep", "60"], stdout=PIPE)
        prepared = MountSet(["--tmpfs /run"]).resolve().prepare()
        entries = ContainerStore.open().logs("db", follow=True)
        child = os.fork()
        if child == 0:
            refused = 0
            for use in (container.wait, container.poll, container.kill, container.stop, container.pause,
                        container.restart, lambda: container.exec(["true"]), lambda: container.pid, process.wait,
                        process.kill,
                        lambda: container.status, lambda: Container.launch(["true"], mounts=prepared)):
                try:
                    use()
                except dunnage.WrongProcess as error:
                    assert isinstance(error, PermissionError) and str(error)
                    refused += 1
            try:
                next(entries)
            except dunnage.ClosedError:
                refused += 1
            assert dunnage.run(["echo", "own"]).stdout == b"own\\n"
            container.close(); process.close(); prepared.close(); entries.close()
            del container, process, prepared, entries
            print(refused, flush=True)
            raise SystemExit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert container.poll() is None and process.poll() is None
        container.close()
        """) == "13\n"


def test_a_log_that_is_read_ahead_is_dropped_by_a_fork_without_harm():
    """Its reader waits for room when the process is forked."""
    assert python("""
        import os, time, dunnage
        from dunnage import Container, ContainerStore, Stdio
        with Container.launch(["seq", "400000"], name="long", stdout=Stdio.log(), remove_on_exit=False) as container:
            container.wait()
        lines = dunnage.project_logs(ContainerStore.open(), ["long"])
        assert next(lines).text == "1"
        def states():
            return [open(f"/proc/self/task/{task}/stat").read().rpartition(")")[2].split()[0]
                    for task in os.listdir("/proc/self/task") if int(task) != os.getpid()]
        def reads():
            before = time.process_time()
            waiting = True
            for _ in range(30):
                time.sleep(0.01)
                waiting = waiting and set(states()) == {"S"}
            return not waiting or time.process_time() - before > 0.03
        while reads():
            pass
        for drop in ("del lines", "lines.close(); del lines"):
            child = os.fork()
            if child == 0:
                exec(drop)
                os._exit(0)
            deadline = time.monotonic() + 20
            while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
                time.sleep(0.02)
            if ended[0] == 0:
                os.kill(child, 9)
                os.waitpid(child, 0)
            print(drop, ended[1] if ended[0] else "hangs", flush=True)
        print(sum(1 for line in lines))
        """) == "del lines 0\nlines.close(); del lines 0\n399999\n"


def child_that_runs(number, volume, results):
    done = dunnage.run(["sh", "-c", f"echo {number} > /data/{number}; cat /data/{number}"], mounts=volume.at("/data"))
    results.put((number, done.stdout))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_works_either_way(method):
    assert python(f"""
        import multiprocessing, sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        import dunnage
        from test_processes import child_that_runs
        if __name__ == "__main__":
            dunnage.run(["true"])
            context = multiprocessing.get_context({method!r})
            results = context.SimpleQueue()
            volume = dunnage.VolumeStore.open().create("data")
            children = [context.Process(target=child_that_runs, args=(n, volume, results)) for n in range(3)]
            for child in children: child.start()
            print(sorted(results.get() for _ in children))
            for child in children: child.join()
            print([child.exitcode for child in children])
        """) == "[(0, b'0\\n'), (1, b'1\\n'), (2, b'2\\n')]\n[0, 0, 0]\n"


def test_a_host_that_is_killed_takes_its_containers_along():
    program = "import dunnage\nc = dunnage.Container.launch(['sleep', '60'])\nprint(c.pid, flush=True)\nc.wait()\n"
    host = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid = int(host.stdout.readline())
    host.kill()
    host.wait()
    host.stdout.close()
    for _ in range(500):
        if not os.path.exists(f"/proc/{pid}"):
            break
        subprocess.run(["sleep", "0.02"])
    assert not os.path.exists(f"/proc/{pid}")


def test_ctrl_c_ends_a_script_and_its_container():
    program = ("import dunnage\nwith dunnage.Container.launch(['sleep', '60']) as c:\n"
               "    print(c.pid, flush=True)\n    c.wait()\n")
    host = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pid = int(host.stdout.readline())
    host.send_signal(signal.SIGINT)
    _, err = host.communicate(timeout=30)
    assert host.returncode == -signal.SIGINT and "KeyboardInterrupt" in err
    assert not os.path.exists(f"/proc/{pid}")
