# SPDX-License-Identifier: Apache-2.0
"""Small images made on the fly: an OCI image layout, or what `docker save` writes.

    image = Image([busybox_layer(), layer({"etc/motd": "hello\\n"})], config={"Cmd": ["cat", "/etc/motd"]})
    write_layout("/tmp/layout", {"latest": image})
"""

import gzip
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field

BUSYBOX = shutil.which("busybox")
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TIME = 1700000000


def has_static_busybox():
    return bool(BUSYBOX) and b"interpreter" not in subprocess.run(["file", "-b", BUSYBOX], capture_output=True,
                                                                  check=False).stdout


def entry(name, kind=tarfile.REGTYPE, mode=0o644, uid=0, gid=0, link="", mtime=TIME, pax=None):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.linkname, info.mtime = kind, mode, uid, gid, link, mtime
    info.pax_headers = pax or {}
    return info


def directory(name, **keywords):
    return entry(name, kind=tarfile.DIRTYPE, **{"mode": 0o755, **keywords})


def layer(files):
    """A tar of {name: content}; a content is text, bytes, or an entry() of another kind; or of a list of
    (entry, bytes)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items() if isinstance(files, dict) else files:
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            data = content.encode() if isinstance(content, str) else content
            info = name if isinstance(name, tarfile.TarInfo) else entry(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def busybox_layer():
    """/bin with busybox under all of its names, and what every root file system has."""
    with open(BUSYBOX, "rb") as file:
        program = file.read()
    names = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    files = [(None, directory(name)) for name in ("bin", "etc", "root")] + [(None, directory("tmp", mode=0o1777))]
    files.append((entry("bin/busybox", mode=0o755), program))
    files += [(None, entry(f"bin/{name}", kind=tarfile.SYMTYPE, link="busybox")) for name in names if name != "busybox"]
    files.append((entry("etc/passwd"), b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n"))
    files.append((entry("etc/group"), b"root:x:0:\napp:x:1000:\nlogs:x:1001:app\n"))
    return layer(files)


@dataclass
class Image:
    layers: list
    config: dict = field(default_factory=dict)
    architecture: str = ARCHITECTURE
    created: str = "2024-05-01T12:00:00Z"

    def configuration(self):
        return json.dumps({
            "created": self.created, "architecture": self.architecture, "os": "linux",
            "config": {"Env": [PATH], **self.config},
            "history": [{"created": self.created, "created_by": "a test"} for _ in self.layers],
            "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in self.layers]},
        }).encode()

    @property
    def id(self):
        return digest(self.configuration())


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class _Blobs:
    def __init__(self, path):
        self.path = os.path.join(path, "blobs", "sha256")
        os.makedirs(self.path, exist_ok=True)

    def add(self, data, media_type):
        with open(os.path.join(self.path, digest(data)[len("sha256:"):]), "wb") as file:
            file.write(data)
        return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def write_layout(path, images):
    """images: {tag: Image}, or {tag: [Image...]} for one of several platforms."""
    kind = "application/vnd.oci.image."
    blobs = _Blobs(path)

    def manifest(image):
        return blobs.add(json.dumps({
            "schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
            "config": blobs.add(image.configuration(), kind + "config.v1+json"),
            "layers": [blobs.add(gzip.compress(tar, 1, mtime=0), kind + "layer.v1.tar+gzip") for tar in image.layers],
        }).encode(), kind + "manifest.v1+json")

    entries = []
    for tag, image in images.items():
        if isinstance(image, list):
            several = [{**manifest(one), "platform": {"os": "linux", "architecture": one.architecture}}
                       for one in image]
            found = blobs.add(json.dumps({"schemaVersion": 2, "mediaType": kind + "index.v1+json",
                                          "manifests": several}).encode(), kind + "index.v1+json")
        else:
            found = manifest(image)
        entries.append({**found, "annotations": {"org.opencontainers.image.ref.name": tag}})
    with open(os.path.join(path, "oci-layout"), "w", encoding="utf-8") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')
    with open(os.path.join(path, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"schemaVersion": 2, "manifests": entries}, file)
    return path


def docker_archive(path, name, image):
    """What `docker save NAME` writes."""
    config = image.configuration()
    config_name = digest(config)[len("sha256:"):] + ".json"
    names = [digest(tar)[len("sha256:"):] + "/layer.tar" for tar in image.layers]
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": names}]
    parts = {config_name: config, **dict(zip(names, image.layers)), "manifest.json": json.dumps(manifest).encode()}
    with open(path, "wb") as file:
        file.write(layer(parts))
    return path
