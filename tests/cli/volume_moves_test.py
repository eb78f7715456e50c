#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""volume export, import, rename, cp and adopt; the volumes of real engines."""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import time

from command_line import DUNNAGE, PATIENCE, CommandLineTest, is_root, main
from oci_image import has_static_busybox


class VolumeMoves(CommandLineTest):
    def path(self, name):
        return os.path.join(self.directory, name)

    def setUp(self):
        super().setUp()
        self.succeed("run", "--host", "--rm", "-v", "data:/data", "sh", "-c", "mkdir /data/d; echo one > /data/d/f")

    def read(self, volume):
        return self.succeed("run", "--host", "--rm", "-v", f"{volume}:/data", "cat", "/data/d/f")

    def test_a_volume_goes_to_a_file_and_comes_back(self):
        for name in ("a.tar", "a.tar.gz", "a.tar.zst"):
            digest = self.succeed("volume", "export", "data", self.path(name)).strip()
            with open(self.path(name), "rb") as file:
                self.assertEqual(digest, "sha256:" + hashlib.sha256(file.read()).hexdigest())
            self.assertEqual(self.succeed("volume", "import", "--digest", digest, name, self.path(name)), f"{name}\n")
            self.assertEqual(self.read(name), "one\n")
        with tarfile.open(self.path("a.tar.gz")) as archive:
            self.assertEqual(archive.getnames(), [".", "d", "d/f"])
        self.assertIn("choose another name", self.fail_with(1, "volume", "import", "a.tar", self.path("a.tar")))

    def test_a_volume_goes_through_a_pipe(self):
        with subprocess.Popen([DUNNAGE, "volume", "export", "data", "-"], env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as out:
            done = subprocess.run([DUNNAGE, "volume", "import", "--label", "a=b", "again", "-"], env=self.environment,
                                  stdin=out.stdout, capture_output=True, text=True, timeout=PATIENCE, check=True)
        self.assertEqual(done.stdout, "again\n")
        self.assertEqual(self.read("again"), "one\n")
        (volume,) = json.loads(self.succeed("volume", "inspect", "again"))
        self.assertEqual(volume["Labels"], {"a": "b"})

    def test_a_new_volume_is_seeded_once(self):
        self.succeed("volume", "export", "data", self.path("a.tar.zst"))
        os.makedirs(self.path("tree/d"))
        with open(self.path("tree/d/f"), "w", encoding="ascii") as file:
            file.write("one\n")
        self.succeed("volume", "snapshot", "create", "data", "then")
        for name, seed in (("a", "tar=" + self.path("a.tar.zst")), ("b", "dir=" + self.path("tree")),
                           ("c", "snapshot=data@then")):
            self.assertEqual(self.succeed("volume", "create", "--seed", seed, name), f"{name}\n")
            self.assertEqual(self.read(name), "one\n")
        self.succeed("run", "--host", "--rm", "-v", "a:/data", "sh", "-c", "echo two > /data/d/f")
        self.succeed("volume", "create", "--seed", "tar=" + self.path("a.tar.zst"), "a")
        self.assertEqual(self.read("a"), "two\n")
        self.assertIn("write dir=PATH, tar=FILE", self.fail_with(1, "volume", "create", "--seed", "a.tar", "new"))
        self.assertIn("[ENOENT]", self.fail_with(1, "volume", "create", "--seed", "tar=" + self.path("none"), "new"))
        self.assertNotIn("new", self.lines("volume", "ls", "-q"))

    def test_an_import_replaces_what_nobody_uses(self):
        self.succeed("volume", "export", "data", self.path("a.tar"))
        self.succeed("run", "--host", "--rm", "-v", "data:/data", "sh", "-c", "echo two > /data/d/f")
        self.succeed("volume", "import", "--replace", "data", self.path("a.tar"))
        self.assertEqual(self.read("data"), "one\n")

    def test_an_export_of_a_volume_in_use_says_so(self):
        self.detached("--name", "box", "-v", "data:/data", "sleep", "1000")
        result = self.dunnage("volume", "export", "data", self.path("a.tar"))
        self.assertEqual(result.returncode, 0)
        self.assertIn("was in use", result.stderr)

    def test_a_volume_is_renamed_while_it_is_used(self):
        self.detached("--name", "box", "-v", "data:/data", "sleep", "1000")
        self.assertEqual(self.succeed("volume", "rename", "data", "new"), "new\n")
        self.assertEqual(self.succeed("exec", "box", "cat", "/data/d/f"), "one\n")
        self.assertEqual(self.inspected("box")["Mounts"][0]["Name"], "new")
        self.succeed("restart", "-t", "0", "box")
        self.assertEqual(self.succeed("exec", "box", "cat", "/data/d/f"), "one\n")
        self.assertEqual(self.lines("volume", "ls", "-q"), ["new"])

    def test_a_volume_is_copied_here_and_to_another_store(self):
        self.assertEqual(self.succeed("volume", "cp", "data", "copy"), "copy\n")
        self.assertEqual(self.read("copy"), "one\n")
        self.succeed("volume", "cp", "--to", self.path("other"), "data", "data")
        self.assertEqual(self.lines("volume", "ls", "-q", "--store", self.path("other")), ["data"])

    def test_volumes_of_an_engine_are_listed_and_adopted(self):
        os.makedirs(self.path("docker/theirs/_data/d"))
        with open(self.path("docker/theirs/_data/d/f"), "w", encoding="utf-8") as file:
            file.write("theirs\n")
        self.assertIn("theirs", self.succeed("volume", "adopt", "--from", self.path("docker")))
        self.assertEqual(self.succeed("volume", "adopt", "--from", self.path("docker"), "theirs"), "theirs\n")
        self.assertEqual(self.read("theirs"), "theirs\n")
        self.succeed("volume", "adopt", "--from", self.path("docker"), "--copy", "--as", "mine", "--inspect", "-",
                     "theirs", stdin=json.dumps([{"Name": "theirs", "Labels": {"a": "b"}}]))
        (volume,) = json.loads(self.succeed("volume", "inspect", "mine"))
        self.assertEqual((volume["Labels"], volume["Options"] or {}), ({"a": "b"}, {}))


class EngineTest(CommandLineTest):
    """A volume the real engine made is used by both, and a copy of it by us alone."""

    program = ""

    def setUp(self):
        super().setUp()
        if not shutil.which(self.program):
            self.skipTest(f"there is no {self.program}")
        if not is_root():
            self.skipTest(f"{self.program} wants root, or a session of its own, which a test has not")

    def tool(self, *words):
        result = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=4 * PATIENCE, check=False)
        self.assertEqual(result.returncode, 0, f"{words}: {result.stdout}{result.stderr}")
        return result.stdout

    def share(self, engine, volumes):
        """`engine` runs a word of its command line."""
        engine("volume", "create", "--label", "app=shop", "data")
        inspected = engine("volume", "inspect", "data")
        theirs = os.path.join(json.loads(inspected)[0]["Mountpoint"], "f")
        with open(theirs, "w", encoding="utf-8") as file:
            file.write("theirs\n")
        self.assertEqual(os.path.dirname(os.path.dirname(os.path.dirname(theirs))), volumes)
        self.succeed("volume", "adopt", "--from", volumes, "--inspect", inspected, "data")
        self.succeed("volume", "adopt", "--from", volumes, "--copy", "--as", "copy", "data")
        (ours,) = json.loads(self.succeed("volume", "inspect", "data"))
        self.assertEqual(ours["Labels"], {"app": "shop"})
        for name in ("data", "copy"):
            self.assertEqual(self.succeed("run", "--host", "--rm", "-v", f"{name}:/data", "sh", "-c",
                                          f"cat /data/f; echo {name} > /data/g"), "theirs\n")
        return os.path.join(os.path.dirname(theirs), "g")

    def part(self, engine, ours):
        """Ours goes, and theirs stays."""
        self.succeed("volume", "rm", "data")
        with open(ours, encoding="utf-8") as file:
            self.assertEqual(file.read(), "data\n")
        self.assertIn("data", engine("volume", "ls", "-q").split())
        engine("volume", "rm", "data")
        self.assertFalse(os.path.exists(ours))
        self.assertEqual(self.succeed("run", "--host", "--rm", "-v", "copy:/data", "cat", "/data/g"), "copy\n")


