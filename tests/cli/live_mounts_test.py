#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mounts of running containers on the command line: changed, followed, mended.

    DUNNAGE=build/examples/cli/dunnage python3 tests/cli/live_mounts_test.py [CLASS[.test]...]
"""

import os

from command_line import CommandLineTest, main


class LiveMounts(CommandLineTest):
    def test_a_source_is_followed_by_its_name(self):
        def put(text):
            with open(f"{conf}.new", "w", encoding="utf-8") as file:
                file.write(text)
            os.rename(f"{conf}.new", conf)

        conf = os.path.join(self.directory, "app.conf")
        mount = f"type=bind,source={conf},readonly,follow=name"
        put("one")
        self.detached("--name", "busy", "--mount", f"{mount},target=/conf", "sleep", "1000")
        self.succeed("attach", "--mount", f"{mount},target=/again", "busy")
        put("two")
        self.eventually(lambda: self.succeed("exec", "busy", "cat", "/conf", "/again") == "twotwo", "both follow it")
        self.assertEqual([mount.get("Follow") for mount in self.inspected("busy")["Mounts"]], ["name", "name"])
        self.assertIn('write "name" or "inode"',
                      self.fail_with(125, "run", *self.root, "--mount", "type=bind,source=/,target=/x,follow=me", "true"))

    def test_a_source_that_dies_is_mended_or_stops_the_container(self):
        share = os.path.join(self.directory, "share")
        mount = f"type=bind,source={share},target=/share,check-interval=100ms,check-timeout=20s,on-loss="
        os.mkdir(share)
        self.detached("--name", "mended", "--mount", f"{mount}repair", "sleep", "1000")
        self.detached("--name", "paused", "--mount", f"{mount}pause", "sleep", "1000")
        self.detached("--name", "stopped", "--restart", "always", "--mount", f"{mount}stop", "sh", "-c",
                      "trap 'exit 3' TERM; echo ready; while :; do sleep 0.02; done")
        self.wait_for_log("stopped", "ready")
        os.rmdir(share)
        self.eventually(lambda: "Paused" in self.succeed("ps"), "one is paused")
        self.eventually(lambda: self.inspected("stopped")["State"]["Status"] == "exited", "one has been stopped")
        state = self.inspected("stopped")["State"]
        self.assertEqual((state["ExitCode"], state["Error"]),
                         (3, f'the mount "{share}" -> "/share" lost its source: it was removed, and nothing has its name'))
        os.mkdir(share)
        with open(os.path.join(share, "file"), "w", encoding="utf-8") as file:
            file.write("here")
        for name in ("mended", "paused"):
            self.eventually(lambda: self.inspected(name)["State"]["Status"] == "running" and
                            self.dunnage("exec", name, "cat", "/share/file").stdout == "here", "it has it again")
        self.assertEqual(self.inspected("mended")["Mounts"][0]["OnLoss"],
                         {"Policy": "repair", "Interval": 100, "Timeout": 20000})
        self.assertIn('write "keep", "repair", "pause" or "stop"',
                      self.fail_with(125, "run", *self.root, "--mount", f"{mount}me", "true"))

    def test_mounts_are_attached_replaced_and_detached(self):
        self.detached("--name", "busy", "sleep", "1000")
        self.assertIn('volume "data"', self.succeed("attach", "-v", "data:/data", "busy"))
        self.succeed("exec", "busy", "sh", "-c", "echo one >/data/file")
        self.assertIn("something is mounted there", self.fail_with(1, "attach", "--tmpfs", "/data", "busy"))
        self.assertIn('volume "other"', self.succeed("replace", "--mount", "type=volume,source=other,target=/data", "busy"))
        self.assertEqual(self.succeed("exec", "busy", "ls", "-A", "/data"), "")
        self.succeed("attach", "--tmpfs", "/scratch", "-v", "data:/again", "busy")
        self.assertEqual(self.succeed("exec", "busy", "cat", "/again/file"), "one\n")
        self.assertEqual(self.succeed("detach", "busy", "/again", "/scratch"), "/again\n/scratch\n")
        self.assertEqual(self.succeed("detach", "--lazy", "busy", "/data"), "/data\n")
        self.assertIn("nothing of its plan", self.fail_with(1, "detach", "busy", "/data"))
        self.assertIn("nothing to attach", self.fail_with(1, "attach", "busy"))
        self.assertIn("give one mount", self.fail_with(1, "replace", "busy"))


if __name__ == "__main__":
    main()
