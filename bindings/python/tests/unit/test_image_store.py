# SPDX-License-Identifier: Apache-2.0
"""ImageStore and Image."""

import datetime
import json
import os
import pickle
import signal
import threading
import time

import pytest

import dunnage
from dunnage import Healthcheck, ImageConfig, ImageStore, Platform
from oci_layout import tar_of, write_layout

NAME = "docker.io/library/tools:1"


@pytest.fixture
def layout(directory):
    return write_layout(directory / "layout", NAME, [{"bin/": None, "bin/tool": b"first"}, {"bin/tool": b"second"}],
                        {"Entrypoint": ["/bin/tool"], "Env": ["A=b"], "Labels": {"app": "shop"},
                         "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1_500_000_000}})


def test_images_are_loaded_found_named_and_removed(store, layout):
    images = ImageStore.open()
    assert images.root == store == dunnage.default_store()
    [image] = images.load(layout)
    assert images.get("tools:1") == images["tools:1"] == images.find(image.id) == image
    assert images.find("other") is None and "tools:1" in images and "other" not in images and 5 not in images
    assert images.list() == [image] and images.damaged() == []
    images.tag("tools:1", "shop/tools:2")
    assert sorted(images["shop/tools:2"].info.names) == ["docker.io/library/tools:1", "docker.io/shop/tools:2"]
    images.remove("tools:1")
    assert "tools:1" not in images and "shop/tools:2" in images
    images.remove(image.id)
    assert images.list() == []
    assert images.prune().removed == []


def test_what_is_known_about_an_image(layout):
    [image] = ImageStore.open().load(layout)
    info = image.info
    assert info.id == image.id and info.names == [NAME] and len(info.layers) == 2 and info.size > 0
    assert str(info.platform) == "linux/amd64" and info.platform == Platform.parse("linux/amd64")
    assert info.created_at == datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.timezone.utc)
    assert image.config is not None and image.config == info.config == ImageConfig(
        entrypoint=["/bin/tool"], env={"A": "b"}, labels={"app": "shop"},
        healthcheck=Healthcheck(test=["CMD", "true"], interval=1.5))
    assert json.loads(info.to_json())["Id"] == image.id
    assert repr(image) == f"<dunnage.Image '{NAME}' {image.id[7:19]}>"
    for value in (image, info, ImageStore.open()):
        again = pickle.loads(pickle.dumps(value))
        assert again == value and hash(again) == hash(value)


def test_an_archive_is_loaded_from_a_path_a_file_and_a_descriptor(directory, layout):
    archive = directory / "image.tar"
    archive.write_bytes(tar_of({str(path.relative_to(layout)) + ("/" if path.is_dir() else ""):
                                None if path.is_dir() else path.read_bytes() for path in sorted(layout.rglob("*"))}))
    images = ImageStore.open()
    [image] = images.load(str(archive))
    with archive.open("rb") as file:
        assert images.load(file) == [image]
    with archive.open("rb") as file:
        assert images.load(file.fileno(), progress=None) == [image]
        assert not file.closed
    for wrong in (5.0, None, True, object()):
        with pytest.raises(TypeError, match="a path, a descriptor or an open file|is missing|is another type"):
            images.load(wrong)


def test_a_root_file_system_is_imported(directory):
    (directory / "rootfs.tar").write_bytes(tar_of({"etc/": None, "etc/conf": b"text"}))
    images = ImageStore.open()
    image = images.import_(directory / "rootfs.tar", "base:1", config=ImageConfig(cmd=["sh"], cwd="/etc"),
                           platform="linux/arm64/v8")
    assert image.config.cmd == ["sh"] and image.config.cwd == "/etc" and len(image.info.layers) == 1
    assert image.info.platform == Platform(architecture="arm64", variant="v8")
    assert images["base:1"] == image


def test_mistakes_have_their_classes(directory, layout):
    images = ImageStore.open()
    images.load(layout)
    for error in (KeyError, FileNotFoundError, dunnage.ImageError, dunnage.ImageMissing):
        with pytest.raises(error) as raised:
            images["tolls:1"]
    assert raised.value.code is dunnage.errc.image_missing and raised.value.remedy == 'did you mean "tools:1"?'
    with pytest.raises(ValueError) as raised:
        images.get("no/such image")
    assert isinstance(raised.value, dunnage.InvalidImage)
    with pytest.raises(dunnage.InvalidImage):
        Platform.parse("a/b/c/d")
    (directory / "no image").write_bytes(b"x" * 5000)
    with pytest.raises(dunnage.InvalidImage):
        images.load(directory / "no image")
    with pytest.raises(TypeError, match='did you mean "policy"'):
        images.pull("tools:1", polcy="never")
    with pytest.raises(ValueError, match='there is no "sometimes"'):
        images.pull("tools:1", policy="sometimes")
    with pytest.raises(TypeError, match="a function that takes a Progress"):
        images.load(layout, progress=5)
    with pytest.raises(dunnage.ImageMissing):
        images.pull("absent:1", policy="never")


def test_limits_are_sizes_in_texts(layout):
    assert dunnage.ImageLimits(bytes="1k", file_bytes=5).bytes == 1024
    images = ImageStore.open()
    images.load(layout)
    with pytest.raises(dunnage.LimitExceeded):
        images.unpack("tools:1", limits=dunnage.ImageLimits(bytes=1))
    images.unpack("tools:1", limits=dunnage.ImageLimits(bytes="1m"))


def big_archive(directory):
    """Takes a while."""
    path = directory / "big.tar"
    path.write_bytes(tar_of({"zeros": b"\0" * (64 << 20)}))
    return path


def test_progress_is_told_and_may_end_the_operation(directory):
    images = ImageStore.open()
    archive = big_archive(directory)
    seen = []
    images.import_(archive, "big:1", progress=seen.append)
    assert seen and all(isinstance(now, dunnage.Progress) for now in seen)

    def refuse(now):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        images.import_(archive, "other:1", progress=refuse)
    assert "other:1" not in images


def test_a_timeout_ends_the_operation(directory):
    images = ImageStore.open()
    with pytest.raises(TimeoutError) as raised:
        images.import_(big_archive(directory), "big:1", timeout=datetime.timedelta(0))
    assert isinstance(raised.value, dunnage.ImageTimedOut)
    assert "big:1" not in images


def test_an_interrupt_ends_the_operation_at_once(directory):
    read, write = os.pipe()
    images = ImageStore.open()
    main = threading.main_thread().ident
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            images.load(read)  # nothing ever comes
    finally:
        timer.join()
        os.close(read)
        os.close(write)
    assert time.monotonic() - began < 10
