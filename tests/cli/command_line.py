# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: running `dunnage` and looking at what it says."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

DUNNAGE = os.environ.get("DUNNAGE", "dunnage")
PATIENCE = 60  # seconds; a test that waits longer hangs


def is_root():
    return os.geteuid() == 0


def has_range():
    name = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    with open("/etc/subuid", encoding="utf-8") as file:
        return any(line.split(":")[0] in (name, str(os.getuid())) for line in file)


class CommandLineTest(unittest.TestCase):
    """Every test has a store of its own. What runs runs on this machine's /usr unless a class says otherwise."""

    root = ["--host"]

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="dunnage-cli-")
        self.addCleanup(self.remove_directory, self.directory)
        self.addCleanup(self.empty, self.directory)
        self.store = os.path.join(self.directory, "store")
        self.environment = {**os.environ, "DUNNAGE_STORE": self.store}
        self.addCleanup(self.remove_everything)

    @staticmethod
    def remove_directory(directory):
        """What was removed from a store may still be being deleted there."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return shutil.rmtree(directory)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    @staticmethod
    def empty(directory):
        """Deletes what is in it as root of a namespace: containers leave files of ids of their own in the trash."""
        if os.geteuid() != 0:
            subprocess.run(["unshare", "--user", "--map-root-user", "--map-auto", "sh", "-c", 'rm -rf -- "$1"/*', "sh",
                            directory], check=False, stderr=subprocess.DEVNULL)

    def remove_everything(self):
        for name in self.lines("ps", "-a", "-q"):
            self.dunnage("rm", "-f", "-v", name)
        self.dunnage("volume", "prune", "-a", "-f")
        self.dunnage("image", "prune", "-a", "-f")

    def dunnage(self, *words, stdin=None, environment=None, cwd=None):
        """Runs a command to its end: returncode, stdout, stderr."""
        source = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run([DUNNAGE, *words], capture_output=True, text=True, timeout=PATIENCE, cwd=cwd,
                              env={**self.environment, **(environment or {})}, **source)

    def succeed(self, *words, **keywords):
        """Runs a command that has to succeed without a complaint; returns what it printed."""
        result = self.dunnage(*words, **keywords)
        self.assertEqual((result.returncode, result.stderr), (0, ""), f"dunnage {' '.join(words)}: {result.stdout}")
        return result.stdout

    def fail_with(self, code, *words, **keywords):
        """Runs a command that has to fail with this code and a message of dunnage's; returns the message."""
        result = self.dunnage(*words, **keywords)
        self.assertEqual(result.returncode, code, f"dunnage {' '.join(words)}: {result.stdout}{result.stderr}")
        self.assertRegex(result.stderr, r"\Adunnage: ")
        return result.stderr

    def lines(self, *words):
        return self.succeed(*words).splitlines()

    def start(self, *words):
        """Starts a command that goes on by itself; killed at the end of the test."""
        process = subprocess.Popen([DUNNAGE, *words], env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def detached(self, *words):
        """Leaves a container running; returns its id."""
        return self.succeed("run", *self.root, "-d", *words).strip()

    def inspected(self, name):
        (container,) = json.loads(self.succeed("inspect", name))
        return container

    def wait_for_log(self, name, text):
        self.eventually(lambda: text in self.succeed("logs", name), f"{name} has to write {text!r}")

    def eventually(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)


def can_launch():
    return subprocess.run([DUNNAGE, "support"], stdout=subprocess.DEVNULL, check=False).returncode == 0


def main():
    """Exits with 77 where this user cannot launch containers, or what every test needs is not there."""
    if not can_launch():
        print("SKIPPED: this user cannot launch containers here; see dunnage support")
        sys.exit(77)
    result = unittest.main(verbosity=2, exit=False).result
    if result.wasSuccessful() and result.skipped and len(result.skipped) >= result.testsRun:
        print(f"SKIPPED: {result.skipped[0][1]}")
        sys.exit(77)
    sys.exit(not result.wasSuccessful())
