#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images of other tools, and other tools on our store.

Images that umoci and buildah write, and skopeo converts, are loaded; the tree a container sees equals what
`umoci unpack` makes of them, file by file. umoci, skopeo and podman read what the store keeps.
"""

import json
import os
import shutil
import struct
import subprocess
import tarfile
import unittest

import command_line
from command_line import CommandLineTest, has_range, is_root, main
from oci_image import Image, directory, entry, layer, write_layout

DUMP = os.path.join(os.path.dirname(command_line.__file__), "dump_tree.py")
# cap_net_bind_service+ep
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)


def needs(*tools):
    absent = [tool for tool in tools if not shutil.which(tool)]
    return unittest.skipIf(absent, f"there is no {' and no '.join(absent)}")


def capability(name):
    """libarchive's and Docker's way to keep an attribute in a tar."""
    return {f"SCHILY.xattr.{name}": CAPABILITY.decode("utf-8", "surrogateescape")}


def rich_layers(devices):
    """Three layers with everything a tar of an image may hold."""
    lowest = [
        (None, directory("bin", mtime=1600000000)), (entry("bin/tool", mode=0o4755), b"#!/bin/sh\n"),
        (None, entry("bin/alias", kind=tarfile.LNKTYPE, mode=0o4755, link="bin/tool")),
        (entry("bin/capable", mode=0o755, pax=capability("security.capability")), b"capable"),
        (None, entry("bin/link", kind=tarfile.SYMTYPE, mode=0o777, link="../etc/app", mtime=1600000001)),
        (None, directory("etc", uid=0, gid=5)), (None, directory("etc/app", uid=1000, gid=1001, mode=0o2750)),
        (entry("etc/app/conf", uid=1000, gid=1001, mode=0o640), b"a = 1\n"),
        (entry("etc/app/old", uid=1000), b"old"), (None, directory("tmp", mode=0o1777)),
        (None, directory("cache")), (entry("cache/one"), b"1"), (None, directory("cache/deep")),
        (entry("cache/deep/two"), b"2"), (None, directory("gone")), (entry("gone/file"), b"x"),
        (None, entry("pipe", kind=tarfile.FIFOTYPE, mode=0o600)), (entry("kind"), b"a file that becomes a directory"),
        (None, directory("turn")), (entry("turn/inner"), b"a directory that becomes a link"),
        (entry("attributes", pax={"SCHILY.xattr.user.colour": "blue", "mtime": "1600000002.123456789"}), b"x"),
        (None, directory("names")), (entry("names/" + "long-" * 30 + "name"), b"long"),
        (entry("names/w\xf6rter \u2713"), b"unicode"),
    ]
    if devices:
        null = entry("null", kind=tarfile.CHRTYPE, mode=0o666)
        null.devmajor, null.devminor = 1, 3
        lowest.append((None, null))
    middle = [
        (None, directory("etc/app", uid=1000, gid=1001, mode=0o2755)),
        (entry("etc/app/conf", uid=1000, gid=1001, mode=0o600), b"a = 2\n"), (entry("etc/app/.wh.old"), b""),
        (entry(".wh.gone"), b""), (None, directory("cache", mode=0o700)), (entry("cache/.wh..wh..opq"), b""),
        (entry("cache/new"), b"new"), (entry(".wh.kind"), b""), (None, directory("kind")), (entry("kind/file"), b"now"),
        (entry(".wh.turn"), b""),
    ]
    top = [
        (None, directory("gone", uid=7, gid=8, mtime=1600000003)), (entry("gone/again"), b"back"),
        (None, entry("turn", kind=tarfile.SYMTYPE, mode=0o777, link="etc")), (entry("cache/one"), b"another one"),
        (None, entry("cache/hard", kind=tarfile.LNKTYPE, link="cache/one")),
    ]
    return [layer(lowest), layer(middle), layer(top)]


class InteroperabilityTest(CommandLineTest):
    root = []

    def tool(self, *words, **keywords):
        """Runs a program of somebody else's, which has to succeed."""
        result = subprocess.run(words, capture_output=True, text=True, check=False, **keywords)
        self.assertEqual(result.returncode, 0, f"{' '.join(words)}: {result.stdout}{result.stderr}")
        return result.stdout

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def in_namespace(self, *words):
        """Runs a program as root, be it of a user namespace."""
        if is_root():
            return self.tool(*words)
        ranges = ["--map-auto"] if has_range() else []
        return self.tool("unshare", "--user", "--map-root-user", *ranges, *words)

    def rich_layout(self):
        os.mkdir(self.path("rich"))
        return write_layout(self.path("rich"), {"latest": Image(rich_layers(is_root()), {"Cmd": ["x"]})})

    def our_tree(self, name):
        """What a container sees of the image."""
        out = self.succeed("run", "--rm", "--host", "-v", f"{DUMP}:/dump_tree.py:ro",
                           "--mount", f"type=image,source={name},target=/image", "python3", "/dump_tree.py", "/image")
        return self.parsed(out)

    def umoci_tree(self, layout, tag="latest"):
        """What umoci makes of the image."""
        self.addCleanup(self.in_namespace, "rm", "-rf", self.path("bundle"))
        script = 'umoci unpack --image "$1" "$2" && exec python3 "$3" "$2/rootfs"'
        if not is_root() and not has_range():
            script = script.replace("unpack", "unpack --rootless")
        out = self.in_namespace("sh", "-c", script, "sh", f"{layout}:{tag}", self.path("bundle"), DUMP)
        self.in_namespace("rm", "-rf", self.path("bundle"))
        return self.parsed(out)

    def parsed(self, out):
        tree = {}
        for line in out.splitlines():
            facts = json.loads(line)
            facts.pop("sparse", None)
            if not is_root() and not has_range():
                # With one id nobody else can own anything; umoci keeps what it could not do in an attribute.
                for name in ("uid", "gid"):
                    facts.pop(name)
                facts["xattrs"].pop("user.rootlesscontainers", None)
                facts["xattrs"].pop("security.capability", None)  # it would be worth something in that namespace only
            tree[facts.pop("path")] = facts
        tree["."].pop("mtime")  # that of the directory it was unpacked into, where no layer says one
        return tree

    def assert_same_tree(self, name, layout, tag="latest"):
        ours, theirs = self.our_tree(name), self.umoci_tree(layout, tag)
        self.assertEqual(sorted(ours), sorted(theirs))
        for path, facts in theirs.items():
            self.assertEqual(ours[path], facts, path)


