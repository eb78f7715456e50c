# SPDX-License-Identifier: Apache-2.0
"""dunnage.aio: the verbs of a container, in one event loop."""

import asyncio
import gc
import inspect
import signal
import subprocess
from datetime import timedelta

import pytest

import dunnage
from dunnage import ContainerStatus, DEVNULL, ExitStatus, PIPE, aio
from dunnage.aio import Container, ContainerStore, VolumeStore

from aio_support import begun_by, gone, in_loop, ready, shell, sleeper


@in_loop
async def test_a_launch_is_awaited_or_the_head_of_a_block():
    container = await Container.launch(["sh", "-c", "exit 3"])
    assert await container.wait() == ExitStatus(3) == container.exit_status == container.poll()
    await container.close()
    async with sleeper() as container:
        assert container.status is ContainerStatus.Running and container.pid > 0 and len(container.id) == 64
        assert container.name == "" and len(container.plan) >= 0 and container.exit_status is None
        pid = container.pid
    assert container.closed and container.exit_status == await container.wait() == ExitStatus(signal=9)
    assert gone(pid)
    assert repr(container) == f"<dunnage.aio.Container {container.id[:12]}, killed by SIGKILL>"
    async with await sleeper() as container:  # both at once, too
        pass
    assert container.closed


def test_a_launch_that_is_not_awaited_is_said():
    with pytest.warns(RuntimeWarning, match="coroutine 'Container.launch' was never awaited"):
        Container.launch(["true"])
        gc.collect()


@in_loop
async def test_a_launch_is_a_coroutine_for_asyncio():
    task = asyncio.create_task(sleeper())
    container, other = await asyncio.gather(task, sleeper())
    third = await asyncio.wait_for(sleeper(), 60)
    await asyncio.gather(container.close(), other.close(), third.close())
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        launching = sleeper()
        await (await launching).close()
        await launching


@in_loop
async def test_an_exception_ends_the_container():
    with pytest.raises(ZeroDivisionError):
        async with sleeper() as container:
            raise ZeroDivisionError
    assert container.closed and container.exit_status == ExitStatus(signal=9)


@in_loop
async def test_errors_are_those_of_dunnage():
    with pytest.raises(dunnage.ProgramMissing):
        await Container.launch(["no-such-program"])
    with pytest.raises(TypeError, match="argv"):
        await Container.launch("a line")
    with pytest.raises(TypeError, match="no-such-option|no_such_option"):
        async with Container.launch(["true"], no_such_option=1):
            pass
    async with sleeper() as container:
        pass
    await container.close()
    for use in (lambda: container.pid, lambda: container.plan, lambda: container.status, container.kill,
                container.request_stop, lambda: container.exit_fd):
        with pytest.raises(dunnage.ClosedError, match="is closed: its handle was let go"):
            use()
    for use in (container.stop, container.pause, container.restart, container.detach, container.__aenter__,
                lambda: container.exec(["true"])):
        with pytest.raises(dunnage.ClosedError, match="is closed: its handle was let go"):
            await use()
    with pytest.raises(TypeError, match="timeout is a number of seconds"):
        await container.wait("long")


@in_loop
async def test_waiting_has_deadlines():
    async with sleeper() as container:
        assert await container.wait_for(0) is None and container.poll() is None
        assert await container.wait_for(0.01) is None and await container.wait_for(timedelta(milliseconds=10)) is None
        with pytest.raises(TimeoutError) as raised:
            await container.wait(0.01)
        assert isinstance(raised.value, dunnage.TimedOut)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(container.wait(), 0.01)
        assert container.status is ContainerStatus.Running


@in_loop
async def test_any_number_wait_and_cancelling_one_leaves_the_container_alone():
    async with sleeper() as container:
        waiters = [asyncio.ensure_future(container.wait()) for _ in range(8)]
        await asyncio.sleep(0.05)
        waiters[0].cancel()
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.05)
        assert [waiter.done() for waiter in waiters] == [True] + [False] * 7 and waiters[0].cancelled()
        assert container.status is ContainerStatus.Running
        container.kill()
        assert await asyncio.gather(*waiters[1:]) == [ExitStatus(signal=9)] * 7


@in_loop
async def test_closing_ends_the_wait_of_others():
    container = await sleeper()
    waiter = asyncio.ensure_future(container.wait())
    await asyncio.sleep(0.05)
    await container.close()
    assert await waiter == ExitStatus(signal=9)


@in_loop
async def test_stop_asks_first_and_kills_then():
    async with shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done", stdout=PIPE) as container:
        await ready(container)
        assert await container.stop() == ExitStatus(5)
        assert await container.stop() == ExitStatus(5)
    deaf = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    async with shell(deaf, stdout=PIPE) as container:
        await ready(container)
        assert await container.stop(grace=0.1) == ExitStatus(signal=9)
        with pytest.raises(dunnage.NotRunning):
            container.kill()
    async with shell(deaf, stdout=PIPE) as container:
        await ready(container)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(container.stop(grace=60), 0.1)
        assert await container.wait(20) == ExitStatus(signal=9)


