#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The projects of examples/compose, run as their README says.

    DUNNAGE=build/examples/cli/dunnage DUNNAGE_COMPOSE_EXAMPLES=examples/compose \
        DUNNAGE_TEST_IMAGES=build/images python3 tests/cli/compose_examples_test.py [CLASS[.test]...]
"""

import os
import shutil
import signal
import unittest

from command_line import PATIENCE, main
from compose_project import LOOP, ComposeTest
from oci_image import Image, busybox_layer, has_static_busybox, write_layout

IMAGES = os.environ.get("DUNNAGE_TEST_IMAGES", "")
EXAMPLES = os.environ.get("DUNNAGE_COMPOSE_EXAMPLES", "")


@unittest.skipUnless(has_static_busybox(), "there is no static busybox")
class SeedExamples(ComposeTest):
    def setUp(self):
        super().setUp()
        layout = os.path.join(self.directory, "backend")
        script = "mkdir -p /app/logs; echo started >> /app/logs/today.log; " + LOOP.replace("0.05", "1")
        write_layout(layout, {"latest": Image([busybox_layer()], config={"Cmd": ["sh", "-c", script]})})
        self.succeed("load", "-i", layout, "--name", "backend-app")

    def example(self, name, *words):
        return self.dunnage("compose", "-f", os.path.join(EXAMPLES, name, "compose.yaml"), *words,
                            environment={"LOGS": os.path.join(self.directory, "host/logs")})

    def bring_up_twice(self, name, count):
        for expected in (1, 2):
            result = self.example(name, "up", "-d")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.eventually(lambda: count() == expected, "the back-end has to write")
            self.assertEqual(self.example(name, "down", "-t", "0").returncode, 0)
            self.assertEqual(self.lines("ps", "-a", "-q"), [])
        self.assertEqual(count(), 2)

    def test_logs_in_a_directory_of_the_host(self):
        log = os.path.join(self.directory, "host/logs/today.log")
        self.bring_up_twice("bind-mount", lambda: lines_of(log))

    def test_logs_in_a_volume(self):
        log = os.path.join(self.store, "volumes/named-volume_logs-volume/_data/today.log")
        self.bring_up_twice("named-volume", lambda: lines_of(log))
        self.assertEqual(self.lines("volume", "ls", "-q"), ["named-volume_logs-volume"])


def lines_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            return len(file.readlines())
    except FileNotFoundError:
        return 0


@unittest.skipUnless(os.path.exists(f"{IMAGES}/postgres/index.json"), f"there is no PostgreSQL image in {IMAGES}")
class ShopExample(ComposeTest):
    """Three services, killed in the middle."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.project)
        shutil.copytree(os.path.join(EXAMPLES, "shop"), self.project)
        self.log = os.path.join(self.project, "logs/today.log")
        for name in ("busybox", "postgres"):
            self.succeed("load", "-i", f"{IMAGES}/{name}", "--name", name)

    def asked(self, statement):
        return self.said("exec", "-T", "db", "psql", "-X", "-A", "-t", "-d", "shop", "-c", statement).split()

    def page(self):
        return self.compose("exec", "-T", "web", "wget", "-q", "-O", "-", "http://127.0.0.1:8080/").stdout

    def orders_logged(self):
        with open(self.log, encoding="utf-8") as file:
            return {line.split()[1] for line in file}

    def check_whole(self):
        """Every order that the log names is in the database."""
        logged = self.orders_logged()
        self.assertGreater(len(logged), 0)
        self.assertLessEqual(logged, set(self.asked("SELECT id FROM orders")))

    def test_it_is_killed_in_the_middle_and_comes_back_whole(self):
        up = self.start("compose", "-f", os.path.join(self.project, "compose.yaml"), "up")
        self.eventually(lambda: lines_of(self.log) >= 3, "orders have to come in")
        self.eventually(lambda: "orders</p>" in self.page(), "the page has to be served")
        for _ in range(2):
            self.succeed("kill", "-s", "KILL", "shop-db-1")
            up.kill()  # of `up` nothing is left to clean up
            up.wait(PATIENCE)
            self.assertEqual(self.succeed("wait", "shop-db-1"), "137\n")
            self.assertEqual(self.running(), ["web", "worker"])
            self.assertIn("start container shop-db-1", self.steps())
            up = self.start("compose", "-f", os.path.join(self.project, "compose.yaml"), "up")
            before = lines_of(self.log)
            self.eventually(lambda: lines_of(self.log) >= before + 3, "orders have to come in again")
            self.check_whole()
        self.assertIn("automatic recovery in progress", self.did("logs", "db"))
        up.send_signal(signal.SIGINT)
        up.stdout.read()
        self.assertEqual(up.wait(PATIENCE), 130)
        orders = self.orders_logged()
        told = self.did("down")
        self.assertIn("Volume shop_db-data  Kept", told)
        self.assertEqual(self.ids(), {})
        self.did("up", "-d", "--wait")
        self.assertLessEqual(orders, set(self.asked("SELECT id FROM orders")))
        self.eventually(lambda: "orders</p>" in self.page(), "the page has to be served again")
        self.check_whole()
        self.did("down", "-v")
        self.assertEqual([name for name in self.lines("volume", "ls", "-q") if name.startswith("shop_")], [])


if __name__ == "__main__":
    main()
