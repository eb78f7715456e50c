# SPDX-License-Identifier: Apache-2.0
"""dunnage.aio: what is in a store, and several event loops."""

import asyncio
import concurrent.futures
import threading
import time

import pytest

import dunnage
from dunnage import ContainerStatus, ExitStatus, PIPE, Stdio, aio
from dunnage.aio import Container, ContainerStore, VolumeStore

from aio_support import in_loop, shell, sleeper


@in_loop
async def test_kept_records_are_found_and_waited_for(store):
    containers = await ContainerStore.open()
    assert containers.root == store and containers == await ContainerStore.open(store)
    async with shell("echo out; echo err >&2; read x; exit 6", stdin=PIPE, stdout=Stdio.log(), stderr=Stdio.log(),
                     name="db", remove_on_exit=False) as container:
        assert [info.name for info in await containers.list()] == ["db"]
        waiting = asyncio.ensure_future(containers.wait("db"))
        async with await containers.get("db") as other:
            assert other.id == container.id and other.poll() is None
            entries = []
            async for entry in other.logs(follow=True):
                entries.append((entry.stream.value, entry.data))
                if len(entries) == 2:
                    container.stdin.close()
            assert sorted(entries) == [("stderr", b"err\n"), ("stdout", b"out\n")]
        assert await waiting == await container.wait() == ExitStatus(6)
    assert await containers.wait("db") == ExitStatus(6)
    assert [str(entry) async for entry in containers.logs("db", tail=1)] == ["err\n"]
    assert (await containers.inspect("db")).exit == ExitStatus(6)
    with pytest.raises(dunnage.NotRunning):
        await containers.get("db")
    with pytest.raises(dunnage.ContainerMissing):
        await containers.wait("nobody")
    with pytest.raises(dunnage.ContainerMissing):
        async for entry in containers.logs("nobody"):
            pass
    await containers.remove("db")
    assert await containers.find("db") is None


@in_loop
async def test_leaving_a_container_of_a_store_lets_it_run():
    containers = await ContainerStore.open()
    async with Container.launch(["sleep", "60"], name="stays", lifetime="detached"):
        pass
    async with await containers.get("stays") as container:
        assert container.status is ContainerStatus.Running
        waiter = asyncio.ensure_future(container.wait())
        await asyncio.sleep(0.02)
    with pytest.raises(dunnage.ClosedError):  # the handle has gone, the container has not
        await waiter
    await containers.remove("stays", force=True)
    container = await sleeper(name="detached-later")
    await container.detach()
    await container.close()
    assert (await containers.inspect("detached-later")).status is ContainerStatus.Running
    await containers.remove("detached-later", force=True)


@in_loop
async def test_volumes_and_copies(directory, store):
    volumes = await VolumeStore.open()
    data = await volumes.get_or_create("data", labels={"of": "a test"})
    assert (await volumes.list())[0].name == "data" and await volumes.find("nothing") is None
    with pytest.raises(dunnage.VolumeMissing):
        await volumes.get("nothing")
    (directory / "in").write_text("hello")
    await aio.copy_in(data, directory / "in", "/greeting")
    done = await Container.run(["cat", "/data/greeting"], mounts=data.at("/data"), check=True)
    assert done.stdout == b"hello"
    async with Container.launch(["sleep", "60"], mounts=data.at("/data"), name="holder") as container:
        assert await volumes.users("data") == ["holder"]
        with pytest.raises(dunnage.VolumeInUse):
            await volumes.remove("data")
        await aio.copy_out(container, "/data/greeting", directory / "out")
    assert (directory / "out").read_text() == "hello"
    await volumes.remove("data")
    assert (await volumes.prune(all=True)).removed == []


@in_loop
async def test_volumes_are_taken_care_of(store):
    volumes = await VolumeStore.open()
    data = await volumes.create("data", protect=True)
    async with Container.launch(["sleep", "60"], mounts=data.at("/data", access="exclusive"), name="holder"):
        with pytest.raises(dunnage.VolumeInUse) as caught:
            await Container.run(["true"], mounts=data.at("/data"))
        assert caught.value.users == ["holder"]
    assert (await volumes.usage_history("data")).last_user == "holder"
    with pytest.raises(dunnage.VolumeProtected):
        await volumes.remove("data")
    assert (await volumes.plan_update("data", protect=False)).differences[0].what == "protected"
    await volumes.update("data", protect=False)
    assert (await volumes.usage("data")).files == 0
    assert (await volumes.plan_prune(all=True)).taken() == ["data"]
    await volumes.remove("data", keep=60)
    trash = volumes.trash()
    assert [entry.name for entry in await trash.list()] == ["data"]
    assert await trash.restore("data") == "data" and await trash.empty() == 0


def test_several_loops_wait_for_one_container():
    holder = {}
    started = threading.Event()
    go = threading.Event()

    async def first():
        async with sleeper() as container:
            holder["container"] = container
            started.set()
            return await container.wait()

    async def other():
        container = holder["container"]
        waiting = asyncio.ensure_future(container.wait())
        await asyncio.sleep(0.05)
        go.set()
        return await waiting

    with concurrent.futures.ThreadPoolExecutor(5) as threads:
        results = [threads.submit(asyncio.run, first())]
        assert started.wait(20)
        results += [threads.submit(asyncio.run, other()) for _ in range(4)]
        assert go.wait(20)
        time.sleep(0.2)
        holder["container"].kill()
        assert [result.result(20) for result in results] == [ExitStatus(signal=9)] * 5


def test_a_container_goes_from_one_loop_to_the_next():
    container = asyncio.run(_launched())
    async def ask():
        container.stdin.write("again\n")
        return await container.stdout.readline(), await container.wait_for(0.01)
    assert asyncio.run(ask()) == ("again\n", None)
    assert asyncio.run(ask()) == ("again\n", None)
    async def end():
        await container.close()
        return await container.wait()
    assert asyncio.run(end()) == ExitStatus(signal=9)


async def _launched():
    return await Container.launch(["cat"], stdin=PIPE, stdout=PIPE, text=True)


def test_a_closed_loop_and_no_loop_are_said():
    container = asyncio.run(_launched())
    with pytest.raises(RuntimeError, match="no running event loop"):
        container.wait().send(None)
    loop = asyncio.new_event_loop()
    loop.close()
    waiting = container.wait()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.run_until_complete(waiting)
    waiting.close()
    asyncio.run(container.close())