@needs("umoci")
class ImagesOfUmoci(InteroperabilityTest):
    def test_everything_a_layer_may_hold(self):
        layout = self.rich_layout()
        self.succeed("load", "-i", layout, "--name", "rich")
        tree = self.our_tree("rich")
        self.assertEqual(tree["bin/alias"]["same as"], tree["bin/tool"]["same as"])
        self.assertNotIn("cache/deep", tree)
        self.assertEqual(tree["bin/tool"]["mode"], "0o4755")
        self.assert_same_tree("rich", layout)

    def test_layers_that_umoci_makes(self):
        image = self.path("layout") + ":latest"
        self.tool("umoci", "init", "--layout", self.path("layout"))
        self.tool("umoci", "new", "--image", image)
        os.makedirs(self.path("content", "inner"))
        for name in ("kept", "removed", "inner/old"):
            with open(self.path("content", name), "w", encoding="utf-8") as file:
                file.write(name)
        os.link(self.path("content", "kept"), self.path("content", "hard"))
        os.chmod(self.path("content", "kept"), 0o2755)
        with open(self.path("content", "sparse"), "wb") as file:
            file.seek(16 << 20)
            file.write(b"end")
        rootless = [] if is_root() else ["--rootless"]
        self.tool("umoci", "insert", *rootless, "--image", image, self.path("content"), "/srv")
        self.tool("umoci", "insert", "--image", image, "--whiteout", "/srv/removed")
        self.tool("umoci", "insert", *rootless, "--image", image, "--opaque", self.path("content", "inner"),
                  "/srv/inner")
        self.succeed("load", "-i", self.path("layout"), "--name", "umoci")
        self.assertNotIn("srv/removed", self.our_tree("umoci"))
        self.assert_same_tree("umoci", self.path("layout"))

    def test_the_same_changes_repacked(self):
        if not is_root():
            self.skipTest("umoci repack wants root")
        layout = self.rich_layout()
        self.tool("umoci", "unpack", "--image", f"{layout}:latest", self.path("work"))
        root = self.path("work", "rootfs")
        os.remove(os.path.join(root, "attributes"))
        shutil.rmtree(os.path.join(root, "etc"))
        os.mkdir(os.path.join(root, "etc"), 0o711)
        os.chown(os.path.join(root, "cache/new"), 42, 43)
        self.tool("umoci", "repack", "--image", f"{layout}:repacked", self.path("work"))
        shutil.rmtree(self.path("work"))
        self.tool("skopeo", "copy", "--insecure-policy", f"oci:{layout}:repacked", f"oci:{self.path('one')}:latest")
        self.succeed("load", "-i", self.path("one"), "--name", "repacked")
        self.assert_same_tree("repacked", self.path("one"))