class PodmanAdoption(EngineTest):
    program = "podman"

    def podman(self, *words):
        """In a mount namespace of its own, where it leaves nothing in /run that other users cannot enter."""
        storage = os.path.join(self.directory, "containers", "storage")
        unified = ("test -e /sys/fs/cgroup/cgroup.controllers || "
                   "mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup || true")
        return self.tool("unshare", "-m", "sh", "-c", f'mount -t tmpfs tmpfs /run; {unified}; exec "$@"', "sh", "podman",
                         "--storage-driver=vfs", "--root", storage, "--runroot", os.path.join(self.directory, "run"),
                         *words)

    def test_a_volume_of_podman_is_used_by_both(self):
        ours = self.share(self.podman, os.path.join(self.directory, "containers", "storage", "volumes"))
        root = os.path.join(self.directory, "root")
        for name in ("proc", "sys", "dev", "usr", "etc", "tmp", "run"):
            os.makedirs(os.path.join(root, name))
        for name in ("bin", "sbin", "lib", "lib32", "lib64"):
            if os.path.islink(os.path.join("/", name)):
                os.symlink(os.readlink(os.path.join("/", name)), os.path.join(root, name))
        self.assertEqual(
            self.podman("run", "--rm", "--network=none", "--cgroups=disabled", "--ulimit=nofile=1024:1024",
                        "--ulimit=nproc=1024:1024", "-v", "/usr:/usr:ro", "-v", "data:/data", "--rootfs", root, "sh",
                        "-c", "cat /data/f /data/g"), "theirs\ndata\n")
        self.part(self.podman, ours)


