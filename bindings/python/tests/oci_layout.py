# SPDX-License-Identifier: Apache-2.0
"""Images made by hand, as an OCI layout in a directory or as a plain tar."""

import hashlib
import io
import json
import tarfile


def tar_of(files):
    """A tar of {"bin/": None, "bin/tool": b"text", "link": "target"}: directories, files and links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.mode = 0o755
            entry.mtime = 1_700_000_000
            if content is None:
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content if isinstance(content, bytes) else b""))
    return buffer.getvalue()


def write_layout(path, name, layers, config=None):
    """An OCI layout of one image. `layers`: what tar_of() takes, the lowest first. Returns the path."""
    blobs = path / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def add(media_type, content):
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": "sha256:" + digest,
                "size": len(content)}

    parts = [add("layer.v1.tar", tar_of(layer)) for layer in layers]
    configuration = {"os": "linux", "architecture": "amd64", "created": "2023-11-14T22:13:20Z", "config": config or {},
                     "rootfs": {"type": "layers", "diff_ids": [part["digest"] for part in parts]}}
    manifest = {"schemaVersion": 2, "config": add("config.v1+json", json.dumps(configuration).encode()),
                "layers": parts}
    entry = add("manifest.v1+json", json.dumps(manifest).encode())
    entry["annotations"] = {"org.opencontainers.image.ref.name": name}
    (path / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return path