@in_loop
async def test_a_loop_goes_on_while_a_container_is_stopped():
    async with shell("trap '' TERM; echo ready; while :; do sleep 0.05; done", stdout=PIPE) as container:
        await ready(container)
        stopping = asyncio.ensure_future(container.stop(grace=60))
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert not stopping.done()
        container.kill()
        assert await stopping == ExitStatus(signal=9)


@in_loop
async def test_signals_pausing_and_resuming():
    async with shell("trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done", stdout=PIPE) as container:
        await ready(container)
        await container.pause()
        assert container.status is ContainerStatus.Paused
        await container.resume()
        assert container.status is ContainerStatus.Running
        container.kill(signal.SIGUSR1)
        assert await container.wait(20) == ExitStatus(9)


@in_loop
async def test_exec_runs_a_further_program():
    async with sleeper() as container:
        async with container.exec(["sh", "-c", "read x; echo got $x; exit 4"], stdin=PIPE, stdout=PIPE,
                                  text=True) as process:
            process.stdin.write("it\n")
            assert await process.stdout.read() == "got it\n" and await process.wait() == ExitStatus(4)
        process = await container.exec(["sleep", "60"])
        assert process.poll() is None and await process.wait_for(0.01) is None
        process.kill("TERM")
        assert await process.wait() == ExitStatus(signal=15)
        await process.close()
        process = await container.exec(["cat"], stdin=PIPE, stdout=PIPE)
        assert await process.communicate(b"there and back") == (b"there and back", None)
        await process.close()
        with pytest.raises(dunnage.ProgramMissing):
            await container.exec(["no-such-program"])


@in_loop
async def test_restarting_brings_new_streams_and_waiters_see_the_end_for_good():
    async with shell("echo ready; sleep 60", stdout=PIPE) as container:
        await ready(container)
        await container.restart(grace=0)
        await ready(container)
        assert await container.wait_for(0.05) is None
        container.kill()
        assert await container.wait() == ExitStatus(signal=9)


@in_loop
async def test_run_and_communicate_are_those_of_subprocess():
    big = b"x" * 1_000_000
    done = await Container.run(["sh", "-c", "cat; echo error >&2; exit 3"], input=big)
    assert (done.returncode, done.stdout, done.stderr) == (3, big, b"error\n") and done.status == ExitStatus(3)
    assert isinstance(done, subprocess.CompletedProcess) and done.args[0] == "sh"
    done = await aio.run(["cat"], input="grüße\r\n", text=True)
    assert done.stdout == "grüße\n" and done.stderr == ""
    done = await Container.run(["true"], input=big)  # which does not read it
    assert done.returncode == 0
    with pytest.raises(subprocess.CalledProcessError):
        await Container.run(["false"], check=True)
    error = await begun_by(Container.run, "echo before; sleep 60")
    assert error.stdout == "before\n" and error.stderr == ""
    with pytest.raises(ValueError, match="not both"):
        await Container.run(["cat"], input=b"", stdin=DEVNULL)
    async with sleeper() as container:
        with pytest.raises(ValueError, match="stdin is no PIPE"):
            await container.communicate(b"x")
        assert await asyncio.wait_for(asyncio.shield(container.wait_for(0.01)), 5) is None


@in_loop
async def test_the_timings_of_a_launch_are_those_of_dunnage():
    async with Container.launch(["true"], timings=True) as container:
        steps = [step.name for step in container.timings().steps]
        assert {"resolve", "send", "execute", "report"} <= set(steps)
    async with Container.launch(["true"]) as container:
        assert len(container.timings()) == 0


def test_signatures_are_those_of_dunnage():
    for mine, theirs in ((Container.launch, dunnage.Container.launch), (Container.exec, dunnage.Container.exec),
                         (VolumeStore.create, dunnage.VolumeStore.create),
                         (aio.ImageStore.pull, dunnage.ImageStore.pull)):
        assert inspect.signature(mine) == inspect.signature(theirs)


def test_all_verbs_of_dunnage_are_there():
    for mine, theirs in ((Container, dunnage.Container), (aio.Process, dunnage.Process),
                         (ContainerStore, dunnage.ContainerStore), (VolumeStore, dunnage.VolumeStore),
                         (aio.VolumeTrash, dunnage.VolumeTrash), (aio.ImageStore, dunnage.ImageStore)):
        missing = {name for name in dir(theirs) if not name.startswith("_")} - set(dir(mine))
        # a descriptor is read through its stream, so that nothing is read twice
        assert missing <= {"stdin_fd", "stdout_fd", "stderr_fd", "terminal_fd"}, missing
