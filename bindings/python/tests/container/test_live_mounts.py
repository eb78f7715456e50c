# SPDX-License-Identifier: Apache-2.0
"""Mounts of a running container: attached, detached, replaced, and watched."""

import asyncio
import errno
import os
import select

import pytest

import dunnage
import dunnage.aio
from dunnage import (PIPE, BindMount, Container, Follow, LossPolicy, MountEvent, MountSet, NotRunning, SourceLoss, Tmpfs, VolumeMount,
                     VolumeStore)


@pytest.fixture
def store(tmp_path):
    return VolumeStore.open(tmp_path / "store")


def sleeper(store, **options):
    return Container.launch(["sleep", "1000"], store=store.root, **options)


def shown(container, script):
    return container.exec_run(["sh", "-c", script], text=True).stdout


def test_what_is_attached_is_there_until_it_is_detached(store, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    with sleeper(store) as container:
        plan = container.attach(BindMount(tmp_path / "one", "/data"))
        assert [mount.target for mount in plan] == ["/data"] and list(container.plan) == list(plan)
        assert shown(container, "cat /data/file") == "one"
        replaced = container.replace("/data", f"type=bind,source={tmp_path / 'two'},target=/data,readonly")
        assert replaced.read_only and shown(container, "cat /data/file") == "two"
        container.detach("/data")
        assert len(container.plan) == 0 and shown(container, "ls -A /data") == ""
        several = container.attach(MountSet([VolumeMount("kept", "/kept"), Tmpfs("/scratch")]))
        assert len(several) == 2 and store.users("kept") != []
        container.detach("/kept")
        assert store.users("kept") == []
        with pytest.raises(dunnage.MountError, match="something is mounted there"):
            container.attach("-v kept:/scratch")
        with pytest.raises(ValueError):
            container.replace("/scratch", [])


def test_nothing_is_attached_to_what_has_ended(store):
    with sleeper(store) as container:
        container.kill()
        container.wait()
        with pytest.raises(NotRunning):
            container.attach(Tmpfs("/late"))


def test_who_uses_a_mount_is_told(store):
    with sleeper(store) as container:
        container.attach(VolumeMount("data", "/data"))
        assert container.mount_holders("/data") == []
        with container.exec(["sh", "-c", "cd /data; echo there; exec sleep 1000"], stdout=PIPE, text=True) as user:
            assert user.stdout.readline() == "there\n"
            holders = container.mount_holders("/data")
            assert len(holders) == 1 and os.path.exists(f"/proc/{holders[0].pid}")
            with pytest.raises(dunnage.MountError) as busy:
                container.detach("/data")
            assert busy.value.errno == errno.EBUSY and f"(pid {holders[0].pid})" in str(busy.value)
            container.detach("/data", lazy=True)
        assert store.users("data") == []


def test_events_are_polled_and_iterated_over(store):
    with sleeper(store, name="watched") as container:
        events = container.mount_events()
        assert events.poll() is None and not events.ended
        container.attach(Tmpfs("/one"))
        container.replace("/one", Tmpfs("/one"))
        select.select([events.fileno()], [], [], 20)
        first = next(events)
        assert (first.kind, first.mount.target, first.missed) == (MountEvent.Kind.Attached, "/one", 0)
        assert next(events).kind is MountEvent.Kind.Replaced
        container.detach("/one")
        assert str(next(events)).startswith("detached: ")
    assert list(events) == [] and events.ended


def test_a_source_that_is_followed_is_what_has_its_name(store, tmp_path):
    conf = tmp_path / "conf"
    conf.write_text("one")
    with sleeper(store, mounts=[BindMount(conf, "/conf", read_only=True, follow="name")]) as container:
        events = container.mount_events()
        (tmp_path / "next").write_text("two")
        (tmp_path / "next").replace(conf)
        event = next(events)
        assert (event.kind, event.mount.follow, event.cause) == (MountEvent.Kind.Replaced, Follow.Name, "")
        assert shown(container, "cat /conf") == "two" and container.plan["/conf"].follow is Follow.Name
        conf.unlink()
        conf.symlink_to("/etc/passwd")
        lost = next(events)
        assert lost.kind is MountEvent.Kind.Lost and "symbolic link" in lost.cause and lost.cause in str(lost)
        assert shown(container, "cat /conf") == "two"
    with pytest.raises(dunnage.MountError, match="symbolic link"):
        MountSet([f"--mount type=bind,source={conf},target=/conf,follow=name"]).resolve()


def test_a_source_that_dies_is_mended(store, tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    loss = SourceLoss(LossPolicy.Pause, interval=0.1, timeout=20)
    with sleeper(store, mounts=[BindMount(share, "/share", on_loss=loss)]) as container:
        events = container.mount_events()
        share.rmdir()
        lost = next(events)
        assert (lost.kind, lost.mount.on_loss) == (MountEvent.Kind.Lost, loss) and "removed" in lost.cause
        share.mkdir()
        (share / "file").write_text("here")
        assert next(events).kind is MountEvent.Kind.Restored
        assert shown(container, "cat /share/file") == "here"


def test_a_container_that_is_stopped_as_its_source_died_says_so(store, tmp_path):
    async def talk():
        (tmp_path / "share").mkdir()
        mounts = [BindMount(tmp_path / "share", "/share", on_loss=SourceLoss("stop", interval=0.1, timeout=20))]
        script = "trap 'exit 3' TERM; echo up; while :; do sleep 0.02; done"
        async with dunnage.aio.Container.launch(["sh", "-c", script], store=store.root, mounts=mounts,
                                                stdout=PIPE) as container:
            assert await container.stdout.readline() == b"up\n"
            (tmp_path / "share").rmdir()
            status = await container.wait()
            assert status.exit_code == 3 and "lost its source" in status.cause and status.cause in str(status)

    asyncio.run(talk())


def test_what_is_followed_is_awaited(store, tmp_path):
    async def talk():
        (tmp_path / "conf").write_text("one")
        mounts = [BindMount(tmp_path / "conf", "/conf", follow=Follow.Name)]
        async with dunnage.aio.Container.launch(["sleep", "1000"], store=store.root, mounts=mounts) as container:
            async with container.mount_events() as events:
                (tmp_path / "next").write_text("two")
                (tmp_path / "next").replace(tmp_path / "conf")
                assert (await events.__anext__()).kind is MountEvent.Kind.Replaced

    asyncio.run(talk())


def test_the_verbs_are_awaited(store):
    async def talk():
        async with dunnage.aio.Container.launch(["sleep", "1000"], store=store.root) as container:
            async with container.mount_events() as events:
                await container.attach(VolumeMount("data", "/data"))
                event = await events.__anext__()
                assert event.kind is MountEvent.Kind.Attached and event.mount.volume == "data"
                await container.replace("/data", VolumeMount("other", "/data"))
                assert (await events.__anext__()).mount.volume == "other"
                assert await container.mount_holders("/data") == []
                await container.detach("/data", lazy=True)
                assert (await events.__anext__()).kind is MountEvent.Kind.Detached
            assert len(container.plan) == 0

    asyncio.run(talk())
