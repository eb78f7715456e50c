#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL image of examples/images, pulled from a registry and run with its data on a volume.

DUNNAGE_TEST_IMAGES is where `examples/images/build.sh postgres` has made it, DUNNAGE_IMAGE_SCRIPTS where the scripts
are.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from command_line import CommandLineTest, is_root, main

IMAGES = os.environ.get("DUNNAGE_TEST_IMAGES", "")
SCRIPTS = os.environ.get("DUNNAGE_IMAGE_SCRIPTS", "")
DATA = "/var/lib/postgresql/data"
NEEDED = ((f"no PostgreSQL image in {IMAGES}", os.path.exists(f"{IMAGES}/postgres/index.json")),
          ("no docker-registry", shutil.which("docker-registry")), ("no skopeo", shutil.which("skopeo")))
ABSENT = [what for what, there in NEEDED if not there]


@unittest.skipIf(ABSENT, "there is " + " and ".join(ABSENT))
class PostgresTest(CommandLineTest):
    root = []

    @classmethod
    def setUpClass(cls):
        registry = tempfile.mkdtemp(prefix="dunnage-registry-")
        cls.addClassCleanup(shutil.rmtree, registry)
        cls.script("start", registry)
        cls.addClassCleanup(cls.script, "stop", registry)
        cls.script("push", registry, f"{IMAGES}/postgres", "postgres")
        with open(os.path.join(registry, "address"), encoding="utf-8") as file:
            cls.image = file.read().strip() + "/postgres"

    @staticmethod
    def script(*words):
        subprocess.run(["sh", f"{SCRIPTS}/registry.sh", *words], check=True, stdout=subprocess.DEVNULL)

    def start_database(self, name, *options):
        self.detached("--name", name, "--tls-verify=false", "-v", f"db-data:{DATA}", *options, self.image)

    def wait_until_ready(self, name):
        self.eventually(lambda: self.query(name, "SELECT 1").returncode == 0, "the database has to get ready")

    def query(self, name, statements):
        return self.dunnage("exec", name, "psql", "-X", "-q", "-A", "-t", "-c", statements)

    def asked(self, name, statements):
        result = self.query(name, statements)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.strip()

    def logged(self, name):
        result = self.dunnage("logs", name)
        return result.stdout + result.stderr


class PostgresImage(PostgresTest):
    def test_a_database_outlives_its_container(self):
        self.start_database("first")
        self.wait_until_ready("first")
        (image,) = json.loads(self.succeed("image", "inspect", self.image))
        self.assertEqual(len(image["RootFS"]["Layers"]), 2)
        (mount,) = self.inspected("first")["Mounts"]
        self.assertEqual((mount["Name"], mount["Destination"]), ("db-data", DATA))
        self.assertEqual(self.asked("first", "SHOW data_directory"), DATA)
        self.asked("first", "CREATE TABLE entries (id serial, note text)")
        for note in ("one", "two", "three"):
            self.asked("first", f"INSERT INTO entries (note) VALUES ('{note}')")

        self.succeed("kill", "-s", "KILL", "first")
        self.assertEqual(self.succeed("wait", "first"), "137\n")
        self.assertIn("first", self.fail_with(1, "image", "rm", self.image))
        self.succeed("rm", "-v", "first")
        self.assertEqual(self.lines("volume", "ls", "-q"), ["db-data"])

        self.start_database("second", "--pull", "never")
        self.wait_until_ready("second")
        self.assertEqual(self.asked("second", "SELECT string_agg(note, ' ' ORDER BY id) FROM entries"), "one two three")
        self.assertIn("automatic recovery in progress", self.logged("second"))
        self.assertNotIn("initdb", self.logged("second"))
        self.succeed("stop", "-t", "30", "second")
        self.assertEqual(self.succeed("wait", "second"), "0\n")
        self.assertIn("received fast shutdown request", self.logged("second"))  # SIGINT, which the image asks for
        self.succeed("rm", "second")
        self.assertIn("Deleted", self.succeed("image", "rm", self.image))
        self.assertEqual(self.lines("volume", "ls", "-q"), ["db-data"])

    def test_a_container_killed_while_it_makes_the_cluster_is_replaced_by_one_that_makes_it(self):
        for delay in (0, 0.3, 1) if is_root() else (0.3,):  # each takes some seconds of the processor
            self.start_database("killed", "--pull", "missing")
            # where the last one has come to the end of it in time, the server is killed
            self.eventually(lambda: "initdb" in self.dunnage("exec", "killed", "ps", "-A").stdout or
                            "The files belonging" in self.logged("killed") or
                            "ready to accept connections" in self.logged("killed"), "the cluster has to be begun")
            time.sleep(delay)
            self.succeed("kill", "killed")
            self.succeed("wait", "killed")
            self.succeed("rm", "killed")
        self.start_database("after")
        self.wait_until_ready("after")
        self.assertEqual(self.asked("after", "SELECT 6 * 7"), "42")

    def test_its_volume_is_anonymous_if_nothing_else_is_mounted_and_its_variables_count(self):
        self.detached("--name", "db", "--tls-verify=false", "-e", "POSTGRES_USER=shop", "-e", "POSTGRES_DB=orders",
                      "-e", "POSTGRES_PASSWORD=secret", self.image)
        self.eventually(lambda: self.dunnage("exec", "-e", "PGUSER=shop", "db", "psql", "-d", "orders", "-c",
                                             "SELECT 1").returncode == 0, "the database has to get ready")
        (volume,) = self.lines("volume", "ls", "-q")
        self.assertRegex(volume, r"\A[0-9a-f]{64}\Z")
        self.succeed("rm", "-f", "-v", "db")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])
        self.assertIn("PostgreSQL", self.succeed("run", "--rm", "--entrypoint", "postgres", self.image, "--version"))
        self.assertRegex(self.succeed("run", "--rm", self.image, "id", "-un"), r"\A(postgres|root)\n\Z")


if __name__ == "__main__":
    main()
