# SPDX-License-Identifier: Apache-2.0
"""dunnage.aio beside what an application does in its loop: child processes of asyncio, and another loop, uvloop."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap

import pytest

import dunnage
from aio_support import in_loop, shell, sleeper


def run_python(program):
    here = os.path.dirname(__file__)
    program = f"import sys; sys.path[:0] = {[here, os.path.dirname(here)]!r}\n" + textwrap.dedent(program)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=False)


async def child(code):
    process = await asyncio.create_subprocess_exec("sh", "-c", f"read line; exit {code}", stdin=subprocess.PIPE)
    process.stdin.write(b"go\n")
    await process.stdin.drain()
    return await process.wait()


async def container(code):
    async with await shell(f"exit {code}") as running:
        return (await running.wait()).exit_code


async def beside_each_other():
    """Children of asyncio and containers, so that each could be taken for the other."""
    codes = [n % 200 for n in range(40)]
    ends = await asyncio.gather(*(work(code) for code in codes for work in (child, container)))
    assert ends == [code for code in codes for _ in range(2)]


@in_loop
async def test_children_of_asyncio_and_containers_keep_their_ends_apart():
    await beside_each_other()


# later Pythons have no watchers any more
WATCHERS = [name for name in ("ThreadedChildWatcher", "PidfdChildWatcher", "SafeChildWatcher", "FastChildWatcher")
            if hasattr(asyncio, name)]


@pytest.mark.parametrize("name", WATCHERS)
def test_every_way_asyncio_waits_for_children_goes_well_with_containers(name):
    """In a process of its own: two of them wait for any child, by SIGCHLD."""
    done = run_python(f"""
        import asyncio, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from test_aio_loops import beside_each_other
        async def main():
            watcher = asyncio.{name}()
            if hasattr(watcher, "attach_loop"):
                watcher.attach_loop(asyncio.get_running_loop())
            asyncio.set_child_watcher(watcher)
            with watcher:
                await beside_each_other()
        asyncio.run(main(), debug=True)
        print("over")
        """)
    assert (done.stdout, done.returncode) == ("over\n", 0), done.stderr
    assert "Unknown child process" not in done.stderr


DISTRIBUTION = "/usr/lib/python3/dist-packages"  # also for a Python of the same version that is not the distribution's


async def streams_ends_and_cancelling():
    async with await shell("read line; echo got $line; echo err >&2; exit 7", stdin=dunnage.PIPE, stdout=dunnage.PIPE,
                           stderr=dunnage.PIPE) as running:
        running.stdin.write(b"word\n")
        await running.stdin.drain()
        assert await running.stdout.read() == b"got word\n"
        assert await running.stderr.read() == b"err\n"
        assert (await running.wait()).exit_code == 7
    async with await sleeper() as running:
        waiting = asyncio.ensure_future(running.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert running.status == dunnage.ContainerStatus.Running
        process = await running.exec(["true"])
        assert (await process.wait()).success
        running.kill(signal.SIGKILL)
        assert (await running.wait()).signal == signal.SIGKILL


def test_uvloop_waits_for_containers_as_asyncio_does():
    """In a process of its own: libuv keeps descriptors for as long as that lives."""
    done = run_python(f"""
        import asyncio, sys
        sys.path.append({DISTRIBUTION!r})
        try:
            import uvloop
        except ImportError:
            sys.exit(77)
        sys.path.remove({DISTRIBUTION!r})
        from test_aio_loops import beside_each_other, streams_ends_and_cancelling
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(streams_ends_and_cancelling())
        loop.run_until_complete(beside_each_other())
        loop.close()
        print("over")
        """)
    if done.returncode == 77:
        return  # this Python has no uvloop (Debian: python3-uvloop)
    assert (done.stdout, done.returncode) == ("over\n", 0), done.stderr


@in_loop
async def test_a_wait_that_is_cancelled_leaves_container_and_loop_as_they_were():
    async with await sleeper() as running:
        for _ in range(20):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(running.wait(), 0.01)
        assert await child(3) == 3
        process = await running.exec(["sh", "-c", "exit 4"])
        assert (await process.wait()).exit_code == 4
        running.kill()
        assert (await running.wait()).signal == signal.SIGKILL

