# SPDX-License-Identifier: Apache-2.0
"""Containers of images, images as mounts of containers, and copies into and out of both."""

import json
import os
import shutil
from pathlib import Path

import pytest

import dunnage
from dunnage import (Container, ContainerStore, ImageMount, ImageStore, ImageVolumes, MountSet, OverlayOptions,
                     RootChanges, Rootfs, VolumeStore, copy_in, copy_out)
from oci_layout import write_layout


@pytest.fixture
def image(directory):
    layout = write_layout(directory / "layout", "docker.io/library/tools:1",
                          [{"bin/": None, "bin/tool": b"first\n", "etc/": None, "etc/gone": b"x"},
                           {"bin/tool": b"second\n", "etc/.wh.gone": b"", "etc/conf": b"text\n"}])
    return ImageStore.open().load(layout)[0]


def output_of(script, mounts):
    return Container.run(["sh", "-c", script], mounts=mounts, stdout=dunnage.PIPE, text=True, check=True).stdout


def test_a_container_sees_an_image_or_a_part_of_it(image):
    script = "ls /opt/etc; cat /opt/bin/tool; touch /opt/x 2>/dev/null || echo read-only"
    assert output_of(script, ImageMount("tools:1", "/opt")) == "conf\nsecond\nread-only\n"
    assert output_of("cat /opt/tool", ImageMount(image, "/opt", subpath="bin")) == "second\n"
    assert output_of("cat /file", "--mount type=image,source=tools:1,target=/file,image-subpath=etc/conf") == "text\n"
    writable = ImageMount(image, "/opt", overlay=OverlayOptions(size="1m"))
    assert output_of("echo new > /opt/bin/tool; cat /opt/bin/tool", writable) == "new\n"


def test_the_plan_says_which_image_is_mounted(image):
    plan = MountSet(ImageMount("tools:1", "/opt", subpath="bin")).resolve()
    assert plan["/opt"].kind is dunnage.MountKind.Image
    assert (plan["/opt"].image, plan["/opt"].image_id, plan["/opt"].subpath) == ("tools:1", image.id, "bin")
    assert "2 layers" in str(plan)
    with pytest.raises(FileNotFoundError) as raised:
        MountSet(ImageMount("tolls:1", "/opt")).resolve()
    assert raised.value.code is dunnage.errc.image_missing and "tools:1" in raised.value.remedy


@pytest.fixture
def box(directory):
    """An image of busybox, which says how it is run."""
    layout = write_layout(directory / "box", "docker.io/library/box:1", [
        {"bin/": None, "bin/busybox": Path(shutil.which("busybox")).read_bytes(), "bin/sh": "busybox",
         "data/": None, "data/file": b"from the image\n", "tmp/": None, "etc/": None, "dev/": None, "proc/": None,
         "sys/": None}],
        {"Entrypoint": ["/bin/busybox"], "Cmd": ["echo", "hello"], "Env": ["PATH=/bin", "A=image"],
         "WorkingDir": "/data", "Volumes": {"/data": {}}, "StopSignal": "SIGINT", "Labels": {"app": "box"}})
    return ImageStore.open().load(layout)[0]


def test_a_container_of_an_image_runs_what_the_image_says(box):
    for rootfs in (Rootfs.image("box:1"), box, Rootfs.image(box.id)):
        assert Container.run(rootfs=rootfs, check=True).stdout == b"hello\n"
    root = Rootfs.image("box:1")
    assert (root.kind, root.name, root.path) == (Rootfs.Kind.Image, "box:1", None)
    assert Container.run(["echo", "other"], rootfs=root, check=True).stdout == b"other\n"
    done = Container.run(["-c", "echo $A; pwd; cat file"], entrypoint=["/bin/sh"], rootfs=root, env={"A": "mine"},
                         check=True)
    assert done.stdout == b"mine\n/data\nfrom the image\n"
    with pytest.raises(dunnage.ImageMissing):
        Container.run(["true"], rootfs=Rootfs.image("absent:1"), pull="never")


def test_what_a_container_writes_to_its_image_is_its_own(box):
    root = Rootfs.image("box:1")
    write = ["-c", "echo new > /tmp/file; cat /tmp/file; ls /data"]
    for changes in (RootChanges(), RootChanges(kind="memory", size="1m")):
        done = Container.run(write, entrypoint=["/bin/sh"], rootfs=root, root_changes=changes, check=True)
        assert done.stdout == b"new\nfile\n"
        done = Container.run(["ls", "/tmp"], rootfs=root, root_changes=changes, check=True)
        assert done.stdout == b""
    done = Container.run(["ls", "/data"], rootfs=root, image_volumes=ImageVolumes.Tmpfs, check=True)
    assert done.stdout == b""
    plan = MountSet().resolve(rootfs=root, image_volumes="anonymous")
    assert [mount.target for mount in plan] == ["/data"] and plan[0].kind is dunnage.MountKind.Volume