@needs("skopeo", "umoci")
class ImagesOfSkopeo(InteroperabilityTest):
    def test_every_format_that_skopeo_makes_of_an_image_is_that_image(self):
        layout = self.rich_layout()
        self.succeed("load", "-i", layout, "--name", "original")
        original = self.our_tree("original")
        for name, words in (("oci-archive", ["oci-archive:{path}:latest"]),
                            ("docker-archive", ["docker-archive:{path}:saved:1"]),
                            ("zstd", ["--dest-compress-format", "zstd", "--dest-compress", "oci:{path}:latest"]),
                            ("plain", ["--dest-decompress", "oci:{path}:latest"]),
                            ("docker-manifest", ["--format", "v2s2", "dir:{path}"])):
            path = self.path(name)
            words = [word.format(path=path) for word in words]
            self.tool("skopeo", "copy", "--insecure-policy", *words[:-1], f"oci:{layout}:latest", words[-1])
            if name == "docker-manifest":  # no format of ours; the way back makes a layout of it
                self.tool("skopeo", "copy", "--insecure-policy", f"dir:{path}", f"oci:{path}-back:latest")
                path += "-back"
            self.succeed("load", "-i", path, "--name", name)
            loaded = "saved:1" if name == "docker-archive" else name
            self.assertEqual(self.our_tree(loaded), original, name)


@needs("buildah", "umoci", "skopeo")
class ImagesOfBuildah(InteroperabilityTest):
    def buildah(self, *words):
        return self.tool("buildah", "--root", self.path("storage"), "--runroot", self.path("run"), "--storage-driver",
                         "vfs", *words).strip()

    def test_layers_that_buildah_commits(self):
        if not is_root():
            self.skipTest("buildah wants root, or a session of its own, which a test has not")
        container = self.buildah("from", "scratch")
        root = self.buildah("mount", container)
        for name in ("etc", "srv/inner", "var"):
            os.makedirs(os.path.join(root, name))
        for name in ("etc/conf", "srv/inner/old", "srv/removed", "var/data"):
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(name)
        os.link(os.path.join(root, "etc/conf"), os.path.join(root, "var/hard"))
        os.chown(os.path.join(root, "srv"), 1000, 1001)
        os.chmod(os.path.join(root, "var/data"), 0o4711)
        os.setxattr(os.path.join(root, "var/data"), "user.colour", b"blue")
        os.setxattr(os.path.join(root, "etc/conf"), "security.capability", CAPABILITY)
        os.symlink("../etc/conf", os.path.join(root, "var/link"))
        self.buildah("commit", container, "first")
        container = self.buildah("from", "--pull-never", "localhost/first")
        root = self.buildah("mount", container)
        os.remove(os.path.join(root, "srv/removed"))
        shutil.rmtree(os.path.join(root, "srv/inner"))
        os.mkdir(os.path.join(root, "srv/inner"))
        with open(os.path.join(root, "srv/inner/new"), "w", encoding="utf-8") as file:
            file.write("new")
        self.buildah("config", "--cmd", "/bin/x", "--volume", "/data", "--env", "A=1", container)
        self.buildah("commit", container, "second")
        self.buildah("push", "localhost/second", f"oci:{self.path('layout')}:latest")
        self.succeed("load", "-i", self.path("layout"), "--name", "buildah")
        tree = self.our_tree("buildah")
        self.assertIn("srv/inner/new", tree)
        self.assertNotIn("srv/inner/old", tree)
        self.assert_same_tree("buildah", self.path("layout"))
        (image,) = json.loads(self.succeed("image", "inspect", "buildah"))
        self.assertEqual((list(image["Config"]["Volumes"]), len(image["RootFS"]["Layers"])), (["/data"], 2))
        self.buildah("push", "localhost/second", f"docker-archive:{self.path('archive')}:buildah:2")
        self.assertIn("Loaded image: buildah:2\n", self.succeed("load", "-i", self.path("archive")))


