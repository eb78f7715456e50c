# SPDX-License-Identifier: Apache-2.0
"""dunnage.aio: cancellation, interrupts and ends of loops leave no container."""

import asyncio
import concurrent.futures
import gc
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time

import pytest

import dunnage
from dunnage import PIPE, Progress, StopSource
from dunnage.aio import Container, ImageStore, in_thread, watched

from aio_support import gone, in_loop, sleeper


async def no_container_runs():
    """All of them have a record in these tests. A cancelled launch may come to have one after this."""
    deadline = time.monotonic() + 20
    containers = dunnage.ContainerStore.open()
    while time.monotonic() < deadline:
        if not containers.list():
            return True
        await asyncio.sleep(0.02)
    return False


@in_loop
async def test_cancelling_a_launch_leaves_no_container():
    for pause in (0, 0, 0.001, 0.002, 0.003, 0.004, 0.006, 0.01, 0.02, 0.05):
        launching = asyncio.ensure_future(sleeper(record=True))
        await asyncio.sleep(pause)
        launching.cancel()
        try:
            container = await launching  # it was faster
            await container.close()
        except asyncio.CancelledError:
            pass
        del launching
        assert await no_container_runs()
    await asyncio.get_running_loop().shutdown_default_executor()  # the cancelled calls are over
    assert await no_container_runs()


@in_loop
async def test_a_launch_whose_result_nobody_takes_is_ended(monkeypatch):
    """It is cancelled when the container runs already, in each of the turns it takes the loop to hand it over."""
    loop = asyncio.get_running_loop()
    handed_over = [threading.Event()]
    call_soon_threadsafe = loop.call_soon_threadsafe

    def tell(*args, **options):
        event = handed_over[-1]
        call_soon_threadsafe(*args, **options)
        event.set()

    monkeypatch.setattr(loop, "call_soon_threadsafe", tell)
    ends = []
    for turns in range(4):
        handed_over.append(threading.Event())
        task = asyncio.ensure_future(sleeper(record=True))
        await asyncio.sleep(0)
        assert handed_over[-1].wait(20)  # nothing has a turn meanwhile
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await (await task).close()
            ends.append("launched")
        except asyncio.CancelledError:
            ends.append("cancelled")
        assert await no_container_runs()
    assert ends[0] == "cancelled" and ends[-1] == "launched"


@in_loop
async def test_cancelling_many_launches_at_once():
    tasks = [asyncio.ensure_future(sleeper(record=True)) for _ in range(30)]
    await asyncio.sleep(0.03)
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Container):
            await result.close()
    await asyncio.get_running_loop().shutdown_default_executor()  # what was begun may launch one yet, and end it
    assert await no_container_runs()


@in_loop
async def test_cancelling_an_exec_leaves_no_program():
    async with sleeper() as container:
        for pause in (0, 0.001, 0.003, 0.01):
            starting = asyncio.ensure_future(container.exec(["sleep", "61"]))
            await asyncio.sleep(pause)
            starting.cancel()
            try:
                await (await starting).close()
            except asyncio.CancelledError:
                pass
        await asyncio.sleep(0.05)
        deadline = time.monotonic() + 20
        while b"61" in (await container_programs(container)) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        assert b"61" not in await container_programs(container)


async def container_programs(container):
    async with container.exec(["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'"], stdout=PIPE) as process:
        return (await process.communicate())[0].split()


@in_loop
async def test_cancelling_the_block_and_run_kills_and_reaps():
    pids = []

    async def block():
        async with sleeper() as container:
            pids.append(container.pid)
            await container.wait()

    async def body():
        async with sleeper() as container:
            pids.append(container.pid)
            await asyncio.sleep(60)

    tasks = [asyncio.ensure_future(block()), asyncio.ensure_future(body()),
             asyncio.ensure_future(Container.run(["sleep", "60"], record=True))]
    while len(pids) < 2 or not dunnage.ContainerStore.open().list():
        await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert all(gone(pid) for pid in pids) and await no_container_runs()


