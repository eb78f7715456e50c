# SPDX-License-Identifier: Apache-2.0
"""A project of Compose in a directory of its own, and `dunnage compose` on it.

Services run on this machine's /usr (`x-dunnage: {rootfs: host}`) unless a test is about images.
"""

import json
import os
import textwrap

from command_line import CommandLineTest

LOOP = "trap 'exit 0' TERM; while :; do sleep 0.05; done"
# Says when it can be asked to end.
READY_LOOP = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"


def service(script, more=""):
    """A service on this machine's /usr that runs a shell script."""
    text = "x-dunnage: {rootfs: host}\nstop_grace_period: 5s\ncommand: " + json.dumps(["sh", "-c", script]) + "\n"
    return textwrap.indent(text + textwrap.dedent(more), "    ")


class ComposeTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.project = os.path.join(self.directory, "shop")
        os.mkdir(self.project)
        self.addCleanup(self.remove_everything)  # before the directory

    def write(self, services, volumes=(), more=""):
        """A project called shop; services is {name: text}."""
        text = "name: shop\nservices:\n" + "".join(f"  {name}:\n{body}" for name, body in services.items())
        if volumes:
            text += "volumes:\n" + "".join(f"  {line}\n" for line in volumes)
        self.write_file("compose.yaml", text + more)

    def write_file(self, name, text):
        path = os.path.join(self.project, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def compose(self, *words, **keywords):
        return self.dunnage("compose", "--project-directory", self.project, "-f",
                            os.path.join(self.project, "compose.yaml"), *words, **keywords)

    def did(self, *words, **keywords):
        """Runs a verb that has to succeed; returns what it printed, progress included."""
        result = self.compose(*words, **keywords)
        self.assertEqual(result.returncode, 0, f"compose {' '.join(words)}: {result.stdout}{result.stderr}")
        return result.stdout + result.stderr

    def said(self, *words, **keywords):
        """The same; returns its standard output alone."""
        result = self.compose(*words, **keywords)
        self.assertEqual(result.returncode, 0, f"compose {' '.join(words)}: {result.stdout}{result.stderr}")
        return result.stdout

    def refused(self, *words, code=1, **keywords):
        result = self.compose(*words, **keywords)
        self.assertEqual(result.returncode, code, f"compose {' '.join(words)}: {result.stdout}{result.stderr}")
        return result.stderr

    def plan(self, *words):
        return json.loads(self.said("plan", "--json", *words))

    def steps(self, *words):
        """"create container shop-web-1", each"""
        return [" ".join((step["Action"], step["Object"], step["Subject"])) for step in self.plan(*words)["Steps"]]

    def running(self):
        return self.said("ps", "--services").split()

    def ids(self):
        containers = [json.loads(line) for line in self.said("ps", "-a", "--no-trunc", "--format", "json").splitlines()]
        return {container["Name"]: container["ID"] for container in containers}
