#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The store itself by the command line: store check and repair."""

import json
import os

from command_line import CommandLineTest, main


class Store(CommandLineTest):
    def damage(self, name="db"):
        """A volume with data, whose metadata is damaged; returns its directory."""
        self.succeed("volume", "create", "--label", "app=shop", name)
        volume = os.path.join(self.store, "volumes", name)
        with open(os.path.join(volume, "_data", "precious"), "w", encoding="utf-8") as file:
            file.write("data")
        with open(os.path.join(volume, "metadata"), "r+b") as file:
            file.seek(40)
            file.write(b"?")
        return volume

    def precious(self, volume):
        with open(os.path.join(volume, "_data", "precious"), encoding="utf-8") as file:
            return file.read()

    def test_a_whole_store_is_clean_and_so_is_none(self):
        clean = "Nothing is damaged, and nothing is left over.\n"
        self.assertEqual(self.succeed("--store", os.path.join(self.directory, "none"), "store", "check"), clean)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "none")))
        self.succeed("run", "--host", "--name", "c", "-v", "db:/data", "true")
        self.assertEqual(self.succeed("store", "check", "--deep"), clean)
        self.assertEqual(self.succeed("store", "repair"), clean)
        self.assertEqual(json.loads(self.succeed("store", "check", "--json")), {"Clean": True, "Findings": []})

    def test_damage_is_told_by_name_and_repaired(self):
        volume = self.damage()
        self.succeed("volume", "create", "other")
        for words in (["store", "check"], ["store", "repair", "--dry-run"]):
            result = self.dunnage(*words)
            self.assertEqual((result.returncode, result.stderr), (1, ""))
            self.assertIn('volume "db": its metadata cannot be used: its checksum is wrong\n', result.stdout)
            self.assertIn(os.path.join(volume, "metadata"), result.stdout)
            self.assertIn("1 finding: 1 cannot be used as they should be, 0 left over.\n", result.stdout)
            self.assertNotIn('"other"', result.stdout)
        out = self.succeed("store", "repair")
        self.assertIn("    done: its metadata has been written anew", out)
        self.assertEqual(self.precious(volume), "data")
        self.assertEqual(self.lines("volume", "ls", "-q"), ["db", "other"])
        self.assertIn("metadata.damaged-1", os.listdir(volume))
        self.succeed("store", "check")

    def test_containers_with_other_volumes_run_beside_damage(self):
        self.damage()
        self.assertEqual(self.succeed("run", "--host", "-v", "other:/data", "-v", "/anonymous", "echo", "runs"), "runs\n")
        self.assertIn("store repair", self.fail_with(125, "run", "--host", "-v", "db:/data", "true"))
        self.succeed("volume", "rm", "other")
        self.succeed("volume", "prune", "-f")
        self.succeed("store", "repair")
        self.assertEqual(self.succeed("run", "--host", "-v", "db:/data", "cat", "/data/precious"), "data")

    def test_a_volume_is_repaired_while_a_container_uses_it(self):
        self.detached("--name", "user", "-v", "db:/data", "sh", "-c",
                      "echo begun > /data/precious; while true; do cat /data/precious >/dev/null || exit 5; done")
        volume = os.path.join(self.store, "volumes", "db")
        self.eventually(lambda: os.path.exists(os.path.join(volume, "_data", "precious")), "the container has to begin")
        os.remove(os.path.join(volume, "metadata"))
        self.assertEqual(self.dunnage("store", "check").returncode, 1)
        self.succeed("store", "repair")
        self.assertIn("user", self.fail_with(1, "volume", "rm", "db"))
        self.assertTrue(self.inspected("user")["State"]["Running"])
        self.succeed("store", "check")

    def test_data_that_is_gone_stays_gone_unless_it_is_asked_for(self):
        self.succeed("volume", "create", "db")
        os.rmdir(os.path.join(self.store, "volumes", "db", "_data"))
        result = self.dunnage("store", "repair")
        self.assertEqual(result.returncode, 1)
        self.assertIn("--make-missing-data", result.stdout)
        self.succeed("store", "repair", "--make-missing-data")
        self.succeed("run", "--host", "-v", "db:/data", "touch", "/data/file")

    def test_a_store_that_nothing_else_opens_is_checked_and_repaired(self):
        volume = self.damage()
        os.chmod(self.store, 0o755)
        with open(os.path.join(self.store, "version"), "w", encoding="utf-8"):
            pass
        self.succeed("--store", os.path.join(self.directory, "other"), "volume", "ls")
        self.fail_with(1, "volume", "ls")
        findings = json.loads(self.dunnage("store", "check", "--json").stdout)["Findings"]
        self.assertEqual([(found["Part"], found["Name"]) for found in findings],
                         [("store", "store"), ("store", "version"), ("volume", "db")])
        result = self.dunnage("store", "repair")
        # none of its volumes shows that the store is of this format
        self.assertEqual(result.returncode, 1, result.stdout)
        with open(os.path.join(self.store, "version"), "w", encoding="utf-8") as version:
            version.write("1\n")
        self.succeed("store", "repair")
        self.assertEqual(self.precious(volume), "data")

    def test_damage_of_a_transaction_is_told_by_name_and_mended_where_that_is_safe(self):
        source = os.path.join(self.directory, "source")
        os.mkdir(source)
        self.succeed("transaction", "begin", source, "try")
        transaction = os.path.join(self.store, "transactions", "try")
        os.unlink(os.path.join(transaction, "lock"))
        os.rename(source, source + "-away")
        result = self.dunnage("store", "check")
        self.assertEqual((result.returncode, result.stderr), (1, ""))
        self.assertIn('transaction "try": its lock: it is missing', result.stdout)
        self.assertIn(f'transaction "try": its source "{source}" is no directory, or is not there', result.stdout)
        result = self.dunnage("store", "repair")
        self.assertIn("    done: a new lock file has been made\n", result.stdout)
        os.rename(source + "-away", source)
        self.succeed("store", "check")
        self.succeed("transaction", "discard", "try")

    def test_a_record_that_cannot_be_read_is_told(self):
        self.succeed("run", "--host", "--name", "c", "true")
        self.succeed("run", "--host", "--name", "d", "true")
        record = os.path.join(self.store, "containers", "c")
        with open(os.path.join(record, "config.json"), "w", encoding="utf-8") as config:
            config.write("{")
        with open(os.path.join(self.store, "containers", "d", "state.json"), "w", encoding="utf-8"):
            pass
        result = self.dunnage("store", "repair")
        self.assertEqual(result.returncode, 1)
        self.assertIn('container "c": its configuration cannot be read: ', result.stdout)
        self.assertIn('container "d": what it says of the container\'s end cannot be understood', result.stdout)
        self.assertIn('    done: it is "state.json.damaged-1" now', result.stdout)
        self.assertTrue(os.path.exists(os.path.join(record, "log")))
        self.succeed("rm", "c")
        self.succeed("store", "check")

    def test_what_was_left_over_goes(self):
        self.succeed("volume", "create", "db")
        for part in ("staging", "trash"):
            os.makedirs(os.path.join(self.store, part, "0" * 32, "_data"), mode=0o700)
        self.succeed("store", "check")  # somebody may be at it
        result = self.dunnage("store", "check", "--grace", "0")
        self.assertEqual(result.returncode, 1)
        self.assertIn("2 findings: 0 cannot be used as they should be, 2 left over.\n", result.stdout)
        self.succeed("store", "repair", "--grace", "0")
        self.assertEqual(os.listdir(os.path.join(self.store, "trash")), [])


if __name__ == "__main__":
    main()