@in_loop
async def test_closing_can_be_cancelled_and_ends_the_container_all_the_same():
    container = await sleeper()
    pid = container.pid
    closing = asyncio.ensure_future(container.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    assert gone(pid)
    await container.close()
    assert container.closed


@in_loop
async def test_a_container_nobody_holds_ends():
    container = await sleeper()
    pid = container.pid
    waiting = asyncio.ensure_future(container.wait_for(0.01))
    await waiting
    del container, waiting
    gc.collect()
    assert gone(pid)


@in_loop
async def test_progress_comes_to_the_loop_and_what_it_raises_comes_out(directory):
    archive = directory / "root.tar"
    with tarfile.open(archive, "w") as tar:
        for number in range(20):
            (directory / "file").write_bytes(os.urandom(1 << 16))
            tar.add(directory / "file", f"file-{number}")
    images = await ImageStore.open()
    seen = []
    here = threading.get_ident()
    image = await images.import_(archive, "base:1", progress=lambda now: seen.append((threading.get_ident(), now)))
    assert image.info.names == ["docker.io/library/base:1"]
    assert seen and all(thread == here and isinstance(now, Progress) for thread, now in seen)

    def refuse(now):
        raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough"):
        await images.import_(archive, "base:2", progress=refuse)
    with pytest.raises(TypeError, match="progress"):
        await images.import_(archive, "base:2", progress=5)
    with pytest.raises(TypeError, match="stop"):
        await images.import_(archive, "base:2", stop=5)
    await images.remove("base:1")


@in_loop
async def test_cancelling_ends_the_work_behind_it():
    images = await ImageStore.open()
    read, write = os.pipe()  # an archive that never comes
    loading = asyncio.ensure_future(images.load(read))
    await asyncio.sleep(0.1)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    os.close(write)
    os.close(read)
    assert await images.list() == []


def test_a_stop_source_ends_operations_from_another_thread(store):
    stop = StopSource()
    assert not stop.stop_requested and repr(stop) == "<dunnage.StopSource>"
    read, write = os.pipe()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        loading = pool.submit(dunnage.ImageStore.open().load, read, stop=stop)
        time.sleep(0.1)
        stop.request_stop()
        stop.request_stop()
        with pytest.raises(dunnage.Cancelled):
            loading.result(20)
    assert stop.stop_requested
    with pytest.raises(dunnage.Cancelled):
        dunnage.ImageStore.open().load(read, stop=stop)
    os.close(read)
    os.close(write)


@in_loop
async def test_any_call_can_run_in_a_thread():
    assert await in_thread(lambda a, b: (a, b, threading.current_thread() is threading.main_thread()), 1, b=2) == (
        1, 2, False)

    def work(progress, stop):
        progress(Progress(done=1))
        while not stop.stop_requested:
            time.sleep(0.01)
        ended.set()

    ended = threading.Event()
    seen = []
    task = asyncio.ensure_future(watched(work, progress=seen.append))
    while not seen:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.wait(10) and seen == [Progress(done=1)]


def test_a_loop_that_is_left_with_waiters_leaves_nothing():
    loop = asyncio.new_event_loop()
    container = loop.run_until_complete(start())
    waiting = loop.create_task(container.wait())
    reading = loop.create_task(container.stdout.read())
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()  # nothing is cancelled before
    waiting._log_destroy_pending = reading._log_destroy_pending = False
    del waiting, reading
    gc.collect()
    assert asyncio.run(container.stop(grace=0)) == dunnage.ExitStatus(signal=9)
    asyncio.run(container.close())


async def start():
    return await Container.launch(["sleep", "60"], stdout=PIPE)


INTERRUPTED = """
import asyncio, sys
from dunnage.aio import Container

async def main():
    async with Container.launch(["sleep", "60"], name="interrupted") as container:
        print(container.pid, flush=True)
        await container.wait()

asyncio.run(main(), debug=True)
"""


def test_an_interrupt_ends_a_program_and_its_container():
    program = subprocess.Popen([sys.executable, "-W", "error", "-c", INTERRUPTED], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    pid = int(program.stdout.readline())
    started = time.monotonic()
    program.send_signal(signal.SIGINT)
    _, error = program.communicate(timeout=20)
    assert time.monotonic() - started < 10
    assert "KeyboardInterrupt" in error and "Warning" not in error and "never" not in error
    assert program.returncode in (130, -2) and gone(pid)
    assert dunnage.ContainerStore.open().find("interrupted") is None
