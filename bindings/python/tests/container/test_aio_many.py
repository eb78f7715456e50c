# SPDX-License-Identifier: Apache-2.0
"""Many at once: a thousand containers in one event loop, and 32 threads. What this process and the launcher have is
counted before and after."""

import asyncio
import concurrent.futures
import gc
import os
import resource
import threading
import time
from pathlib import Path

import pytest

import dunnage
from dunnage import ExitStatus, Stdio
from dunnage.aio import Container

from aio_support import in_loop


def processes():
    """Of this user, with their parents: who belongs to the tests is below one of them."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found[name] = fields[1], fields[0]
    return found


def launcher():
    """The process id of this process's launcher: the parent of a container's first process."""
    with dunnage.Container.launch(["sleep", "60"]) as container:
        return Path(f"/proc/{container.pid}/stat").read_text().rpartition(")")[2].split()[1]


def counts(launcher):
    gc.collect()
    table = processes()
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": len(os.listdir("/proc/self/task")),
        "mounts": Path("/proc/self/mountinfo").read_text(),
        "children of the launcher": sorted(name for name, (parent, _) in table.items() if parent == launcher),
        "descriptors of the launcher": len(os.listdir(f"/proc/{launcher}/fd")),
    }


def settled(launcher):
    """In a quiet moment the launcher replaces what it has made ahead for the next containers, and is done then."""
    found, since = counts(launcher), time.monotonic()
    while time.monotonic() < since + 0.5:
        time.sleep(0.05)
        now = counts(launcher)
        if now != found:
            found, since = now, time.monotonic()
    return found


@pytest.fixture
def nothing_leaks():
    mine = launcher()
    dunnage.drop_ready_roots()
    before, again = None, settled(mine)
    while before != again:  # it has made all of it when it makes no more after a further container
        launcher()
        before, again = again, settled(mine)
    yield
    deadline = time.monotonic() + 20
    while counts(mine) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert counts(mine) == before


@pytest.fixture
def many_descriptors():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    assert before[1] >= 4096
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def threads():
    return len(os.listdir("/proc/self/task"))


def test_a_thousand_containers_are_awaited_at_once_in_one_loop(nothing_leaks, many_descriptors):
    count = 1000
    most = {"threads": 0, "running": 0}

    async def one(number, gate):
        async with Container.launch(["sh", "-c", f"read x; exit {number % 256}"],
                                    stdin=Stdio.descriptor(gate)) as container:
            waiting.add(number)
            return await container.wait()

    async def main():
        read, write = os.pipe()
        tasks = [asyncio.ensure_future(one(number, read)) for number in range(count)]
        while len(waiting) < count and not any(task.done() for task in tasks):
            await asyncio.sleep(0.05)
            most["threads"] = max(most["threads"], threads())
        most["running"] = len(waiting)
        os.close(write)  # the end of the input of all of them
        os.close(read)
        return await asyncio.gather(*tasks)

    waiting = set()
    before = threads()
    statuses = asyncio.run(main())
    assert statuses == [ExitStatus(number % 256) for number in range(count)]
    assert most["running"] == count
    executor = min(32, (os.cpu_count() or 1) + 4)  # the most threads of a default executor
    assert most["threads"] <= before + executor


def test_waiting_needs_no_thread(nothing_leaks):
    opened = []

    async def second_entry(container):
        entries = container.logs(follow=True)
        opened.append(await entries.__anext__())
        return await entries.__anext__()

    async def main():
        asyncio.get_running_loop().set_default_executor(concurrent.futures.ThreadPoolExecutor(2))
        before = threads()
        containers = await asyncio.gather(*(Container.launch(["sh", "-c", "echo up; exec sleep 60"], record=True,
                                                             stdout=Stdio.log()) for _ in range(20)))
        waiting = [asyncio.ensure_future(container.wait()) for container in containers for _ in range(3)]
        logs = [asyncio.ensure_future(second_entry(container)) for container in containers]
        while len(opened) < len(containers) and not any(log.done() for log in logs):
            await asyncio.sleep(0.01)
        stopping = [asyncio.ensure_future(container.stop(grace=0.2)) for container in containers[:10]]
        await asyncio.sleep(0.1)
        assert threads() <= before + 2
        await asyncio.gather(*stopping)
        for container in containers[10:]:
            container.kill()
        await asyncio.gather(*waiting)
        assert all(isinstance(end, StopAsyncIteration) or isinstance(end, RuntimeError)
                   for end in await asyncio.gather(*logs, return_exceptions=True))
        await asyncio.gather(*(container.close() for container in containers))

    asyncio.run(main())


def test_32_threads_launch_and_wait(nothing_leaks):
    def work(number):
        statuses = []
        for turn in range(6):
            with dunnage.Container.launch(["sh", "-c", f"exit {(number * 6 + turn) % 256}"]) as container:
                statuses.append(container.wait())
        return statuses

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        results = list(pool.map(work, range(32)))
    assert results == [[ExitStatus((number * 6 + turn) % 256) for turn in range(6)] for number in range(32)]


def test_32_threads_have_loops_of_their_own(nothing_leaks):
    async def one(code):
        async with Container.launch(["sh", "-c", f"exit {code}"]) as container:
            return await container.wait()

    async def main(number):
        asyncio.get_running_loop().set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
        return await asyncio.gather(*(one((number * 3 + turn) % 256) for turn in range(3)))

    results = {}
    workers = [threading.Thread(target=lambda number=number: results.update({number: asyncio.run(main(number))}))
               for number in range(32)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert results == {number: [ExitStatus((number * 3 + turn) % 256) for turn in range(3)] for number in range(32)}


@in_loop
async def test_threads_and_a_loop_wait_for_the_same_containers():
    async def both(code):
        read, write = os.pipe()  # held open until both wait, or the store would say that the container has ended
        async with Container.launch(["sh", "-c", f"read x; exit {code}"], record=True,
                                    stdin=Stdio.descriptor(read)) as container:
            os.close(read)
            handle = dunnage.ContainerStore.open().get(container.id)
            in_thread = asyncio.get_running_loop().run_in_executor(None, handle.wait)
            in_loop = asyncio.ensure_future(container.wait())
            await asyncio.sleep(0.1)
            os.close(write)
            return await in_loop, await in_thread

    results = await asyncio.gather(*(both(code) for code in range(8)))
    assert results == [(ExitStatus(code), ExitStatus(code)) for code in range(8)]
