#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dump_tree.py DIRECTORY: prints all that can be seen of a tree, one JSON object a line, sorted by path."""

import hashlib
import json
import os
import stat
import sys

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFCHR: "character device",
         stat.S_IFBLK: "block device", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}


def content_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else \
            hashlib.sha256(file.read()).hexdigest()


def attributes_of(path):
    """All but those of overlay, which are how a tree is kept, not what it is."""
    found = {}
    for name in os.listxattr(path, follow_symlinks=False):
        if not name.startswith(("trusted.overlay.", "user.overlay.")):
            found[name] = os.getxattr(path, name, follow_symlinks=False).hex()
    return found


def describe(path):
    seen = os.lstat(path)
    kind = KINDS[stat.S_IFMT(seen.st_mode)]
    facts = {"kind": kind, "mode": oct(stat.S_IMODE(seen.st_mode)), "uid": seen.st_uid, "gid": seen.st_gid,
             "mtime": seen.st_mtime_ns, "xattrs": attributes_of(path)}
    if kind == "file":
        facts |= {"size": seen.st_size, "content": content_of(path), "sparse": seen.st_blocks * 512 < seen.st_size}
    elif kind == "link":
        facts["target"] = os.readlink(path)
    elif kind.endswith("device"):
        facts["device"] = [os.major(seen.st_rdev), os.minor(seen.st_rdev)]
    return facts, (seen.st_dev, seen.st_ino)


def walk(directory):
    yield directory
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if os.path.isdir(path) and not os.path.islink(path):
            yield from walk(path)
        else:
            yield path


def main(root):
    first = {}
    for path in walk(root):
        facts, identity = describe(path)
        name = os.path.relpath(path, root)
        if facts["kind"] != "directory":
            facts["same as"] = first.setdefault(identity, name)  # hard links of one file name the first of them
        print(json.dumps({"path": name, **facts}))


if __name__ == "__main__":
    main(sys.argv[1])