class OurStore(InteroperabilityTest):
    """What others make of <store>/images."""

    def setUp(self):
        super().setUp()
        self.layout = self.rich_layout()
        self.succeed("load", "-i", self.layout, "--name", "rich:1")
        self.images = os.path.join(self.store, "images")
        self.name = "docker.io/library/rich:1"

    @needs("umoci")
    def test_umoci_reads_it(self):
        self.assertIn(self.name, self.tool("umoci", "ls", "--layout", self.images).split())

    @needs("skopeo")
    def test_skopeo_reads_it(self):
        (ours,) = json.loads(self.succeed("image", "inspect", "rich:1"))
        seen = json.loads(self.tool("skopeo", "inspect", f"oci:{self.images}:{self.name}"))
        self.assertEqual(len(seen["Layers"]), 3)
        config = json.loads(self.tool("skopeo", "inspect", "--config", f"oci:{self.images}:{self.name}"))
        self.assertEqual(config["rootfs"]["diff_ids"], ours["RootFS"]["Layers"])

    @needs("skopeo", "umoci")
    def test_what_skopeo_copies_out_of_it_unpacks_to_the_same_tree(self):
        self.tool("skopeo", "copy", "--insecure-policy", f"oci:{self.images}:{self.name}",
                  f"oci:{self.path('copied')}:latest")
        stat = json.loads(self.tool("umoci", "stat", "--json", "--image", self.path("copied") + ":latest"))
        self.assertEqual(len(stat["history"]), 3)
        self.assert_same_tree("rich:1", self.path("copied"))

    @needs("podman", "skopeo")
    def test_podman_takes_it(self):
        if not is_root():
            self.skipTest("podman wants root, or a session of its own, which a test has not")
        podman = ["podman", "--root", self.path("podman"), "--runroot", self.path("podman-run"), "--storage-driver",
                  "vfs", "--events-backend", "file", "--cgroup-manager", "cgroupfs"]
        self.tool("skopeo", "copy", "--insecure-policy", f"oci:{self.images}:{self.name}",
                  f"oci-archive:{self.path('archive')}:{self.name}")
        self.assertIn("rich", self.tool(*podman, "load", "-i", self.path("archive")))
        (seen,) = json.loads(self.tool(*podman, "image", "inspect", "rich:1"))
        (ours,) = json.loads(self.succeed("image", "inspect", "rich:1"))
        self.assertEqual((seen["Id"], seen["RootFS"]["Layers"]), (ours["Id"][7:], ours["RootFS"]["Layers"]))
        mounted = self.tool(*podman, "image", "mount", "rich:1").strip()
        theirs = self.parsed(self.tool("python3", DUMP, mounted))
        self.tool(*podman, "image", "unmount", "rich:1")
        ours = self.our_tree("rich:1")
        theirs["."].pop("mode")  # 0555 to podman, where no layer says one
        ours["."].pop("mode")
        self.assertEqual(sorted(ours), sorted(theirs))
        for path, facts in theirs.items():
            if facts["kind"] == "directory":  # podman leaves it the time of unpacking, where a layer only adds to it
                facts.pop("mtime", None)
                ours[path].pop("mtime", None)
            self.assertEqual(ours[path], facts, path)


if __name__ == "__main__":
    main()