def test_what_a_container_writes_has_the_limit_it_was_given(box):
    changes = RootChanges.parse_storage_option("size=16m")
    assert changes == RootChanges(limit="16m") and changes.limit == 16 << 20 and RootChanges().limit is None
    with pytest.raises(dunnage.LaunchError):
        RootChanges.parse_storage_option("size=much")
    fill = {"argv": ["-c", "cat /dev/zero > /tmp/file; cat /data/file"], "entrypoint": ["/bin/sh"],
            "rootfs": Rootfs.image("box:1"), "root_changes": changes, "name": "bounded", "remove_on_exit": False}
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        with pytest.raises(dunnage.VolumeError) as raised:
            Container.run(**fill)
        assert raised.value.code == dunnage.errc.not_supported
        return
    done = Container.run(**fill)
    assert b"No space left on device" in done.stderr or b"Disk quota exceeded" in done.stderr
    assert done.stdout == b"from the image\n"
    info = ContainerStore.open().inspect("bounded")
    assert info.changes_limit == 16 << 20
    assert info.changes_limit_way in (dunnage.LimitWay.Ext4Image, dunnage.LimitWay.BtrfsQuota)
    ContainerStore.open().remove("bounded")


def test_a_record_names_the_image(box):
    with Container.launch(["sleep", "100"], rootfs=Rootfs.image("box:1"), name="boxed") as container:
        info = ContainerStore.open().inspect("boxed")
        assert (info.image, info.image_id, info.stop_signal) == ("box:1", box.id, 2)
        assert info.labels == {"app": "box"}
        with pytest.raises(dunnage.ImageInUse) as raised:
            ImageStore.open().remove("box:1")
        assert raised.value.users == ["boxed"]
        container.kill()


def test_what_a_container_has_changed_is_told(box):
    script = ["-c", "echo x > /etc/new; rm /bin/sh"]
    with Container.launch(script, entrypoint=["/bin/busybox", "sh"], rootfs=box, name="boxed",
                          remove_on_exit=False) as container:
        container.wait()
    changes = ContainerStore.open().changes("boxed")
    assert {change.path: change.kind.value for change in changes} == {
        "/bin": "modified", "/bin/sh": "deleted", "/etc": "modified", "/etc/new": "added"}
    assert json.loads(dunnage.to_json(changes))[0] == {"Path": "/bin", "Kind": 0}
    with Container.launch(["sleep", "100"], rootfs=box) as container:
        assert container.changes() == []
        container.kill()
    with Container.launch(["sleep", "100"]) as container:
        with pytest.raises(dunnage.LaunchError) as raised:
            container.changes()
        assert raised.value.code is dunnage.errc.not_supported
        container.kill()


def test_files_are_copied_into_and_out_of_a_container(directory, box):
    (directory / "conf").write_text("text\n")
    with Container.launch(["sleep", "100"], rootfs=Rootfs.image("box:1"), name="boxed") as container:
        assert copy_in(container, directory / "conf", "/etc/") is None
        copy_out(container, "/etc/conf", directory / "back", progress=lambda now: None, timeout=60)
        assert (directory / "back").read_text() == "text\n"
        copy_out(container, "/data/.", str(directory / "data"))
        assert (directory / "data" / "file").read_text() == "from the image\n"
        with pytest.raises(FileNotFoundError) as raised:
            copy_out(container, "/no/such", directory)
        assert isinstance(raised.value, dunnage.LaunchError)
        container.kill()
        container.wait()
        with pytest.raises(dunnage.NotRunning):
            copy_in(container, directory / "conf", "/etc/")


def test_files_of_a_container_that_has_ended(directory, box):
    (directory / "conf").write_text("text\n")
    with Container.launch(["sh", "-c", "echo x > /written"], rootfs=Rootfs.image("box:1"), name="ended",
                          remove_on_exit=False) as container:
        container.wait()
        copy_out(container, "/written", directory / "written")
        assert (directory / "written").read_text() == "x\n"
    store = ContainerStore.open()
    store.copy_in("ended", directory / "conf", "/etc/", archive=False)
    store.copy_out("ended", source="/etc/conf", target=directory / "back", timeout=60)
    assert (directory / "back").read_text() == "text\n"
    with open(directory / "packed", "w+b") as packed:
        store.copy_out("ended", "/etc/.", packed)
        packed.seek(0)
        volume = VolumeStore.open().create("unpacked")
        copy_in(volume, packed, "/")
    assert (volume.mountpoint / "conf").read_text() == "text\n"
    with pytest.raises(TypeError, match="source is a path, a descriptor or an open file, not None"):
        copy_in(volume, None, "/")
    with pytest.raises(dunnage.ContainerMissing):
        store.copy_out("endet", "/etc/conf", directory)
    store.remove("ended")


def test_files_are_copied_into_and_out_of_a_volume(directory):
    (directory / "conf").write_text("text\n")
    volume = VolumeStore.open().create("data")
    copy_in(volume, directory / "conf", "/")
    assert (volume.mountpoint / "conf").read_text() == "text\n"
    copy_out(volume, "conf", directory / "back")
    assert (directory / "back").read_text() == "text\n"
    with pytest.raises(OSError, match="."):
        copy_in(volume, directory / "conf", "/more", most_bytes="1")
    for place in ("data", None, 5):
        with pytest.raises(TypeError, match="place is a Container or a Volume, not"):
            copy_in(place, directory / "conf", "/")
