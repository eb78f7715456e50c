#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images on the command line: `dunnage image`, `run IMAGE`, `cp`, `diff`, with small images made on the fly.

    DUNNAGE=build/examples/cli/dunnage PYTHONPATH=tests/cli python3 tests/cli/image_test.py [CLASS[.test]...]
"""

import io
import json
import os
import subprocess
import tarfile
import unittest

from command_line import DUNNAGE, PATIENCE, CommandLineTest, main
from oci_image import (ARCHITECTURE, Image, busybox_layer, directory, docker_archive, entry, has_static_busybox, layer,
                       write_layout)


@unittest.skipUnless(has_static_busybox(), "there is no static busybox; install busybox-static")
class ImageTest(CommandLineTest):
    """The store of a test holds the image `base`: busybox."""

    root = []

    def setUp(self):
        super().setUp()
        self.base = Image([busybox_layer()], {"Cmd": ["sh"]})
        self.load("base", self.base)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def layout(self, images):
        path = self.path(f"layout-{len(os.listdir(self.directory))}")
        os.mkdir(path)
        return write_layout(path, images)

    def load(self, name, image):
        return self.succeed("image", "load", "-i", self.layout({"latest": image}), "--name", name)

    def load_upon_base(self, name, files, config=None):
        image = Image([*self.base.layers, layer(files)], config or {"Cmd": ["sh"]})
        self.load(name, image)
        return image

    def run_sh(self, name, script, *options):
        return self.succeed("run", "--rm", *options, name, "sh", "-c", script)


class ImageSources(ImageTest):
    def test_a_layout_is_loaded_by_its_directory_and_named(self):
        layout = self.layout({"latest": Image([layer({"a": "1"})])})
        out = self.succeed("image", "load", "-i", layout, "--name", "one:2")
        self.assertEqual(out, "Loaded image: one:2\n")
        self.assertEqual(self.lines("images", "one", "--format", "json")[0].count('"Tag":"2"'), 1)

    def test_an_archive_of_docker_save_is_loaded_from_a_file_and_from_standard_input(self):
        image = Image([layer({"a": "1"})])
        archive = docker_archive(self.path("saved.tar"), "saved:1", image)
        self.assertEqual(self.succeed("load", "-i", archive), "Loaded image: saved:1\n")
        self.assertIn("Deleted: " + image.id, self.succeed("rmi", "saved:1"))
        with open(archive, "rb") as file:
            result = subprocess.run([DUNNAGE, "load"], stdin=file, capture_output=True, env=self.environment,
                                    timeout=PATIENCE, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, b"Loaded image: saved:1\n"), result.stderr)

    def test_a_layout_in_a_compressed_tar_is_loaded(self):
        layout = self.layout({"latest": Image([layer({"a": "1"})])})
        with tarfile.open(self.path("layout.tar.gz"), "w:gz") as tar:
            tar.add(layout, arcname=".")
        self.assertIn("packed", self.succeed("load", "--name", "packed", "-i", self.path("layout.tar.gz")))

    def test_the_platform_of_an_index_can_be_chosen(self):
        here, there = Image([layer({"a": "here"})]), Image([layer({"a": "there"})], architecture="s390x")
        layout = self.layout({"latest": [here, there]})
        self.succeed("load", "-i", layout, "--name", "both")
        self.assertEqual(self.described("both")["Id"], here.id)
        self.succeed("load", "-i", layout, "--name", "both", "--platform", "linux/s390x")
        self.assertEqual(self.described("both")["Architecture"], "s390x")
        self.fail_with(1, "load", "-i", layout, "--platform", "linux/riscv64")
        self.fail_with(1, "load", "-i", layout, "--platform", "///")

    def described(self, name):
        (image,) = json.loads(self.succeed("image", "inspect", name))
        return image

    def test_a_root_file_system_is_imported_from_a_tar_a_directory_and_standard_input(self):
        with open(self.path("root.tar"), "wb") as file:
            file.write(busybox_layer())
        changes = ["-c", 'CMD ["echo", "changed"]', "-c", "ENV A=1 B=2", "-c", "WORKDIR /srv", "-c", "LABEL app=shop",
                   "--change", "VOLUME /data", "-c", "EXPOSE 80/tcp", "-c", "STOPSIGNAL SIGINT"]
        identifier = self.succeed("image", "import", *changes, self.path("root.tar"), "imported:1").strip()
        image = self.described("imported:1")
        self.assertEqual((image["Id"], image["RepoTags"]), (identifier, ["imported:1"]))
        config = image["Config"]
        self.assertEqual((config["Cmd"], config["WorkingDir"], config["Labels"], config["StopSignal"]),
                         (["echo", "changed"], "/srv", {"app": "shop"}, "SIGINT"))
        self.assertEqual((list(config["Volumes"]), list(config["ExposedPorts"])), (["/data"], ["80/tcp"]))
        self.assertEqual(self.succeed("run", "--rm", "imported:1"), "changed\n")
        self.assertEqual(self.run_sh("imported:1", "pwd; echo $A$B"), "/srv\n12\n")

        os.makedirs(self.path("root", "etc"))
        with open(self.path("root", "etc", "motd"), "w", encoding="utf-8") as file:
            file.write("hello\n")
        self.succeed("import", self.path("root"), "plain")
        with open(self.path("root.tar"), "rb") as file:
            result = subprocess.run([DUNNAGE, "import", "-", "piped"], input=file.read(), capture_output=True,
                                    env=self.environment, timeout=PATIENCE, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.succeed("run", "--rm", "piped", "echo", "x"), "x\n")
        self.assertIn("CMD", self.fail_with(1, "import", "-c", "FROM x", self.path("root.tar"), "bad"))
        self.fail_with(1, "import", "-c", "CMD", self.path("root.tar"), "bad")
        self.fail_with(1, "import", self.path("absent.tar"), "bad")

    def test_what_is_no_image_is_refused_and_leaves_nothing(self):
        before = self.lines("image", "ls", "-q")
        for name, content in (("text", b"this is no archive"), ("empty", b"")):
            with open(self.path(name), "wb") as file:
                file.write(content)
            self.fail_with(1, "load", "-i", self.path(name))
        changed = self.layout({"latest": Image([layer({"a": "1"})])})
        blobs = os.path.join(changed, "blobs", "sha256")
        for name in os.listdir(blobs):
            with open(os.path.join(blobs, name), "r+b") as file:
                file.seek(os.path.getsize(file.name) // 2)
                file.write(b"#")
        self.fail_with(1, "load", "-i", changed, "--name", "changed")
        self.fail_with(1, "load", "-i", self.path("absent"))
        self.assertEqual(self.lines("image", "ls", "-q"), before)


class ImageList(ImageTest):
    def test_images_are_listed_as_docker_lists_them(self):
        self.assertEqual(self.lines("image", "ls")[0].split("  ")[0], "REPOSITORY")
        row = self.lines("images")[1]
        self.assertRegex(row, r"\Abase +latest +[0-9a-f]{12} +.* ago +[0-9.]+[kM]B\Z")
        self.assertEqual(self.lines("image", "ls", "-q", "--no-trunc"), [self.base.id])
        self.assertEqual(self.lines("images", "-q", "absent"), [])
        (row,) = (json.loads(line) for line in self.lines("images", "base:latest", "--format", "json"))
        self.assertEqual((row["Repository"], row["Tag"], row["ID"]), ("base", "latest", self.base.id[7:19]))
        self.assertIn("sha256:", self.lines("images", "--digests")[1])

    def test_filters(self):
        self.load_upon_base("labelled", {"a": "1"}, {"Labels": {"app": "shop"}})
        for wanted, names in (("label=app", ["labelled"]), ("label=app=shop", ["labelled"]), ("label=app=x", []),
                              ("dangling=true", []), ("dangling=false", ["base", "labelled"])):
            rows = [json.loads(line) for line in self.lines("images", "-f", wanted, "--format", "json")]
            self.assertEqual(sorted(row["Repository"] for row in rows), names, wanted)
        self.fail_with(1, "images", "--filter", "size=1")

    def test_inspect_has_dockers_fields(self):
        (image,) = json.loads(self.succeed("image", "inspect", "base"))
        self.assertEqual((image["Id"], image["RepoTags"], image["Os"]), (self.base.id, ["base:latest"], "linux"))
        self.assertEqual(image["Config"]["Cmd"], ["sh"])
        self.assertEqual(len(image["RootFS"]["Layers"]), 1)
        self.assertEqual(json.loads(self.succeed("inspect", "base")), [image])
        self.assertEqual(json.loads(self.succeed("image", "inspect", image["Id"][7:15])), [image])
        self.assertIn("base", self.fail_with(1, "image", "inspect", "bse"))

    def test_a_further_name_and_its_end(self):
        self.succeed("image", "tag", "base", "registry.example/team/base:2")
        self.assertEqual(len(self.lines("images")), 3)
        self.assertEqual(self.lines("images", "-q"), [self.base.id[7:19]])
        self.assertEqual(self.succeed("image", "rm", "registry.example/team/base:2"),
                         "Untagged: registry.example/team/base:2\n")
        self.succeed("tag", "base", "other")
        self.assertEqual(sorted(self.lines("rmi", self.base.id)),
                         [f"Deleted: {self.base.id}", "Untagged: base:latest", "Untagged: other:latest"])
        self.assertIn("absent", self.fail_with(1, "rmi", "absent"))
        self.succeed("rmi", "-f", "absent")

    def test_prune_takes_images_without_a_name_and_with_all_those_no_container_uses(self):
        first = self.load_upon_base("app", {"version": "1"})
        second = self.load_upon_base("app", {"version": "2"})
        self.assertIn("y/N", self.succeed("image", "prune", stdin="n\n"))
        self.assertEqual(len(self.lines("images", "-q")), 3)
        self.assertIn("<none>", "".join(self.lines("images", "-f", "dangling=true")))
        out = self.succeed("image", "prune", stdin="y\n")
        self.assertIn(f"deleted: {first.id}", out)
        self.assertIn("Total reclaimed space: ", out)
        self.detached("--name", "user", "app", "sleep", "1000")
        self.succeed("image", "prune", "-a", "-f")
        self.assertEqual(self.lines("images", "-q", "--no-trunc"), [second.id])
        self.succeed("rm", "-f", "user")
        self.succeed("image", "prune", "--all", "--force")
        self.assertEqual(self.lines("images", "-q"), [])

    def test_an_image_in_use_stays(self):
        self.detached("--name", "user", "base", "sleep", "1000")
        self.assertIn("user", self.fail_with(1, "image", "rm", "base"))
        self.succeed("kill", "user")
        self.succeed("wait", "user")
        self.assertIn("user", self.fail_with(1, "image", "rm", "base"))
        self.succeed("rm", "user")
        self.assertIn("Deleted", self.succeed("image", "rm", "base"))


class RunImage(ImageTest):
    def test_the_image_says_what_runs_and_the_command_line_has_the_last_word(self):
        self.load_upon_base("app", {"start": entry("start", mode=0o755)}, {
            "Entrypoint": ["echo", "entry"], "Cmd": ["cmd"]})
        self.assertEqual(self.succeed("run", "app"), "entry cmd\n")
        self.assertEqual(self.succeed("run", "app", "a", "--rm"), "entry a --rm\n")
        self.assertEqual(self.succeed("run", "--entrypoint", "printf", "app", "%s-", "a", "b"), "a-b-")
        self.assertEqual(self.succeed("run", "--entrypoint", "", "app", "echo", "x"), "x\n")
        self.assertEqual(self.succeed("run", "--entrypoint=pwd", "app"), "/\n")  # its own arguments count no more
        self.fail_with(125, "run", "--entrypoint", "", "app")

    def test_environment_directory_user_and_labels(self):
        self.load_upon_base("app", {"srv": directory("srv", mode=0o777)}, {
            "Env": ["PATH=/bin", "A=image", "B=image"], "WorkingDir": "/srv", "User": "app",
            "Labels": {"from": "image", "both": "image"}, "Cmd": ["sh"]})
        self.assertEqual(self.run_sh("app", "echo $A $B; pwd; id -u; id -g", "-e", "B=run"),
                         "image run\n/srv\n1000\n1000\n")
        self.assertEqual(self.run_sh("app", "pwd; id -u", "-w", "/tmp", "-u", "0"), "/tmp\n0\n")
        self.detached("--name", "labelled", "-l", "both=run", "app", "sleep", "1000")
        self.assertEqual(self.inspected("labelled")["Config"]["Labels"], {"from": "image", "both": "run"})

    def test_the_stop_signal_of_the_image(self):
        self.load_upon_base("app", {"a": "1"}, {"StopSignal": "SIGUSR1"})
        self.detached("--name", "server", "app", "sh", "-c",
                      "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done")
        self.wait_for_log("server", "ready")
        self.succeed("stop", "server")
        self.assertEqual(self.succeed("wait", "server"), "9\n")

    def test_what_a_container_writes_is_its_own_and_gone_with_it(self):
        out = self.run_sh("base", "echo new > /file; rm /etc/group; cat /file; test ! -e /etc/group")
        self.assertEqual(out, "new\n")
        self.assertEqual(self.run_sh("base", "test ! -e /file; ls /etc/group"), "/etc/group\n")

    def test_two_containers_of_an_image_do_not_see_each_other(self):
        for name in ("one", "two"):
            self.detached("--name", name, "base", "sh", "-c", f"echo {name} > /mine; exec sleep 1000")
        for name in ("one", "two"):
            self.eventually(lambda: self.dunnage("exec", name, "cat", "/mine").stdout == f"{name}\n", "its own file")

    def test_a_container_that_is_started_again_finds_its_changes(self):
        self.detached("--name", "counter", "base", "sh", "-c", "echo x >> /count; wc -l < /count")
        self.succeed("wait", "counter")
        self.succeed("start", "counter")
        self.succeed("wait", "counter")
        self.assertEqual(self.succeed("logs", "counter"), "1\n2\n")

    def test_a_root_in_memory_or_read_only(self):
        self.assertEqual(self.run_sh("base", "echo x > /file; cat /file", "--root-changes", "memory:16m"), "x\n")
        self.assertNotEqual(self.dunnage("run", "--root-changes", "memory:1m", "base", "dd", "if=/dev/zero", "of=/file",
                                         "bs=1M", "count=4").returncode, 0)
        self.assertIn("Read-only", self.dunnage("run", "--read-only", "base", "touch", "/file").stderr)
        self.succeed("run", "--read-only", "--tmpfs", "/scratch", "base", "touch", "/scratch/file")
        self.fail_with(125, "run", "--root-changes", "paper", "base", "true")

    def test_a_root_with_a_limit_on_disk(self):
        fill = ("run", "--storage-opt", "size=16m", "base", "sh", "-c", "cat /dev/zero > /file; wc -c < /file")
        if os.geteuid() == 0:
            result = self.dunnage(*fill)
            self.assertRegex(result.stderr, "No space left on device|Disk quota exceeded")
            self.assertLess(int(result.stdout), 16 << 20)
        else:
            self.assertIn("keep changes in memory", self.fail_with(125, *fill))
        self.assertIn("no size", self.fail_with(125, "run", "--storage-opt", "size=much", "base", "true"))
        self.assertIn("no such option", self.fail_with(125, "run", "--storage-opt", "inodes=5", "base", "true"))

    def test_an_image_that_is_not_there(self):
        message = self.fail_with(125, "run", "--pull", "never", "bsae", "true")
        self.assertIn("base", message)
        message = self.fail_with(125, "run", "--pull=never", "sh", "-c", "echo")
        self.assertIn("run --host sh", message)  # what people who want a program of this machine have to write
        self.fail_with(125, "run", "--pull", "never", "UPPER", "true")
        self.fail_with(125, "run", "--pull", "sometimes", "base", "true")

    def test_an_image_of_another_platform_than_was_asked_for_is_refused(self):
        self.load("foreign", Image(self.base.layers, architecture="s390x"))
        self.fail_with(125, "run", "--pull", "never", "--platform", f"linux/{ARCHITECTURE}", "foreign", "true")
        self.fail_with(125, "run", "--pull", "never", "--platform", "linux/s390x", "base", "true")

    def test_exit_codes(self):
        self.assertEqual(self.dunnage("run", "base", "sh", "-c", "exit 3").returncode, 3)
        self.assertIn("no-such", self.fail_with(127, "run", "base", "no-such"))
        self.fail_with(126, "run", "base", "/etc/passwd")

    def test_ps_and_inspect_name_the_image(self):
        self.detached("--name", "server", "base", "sleep", "1000")
        (row,) = (json.loads(line) for line in self.lines("ps", "--format", "json"))
        self.assertEqual(row["Image"], "base")
        self.assertIn("base", json.dumps(self.inspected("server")["Config"].get("Image", "")))


class ImageVolumes(ImageTest):
    def setUp(self):
        super().setUp()
        self.load_upon_base("app", [
            (None, directory("data", uid=1000, gid=1000, mode=0o750)),
            (entry("data/seed", uid=1000, gid=1000, mode=0o600), b"seed\n"),
        ], {"Volumes": {"/data": {}}, "Cmd": ["sh"]})

    def test_a_volume_of_the_image_is_anonymous_filled_and_goes_with_the_container(self):
        self.detached("--name", "server", "app", "sleep", "1000")
        (mount,) = self.inspected("server")["Mounts"]
        self.assertEqual((mount["Type"], mount["Destination"]), ("volume", "/data"))
        self.assertEqual(self.lines("volume", "ls", "-q"), [mount["Name"]])
        self.assertEqual(self.succeed("exec", "server", "cat", "/data/seed"), "seed\n")
        self.succeed("rm", "-f", "-v", "server")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])
        self.assertEqual(self.run_sh("app", "cat /data/seed"), "seed\n")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])

    def test_a_fresh_volume_takes_the_images_content_once(self):
        owner = "1000:1000" if self.ids() > 1 else "0:0"  # an ordinary user without a range owns everything
        script = "stat -c '%u:%g %a' /data /data/seed; cat /data/seed; echo changed > /data/seed"
        self.assertEqual(self.run_sh("app", script, "-v", "db:/data"), f"{owner} 750\n{owner} 600\nseed\n")
        self.assertEqual(self.run_sh("app", "cat /data/seed", "-v", "db:/data"), "changed\n")
        self.succeed("volume", "create", "empty")
        self.assertEqual(self.run_sh("app", "ls /data", "-v", "empty:/data"), "seed\n")
        self.assertEqual(self.run_sh("app", "ls /data", "-v", "bare:/data:nocopy"), "")

    def ids(self):
        """How many users a container of this user can have."""
        return int(self.run_sh("base", "awk '{ n += $3 } END { print n }' /proc/self/uid_map"))

    def test_volumes_of_the_image_can_be_ignored_or_in_memory(self):
        self.assertEqual(self.run_sh("app", "cat /data/seed; grep -c ' /data ' /proc/mounts || :", "--image-volume",
                                     "ignore"), "seed\n0\n")
        self.assertEqual(self.run_sh("app", "ls /data; grep ' /data ' /proc/mounts | cut -d' ' -f3", "--image-volume",
                                     "tmpfs"), "tmpfs\n")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])

    def test_a_mount_takes_the_place_of_the_images_volume(self):
        self.assertEqual(self.run_sh("app", "ls /data", "--tmpfs", "/data"), "")
        os.mkdir(self.path("bind"))
        self.assertEqual(self.run_sh("app", "ls /data", "-v", self.path("bind") + ":/data"), "")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])


class CopyAndDiff(ImageTest):
    def write(self, name, content):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content)
        return self.path(name)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def test_files_are_copied_into_a_container_and_out_of_it(self):
        self.detached("--name", "server", "base", "sleep", "1000")
        self.succeed("cp", self.write("conf", "a = 1\n"), "server:/etc/")
        self.assertEqual(self.succeed("exec", "server", "cat", "/etc/conf"), "a = 1\n")
        self.succeed("cp", self.path("conf"), "server:etc/renamed")  # from / on
        self.succeed("cp", "server:/etc/renamed", self.path("back"))
        self.assertEqual(self.read("back"), "a = 1\n")
        self.succeed("exec", "server", "sh", "-c",
                     "mkdir -p /logs/deep; echo one > /logs/deep/1; ln -s deep/1 /logs/link")
        self.succeed("cp", "server:/logs", self.path("copied"))
        self.assertEqual(self.read("copied", "deep", "1"), "one\n")
        self.assertEqual(os.readlink(self.path("copied", "link")), "deep/1")
        os.mkdir(self.path("content"))
        self.succeed("cp", "server:/logs/.", self.path("content"))
        self.assertEqual(sorted(os.listdir(self.path("content"))), ["deep", "link"])
        self.succeed("cp", "-L", "server:/logs/link", self.path("followed"))
        self.assertEqual(self.read("followed"), "one\n")

    def test_a_link_in_the_container_leads_nowhere_else(self):
        outside = self.write("outside", "mine\n")
        self.detached("--name", "server", "base", "sh", "-c",
                      f"ln -s {self.directory} /out; ln -s {outside} /file; exec sleep 1000")
        self.eventually(lambda: self.dunnage("exec", "server", "readlink", "/file").returncode == 0, "the link")
        self.fail_with(1, "cp", self.write("evil", "theirs\n"), "server:/out/outside")
        self.fail_with(1, "cp", "server:/out/outside", self.path("taken"))
        self.assertEqual(self.read("outside"), "mine\n")
        self.assertFalse(os.path.lexists(self.path("taken")))

    def test_volumes_have_the_same(self):
        self.succeed("volume", "create", "data")
        self.succeed("cp", self.write("seed", "seed\n"), "data:/")
        self.assertEqual(self.run_sh("base", "cat /data/seed; echo more >> /data/seed", "-v", "data:/data"), "seed\n")
        self.succeed("cp", "data:seed", self.path("back"))
        self.assertEqual(self.read("back"), "seed\nmore\n")

    def test_what_cannot_be_copied(self):
        self.write("file", "x")
        self.detached("--name", "server", "base", "sleep", "1000")
        for source, target in (("server:/etc", "server:/tmp"), (self.path("file"), self.path("other")),
                               ("server:/absent", self.directory), (self.path("absent"), "server:/"),
                               (self.path("file"), "server:/absent/deeper/file"), ("absent:/etc", self.directory),
                               ("-", "server:/absent"), ("-", "-"), ("-", self.directory), ("server:", self.directory)):
            self.fail_with(1, "cp", source, target)
        self.run_sh("base", "true", "--name", "gone", "--rm")
        self.assertIn("gone", self.fail_with(1, "cp", "gone:/etc", self.path("etc")))

    def test_archives_come_from_the_input_and_go_to_the_output(self):
        self.detached("--name", "server", "base", "sh", "-c", "mkdir /logs; echo one > /logs/1; exec sleep 1000")
        self.eventually(lambda: self.dunnage("exec", "server", "test", "-s", "/logs/1").returncode == 0, "the file")
        with open(self.path("packed"), "wb") as file:
            subprocess.run([DUNNAGE, "cp", "server:/logs", "-"], stdout=file, env=self.environment, check=True)
        with tarfile.open(self.path("packed")) as packed:
            self.assertEqual(packed.getnames(), ["logs", "logs/1"])
            self.assertEqual(packed.extractfile("logs/1").read(), b"one\n")
        self.succeed("volume", "create", "data")
        for place in ("server:/etc", "data:/"):
            with open(self.path("packed"), "rb") as file:
                subprocess.run([DUNNAGE, "cp", "-", place], stdin=file, env=self.environment, check=True)
        self.assertEqual(self.succeed("exec", "server", "cat", "/etc/logs/1"), "one\n")
        self.succeed("cp", "data:/logs/1", self.path("back"))
        self.assertEqual(self.read("back"), "one\n")

    def test_files_of_a_container_that_has_ended(self):
        self.detached("--name", "server", "-v", "data:/data", "base", "sh", "-c",
                      "cat /etc/new 2>/dev/null; echo one > /logged; echo two > /data/two")
        self.succeed("wait", "server")
        self.succeed("cp", "server:/logged", self.path("logged"))
        self.assertEqual(self.read("logged"), "one\n")
        self.succeed("cp", "server:/data/.", self.path("data"))
        self.assertEqual(self.read("data", "two"), "two\n")
        self.succeed("cp", self.write("new", "put there\n"), "server:/etc/")
        self.succeed("start", "server")
        self.succeed("wait", "server")
        self.assertEqual(self.succeed("logs", "server"), "put there\n")

    def test_what_a_container_has_changed(self):
        self.detached("--name", "server", "base", "sh", "-c",
                      "echo new > /etc/new; rm /etc/group; echo more >> /etc/passwd; mkdir /srv; exec sleep 1000")
        expected = {"C /etc", "A /etc/new", "D /etc/group", "C /etc/passwd", "A /srv"}
        self.eventually(lambda: expected <= set(self.lines("diff", "server")), "the changes")
        listed = json.loads(self.succeed("diff", "--format", "json", "server"))
        changes = {change["Path"]: change["Kind"] for change in listed}
        self.assertEqual((changes["/etc"], changes["/etc/new"], changes["/etc/group"]), (0, 1, 2))
        self.succeed("kill", "server")
        self.succeed("wait", "server")
        self.assertLessEqual(expected, set(self.lines("diff", "server")))
        self.fail_with(1, "diff", "absent")


if __name__ == "__main__":
    main()
