# SPDX-License-Identifier: Apache-2.0
"""Snapshots, clones and seeds of volumes."""

import asyncio
import contextlib
import pickle

import pytest

import dunnage
from dunnage import (Container, SeedArchive, SeedDirectory, SeedFiles, SeedSnapshot, SnapshotChange,
                     SnapshotConsistency, SnapshotWay, VolumeStore, aio)


def filled():
    volumes = VolumeStore.open()
    volumes.create("db", labels={"app": "shop"}, seed=SeedFiles({"one": "first", "deep/two": b"\xffsecond"}))
    return volumes


def test_a_volume_goes_back_and_forward(store):
    volumes = filled()
    data = volumes["db"].mountpoint
    assert (data / "deep/two").read_bytes() == b"\xffsecond"
    history = volumes.history("db")
    assert history.volume == "db" and history.snapshots() == [] and history.find("then") is None
    plan = history.plan()
    assert plan.entries == 3 and plan.way in (SnapshotWay.Copy, SnapshotWay.Reflink) and plan.users == []
    then = history.snapshot("then", labels={"k": "v"})
    assert (then.volume, then.name, then.labels, then.consistency) == ("db", "then", {"k": "v"}, SnapshotConsistency.Idle)
    assert pickle.loads(pickle.dumps(then)) == then == history.get("then") == history.find("then")
    (data / "one").write_text("changed")
    (data / "new").write_text("new")
    assert history.diff("then") == [SnapshotChange(kind="added", path="new"),
                                    SnapshotChange(kind="modified", path="one", what=["content", "time"])]
    before = history.rollback("then")
    assert (data / "one").read_text() == "first" and not (data / "new").exists()
    assert before.way is SnapshotWay.Rename and before.labels == {"dunnage.before-rollback-to": "then"}
    assert history.rollback(before.name, keep_before=False) is None and (data / "one").read_text() == "changed"
    assert history.set_labels("then", {"nightly": ""}).labels == {"nightly": ""}
    with pytest.raises(dunnage.SnapshotExists):
        history.snapshot("then")
    history.remove(before.name)
    with pytest.raises(dunnage.SnapshotMissing) as raised:
        history.rollback("than")
    assert isinstance(raised.value, KeyError) and 'did you mean "then"?' in str(raised.value)
    with pytest.raises(dunnage.VolumeMissing):
        volumes.history("nothing")


def test_clones_and_seeds_are_volumes_of_their_own(store, directory):
    volumes = filled()
    history = volumes.history("db")
    history.snapshot("then")
    (volumes["db"].mountpoint / "one").write_text("changed")
    now, then = volumes.clone("db", "now"), volumes.clone("db", "then", snapshot="then", labels={})
    assert now.volume == volumes["now"] and now.volume.labels == {"app": "shop"} and then.volume.labels == {}
    assert [(made.volume.mountpoint / "one").read_text() for made in (now, then)] == ["changed", "first"]
    assert now.consistency is SnapshotConsistency.Idle and now.entries == 3 and "VolumeClone" in repr(now)
    seeded = volumes.get_or_create("seeded", seed=SeedSnapshot("db", "then"))
    assert (seeded.mountpoint / "one").read_text() == "first"
    (directory / "site").mkdir()
    (directory / "site/index").write_text("hello")
    site = volumes.create("site", seed=SeedDirectory(directory / "site"))
    assert dunnage.run(["cat", "/d/index"], mounts=site.at("/d"), stdout=dunnage.PIPE).stdout == b"hello"
    volumes.export_to("site", directory / "site.tar.gz", compression="gzip")
    packed = volumes.create("packed", seed=SeedArchive(directory / "site.tar.gz"))
    assert (packed.mountpoint / "index").read_text() == "hello"
    with pytest.raises(dunnage.VolumeError):
        volumes.create("new", seed=SeedArchive(directory / "site.tar.gz", digest="sha256:" + "0" * 64))
    read_only = history.at("then", "/then")
    assert read_only.read_only
    assert dunnage.run(["cat", "/then/one"], mounts=read_only, stdout=dunnage.PIPE).stdout == b"first"
    with pytest.raises(dunnage.VolumeExists):
        volumes.clone("db", "now")
    with pytest.raises(TypeError, match="seed is a SeedDirectory"):
        volumes.create("new", seed={"a": "b"})
    with pytest.raises(dunnage.InvalidVolume):
        volumes.create("new", seed=SeedFiles({"../a": "b"}))
    assert "new" not in volumes


def test_a_volume_in_use_is_frozen_around_the_copy_and_not_rolled_back(store):
    volumes = filled()
    calls = []

    @contextlib.contextmanager
    def frozen():
        calls.append("before")
        yield
        calls.append("after")

    history = volumes.history("db")
    assert history.snapshot("idle", freeze=frozen()).consistency is SnapshotConsistency.Idle and calls == []
    with Container.launch(["sleep", "60"], mounts=volumes["db"].at("/data"), name="holder"):
        assert history.snapshot().consistency is SnapshotConsistency.Unordered
        assert history.snapshot(freeze=frozen()).consistency is SnapshotConsistency.Frozen
        assert calls == ["before", "after"]
        with pytest.raises(dunnage.VolumeInUse) as raised:
            history.rollback("idle")
        assert raised.value.users == ["holder"]

        @contextlib.contextmanager
        def broken():
            raise RuntimeError("it does not answer")
            yield

        count = len(history.snapshots())
        with pytest.raises(RuntimeError, match="it does not answer"):
            history.snapshot(freeze=broken())
        assert len(history.snapshots()) == count
        with pytest.raises(TypeError, match="context manager"):
            history.snapshot(freeze=print)


def test_ended_and_awaited(store):
    volumes = filled()
    stop = dunnage.StopSource()
    stop.request_stop()
    with pytest.raises(dunnage.VolumeError) as raised:
        volumes.clone("db", "new", stop=stop)
    assert raised.value.code is dunnage.errc.cancelled and "new" not in volumes

    async def main():
        store = await aio.VolumeStore.open()
        history = await store.history("db")
        assert (await history.snapshot("awaited")).name == "awaited" and history.volume == "db"
        assert [each.name for each in await history.snapshots()] == ["awaited"]
        assert await history.diff("awaited") == []
        assert (await store.clone("db", "new", snapshot="awaited")).volume.name == "new"
        assert (await history.rollback("awaited", before="old")).name == "old"
        await history.remove("awaited")
        missing = {name for name in dir(dunnage.VolumeHistory) if not name.startswith("_")} - set(dir(history))
        assert missing == set()

    asyncio.run(main())