class DockerAdoption(EngineTest):
    program = "dockerd"

    def setUp(self):
        super().setUp()
        if not shutil.which("docker"):
            self.skipTest("there is no docker")
        self.socket = "unix://" + os.path.join(self.directory, "docker.sock")
        with open(os.path.join(self.directory, "dockerd.log"), "wb") as log:
            daemon = subprocess.Popen(
                ["dockerd", "-H", self.socket, "--data-root", os.path.join(self.directory, "docker"), "--exec-root",
                 os.path.join(self.directory, "exec"), "--pidfile", os.path.join(self.directory, "docker.pid"),
                 "--iptables=false", "--ip6tables=false", "--bridge=none", "--exec-opt",
                 "native.cgroupdriver=cgroupfs"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(["docker", "-H", self.socket, "info"], capture_output=True, check=False).returncode != 0:
            if daemon.poll() is not None or time.monotonic() > deadline:
                self.skipTest("dockerd does not start here")
            time.sleep(0.2)

    def docker(self, *words):
        return self.tool("docker", "-H", self.socket, *words)

    def import_busybox(self):
        """An image of one program, without a registry."""
        root = os.path.join(self.directory, "root")
        os.makedirs(os.path.join(root, "bin"))
        shutil.copy(shutil.which("busybox"), os.path.join(root, "bin"))
        for name in ("sh", "cat"):
            os.symlink("busybox", os.path.join(root, "bin", name))
        archive = os.path.join(self.directory, "root.tar")
        with tarfile.open(archive, "w") as tar:
            tar.add(root, ".")
        self.docker("import", archive, "busybox:here")

    def run_theirs(self, *words):
        return self.docker("run", "--rm", "--network=none", *words)

    def test_a_volume_of_docker_is_used_by_both(self):
        ours = self.share(self.docker, os.path.join(self.directory, "docker", "volumes"))
        if has_static_busybox():
            self.import_busybox()
            self.assertEqual(self.run_theirs("-v", "data:/data", "busybox:here", "sh", "-c",
                                             "cat /data/f /data/g; echo more >> /data/f"), "theirs\ndata\n")
            self.assertEqual(self.succeed("run", "--host", "--rm", "-v", "data:/data", "cat", "/data/f"),
                             "theirs\nmore\n")
        self.part(self.docker, ours)


if __name__ == "__main__":
    main()
