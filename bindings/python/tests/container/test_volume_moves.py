# SPDX-License-Identifier: Apache-2.0
"""Volumes to archives and back, under other names, in other stores, and from other engines."""

import asyncio
import hashlib
import io
import json
import os
import tarfile
from contextlib import contextmanager

import pytest

import dunnage
from dunnage import AdoptableVolume, ArchiveLimits, VolumeStore, adoptable, aio


def filled():
    store = VolumeStore.open()
    data = store.create("data", labels={"app": "shop"})
    dunnage.run(["sh", "-c", "mkdir /data/d; echo one > /data/d/f; ln -s d /data/l"], mounts=data.at("/data"), check=True)
    return store


def content(volume):
    return dunnage.run(["cat", "/data/d/f"], mounts=volume.at("/data"), check=True).stdout


def test_a_volume_goes_to_a_path_a_descriptor_a_file_and_a_function(directory):
    volumes = filled()
    done = volumes.export_to("data", directory / "a.tar", compression=dunnage.ArchiveCompression.None_)
    tar = (directory / "a.tar").read_bytes()
    assert done.digest == done.tar_digest == "sha256:" + hashlib.sha256(tar).hexdigest()
    assert (done.size, done.entries, done.bytes, done.in_use, done.users) == (len(tar), 4, 4, False, [])
    with open(directory / "b.tar", "wb") as file:
        assert volumes.export_to("data", file) == volumes.export_to("data", file.fileno()) == done
    pieces, memory = [], io.BytesIO()
    assert volumes.export_to("data", pieces.append) == volumes.export_to("data", memory) == done
    assert b"".join(pieces) == memory.getvalue() == tar
    assert tarfile.open(directory / "a.tar").getnames() == [".", "d", "d/f", "l"]
    with pytest.raises(TypeError, match="target"):
        volumes.export_to("data", 1.5)
    with pytest.raises(ZeroDivisionError):
        volumes.export_to("data", lambda piece: 1 // 0)
    with pytest.raises(dunnage.VolumeMissing):
        volumes.export_to("absent", directory / "c.tar")
    assert not (directory / "c.tar").exists()


def test_an_archive_becomes_a_volume_whole_or_not_at_all(directory):
    volumes = filled()
    archive = directory / "a.tar.zst"
    done = volumes.export_to("data", archive, compression="zstd")
    made = volumes.import_from(archive, "again", digest=done.digest, labels={"a": "b"})
    assert made.volume == volumes["again"] and made.volume.labels == {"a": "b"}
    assert (made.tar_digest, made.entries, made.bytes) == (done.tar_digest, done.entries, done.bytes)
    assert made.devices == made.attributes == made.owners == 0 and "again" in repr(made)
    assert content(made.volume) == b"one\n"
    volumes.import_from(io.BytesIO(archive.read_bytes()), "memory")
    with open(archive, "rb") as file:
        volumes.import_from(file, "file")
    assert content(volumes["memory"]) == content(volumes["file"]) == b"one\n"
    with pytest.raises(dunnage.VolumeExists):
        volumes.import_from(archive, "again")
    for options in ({"digest": "sha256:" + "0" * 64}, {"limits": ArchiveLimits(entries=2)}, {"timeout": 0}):
        with pytest.raises(dunnage.VolumeError):
            volumes.import_from(archive, "new", **options)
    with pytest.raises(dunnage.VolumeError):
        volumes.import_from(io.BytesIO(b"no archive" * 100), "new")
    assert "new" not in volumes
    dunnage.run(["rm", "-r", "/data/d"], mounts=volumes["again"].at("/data"), check=True)
    volumes.import_from(archive, "again", replace=True)
    assert content(volumes["again"]) == b"one\n"


def test_increments_and_hooks(directory):
    volumes = filled()
    order = []

    @contextmanager
    def frozen():
        order.append("freeze")
        yield
        order.append("thaw")

    with dunnage.Container.launch(["sleep", "1000"], mounts=volumes["data"].at("/data")):
        volumes.export_to("data", directory / "in-use", freeze=frozen())
    assert order == ["freeze", "thaw"]
    volumes.export_to("data", directory / "whole", freeze=frozen())
    assert order == ["freeze", "thaw"]  # nobody used it
    dunnage.run(["sh", "-c", "echo two > /data/d/f; rm /data/l"], mounts=volumes["data"].at("/data"), check=True)
    volumes.export_to("data", directory / "more", since=[directory / "whole"])
    volumes.import_from(directory / "whole", "again", increments=[directory / "more"])
    assert content(volumes["again"]) == b"two\n" and os.listdir(volumes["again"].mountpoint) == ["d"]
    with pytest.raises(dunnage.VolumeError):
        volumes.import_from(directory / "more", "wrong")


def test_a_volume_is_renamed_and_copied(directory):
    volumes = filled()
    with dunnage.Container.launch(["sleep", "60"], mounts=volumes["data"].at("/data")) as container:
        assert volumes.rename("data", "new").name == "new" and container.plan["/data"].volume == "new"
        container.kill()
    assert volumes.copy("new", "copy").labels == {"app": "shop"} and content(volumes["copy"]) == b"one\n"
    other = VolumeStore.open(directory / "other")
    assert volumes.copy_to("new", other, "data") == other["data"]
    with pytest.raises(TypeError, match="VolumeStore"):
        volumes.copy_to("new", "other", "data")
    with pytest.raises(dunnage.VolumeExists):
        volumes.rename("new", "copy")


def test_volumes_of_an_engine_are_adopted(directory):
    volumes = filled()
    (directory / "docker" / "theirs" / "_data" / "d").mkdir(parents=True)
    (directory / "docker" / "theirs" / "_data" / "d" / "f").write_bytes(b"theirs\n")
    (found,) = adoptable(directory / "docker", json.dumps([{"Name": "theirs", "Labels": {"a": "b"}}]))
    assert found == AdoptableVolume(engine="docker", name="theirs", directory=directory / "docker" / "theirs",
                                    labels={"a": "b"})
    assert content(volumes.adopt(found)) == b"theirs\n"
    assert volumes.adopt(found, name="copy", copy=True, labels={"c": "d"}).labels == {"a": "b", "c": "d"}
    with pytest.raises(TypeError, match="AdoptableVolume"):
        volumes.adopt("theirs")


def test_all_of_it_is_awaited(directory):
    volumes = filled()
    del volumes

    async def move():
        store = await aio.VolumeStore.open()
        done = await store.export_to("data", directory / "a.tar")
        made = await store.import_from(directory / "a.tar", "again", digest=done.digest)
        assert (await store.rename("again", "new")).name == "new" and made.volume.name == "again"
        await store.copy("new", "copy")
        other = await aio.VolumeStore.open(directory / "other")
        assert (await store.copy_to("new", other, "data")).name == "data"
        pieces = []
        await store.export_to("data", pieces.append)
        return b"".join(pieces)

    assert asyncio.run(move()) == (directory / "a.tar").read_bytes()
