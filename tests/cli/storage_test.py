#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mounts and volumes by the command line: run -v, --mount, --tmpfs, volume and plan."""

import json
import os

from command_line import CommandLineTest, has_range, is_root, main


class Storage(CommandLineTest):
    def test_a_bind_mount_shows_on_both_sides(self):
        logs = os.path.join(self.directory, "logs")
        self.succeed("run", "--host", "-v", f"{logs}:/app/logs", "sh", "-c", "echo served > /app/logs/today.log")
        with open(os.path.join(logs, "today.log"), encoding="utf-8") as today:
            self.assertEqual(today.read(), "served\n")

    def test_a_read_only_bind_mount_refuses_writes(self):
        result = self.dunnage("run", "--host", "-v", f"{self.directory}:/data:ro", "touch", "/data/file")
        self.assertIn("Read-only file system", result.stderr)
        self.assertEqual(result.returncode, 1)

    def test_a_volume_persists_over_runs(self):
        self.succeed("run", "--host", "--rm", "-v", "logs:/app/logs", "sh", "-c", "echo served > /app/logs/today.log")
        self.assertEqual(self.succeed("run", "--host", "--rm", "-v", "logs:/logs:ro", "cat", "/logs/today.log"),
                         "served\n")
        self.assertEqual(self.succeed("run", "--host", "--mount", "type=volume,source=logs,target=/l", "ls", "/l"),
                         "today.log\n")

    def test_a_tmpfs_has_the_size_it_was_given(self):
        out = self.succeed("run", "--host", "--tmpfs", "/scratch:size=4m", "df", "--output=size", "-k", "/scratch")
        self.assertEqual(out.split()[-1], "4096")

    def test_an_anonymous_volume_goes_with_its_container(self):
        self.succeed("run", "--host", "--rm", "-v", "/data", "touch", "/data/file")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])

    def test_the_volumes_of_another_container(self):
        self.succeed("run", "--host", "--name", "first", "-v", "data:/data", "-v", "/anonymous", "--tmpfs", "/memory",
                     "touch",
                     "/data/file", "/anonymous/file")
        self.assertEqual(self.succeed("run", "--host", "--volumes-from", "first", "sh", "-c",
                                      "ls /data /anonymous; test ! -e /memory"),
                         "/anonymous:\nfile\n\n/data:\nfile\n")
        result = self.dunnage("run", "--host", "--volumes-from", "first:ro", "touch", "/data/new")
        self.assertIn("Read-only file system", result.stderr)
        self.fail_with(125, "run", "--host", "--volumes-from", "first:z", "true")
        self.fail_with(125, "run", "--host", "--volumes-from", "nobody", "true")

    def test_the_store_can_be_given_anywhere(self):
        other = os.path.join(self.directory, "other")
        self.succeed("--store", other, "volume", "create", "one")
        self.succeed("volume", "create", "two", "--store", other)
        self.succeed("run", "--host", "--store", other, "-v", "three:/data", "true")
        self.assertEqual(self.lines("volume", "--store", other, "ls", "-q"), ["one", "three", "two"])
        self.assertEqual(self.lines("volume", "ls", "-q"), [])
        self.succeed("--store", other, "volume", "prune", "-a", "-f")


class Volumes(CommandLineTest):
    def test_the_life_of_a_volume(self):
        self.assertEqual(self.succeed("volume", "create", "--label", "app=shop", "logs"), "logs\n")
        self.assertEqual(self.succeed("volume", "create", "logs"), "logs\n")  # there already, as in Docker
        self.succeed("volume", "create", "other")
        self.assertEqual(self.lines("volume", "ls"), ["DRIVER   VOLUME NAME", "local    logs", "local    other"])
        self.assertEqual(self.lines("volume", "ls", "-q", "--filter", "label=app=shop"), ["logs"])
        self.assertEqual(self.lines("volume", "ls", "-q", "--filter", "label=app=other"), [])
        (volume,) = json.loads(self.succeed("volume", "inspect", "logs"))
        self.assertEqual((volume["Name"], volume["Driver"], volume["Labels"]), ("logs", "local", {"app": "shop"}))
        self.assertTrue(os.path.isdir(volume["Mountpoint"]))
        self.assertEqual(self.succeed("volume", "rm", "logs", "other"), "logs\nother\n")
        self.fail_with(1, "volume", "rm", "logs")
        self.succeed("volume", "rm", "-f", "logs")

    def test_volumes_as_json_lines(self):
        self.succeed("volume", "create", "--label", "a=1", "--label", "b", "one")
        self.succeed("volume", "create", "two")
        one, two = (json.loads(line) for line in self.lines("volume", "ls", "--format", "json"))
        self.assertEqual((one["Name"], one["Labels"], one["Scope"]), ("one", "a=1,b=", "local"))
        self.assertEqual(two["Name"], "two")

    def test_a_volume_has_a_limit_and_says_what_it_holds(self):
        memory = ("-o", "type=tmpfs", "-o", "device=tmpfs")
        self.assertIn("memory: its data is in memory",
                      self.succeed("volume", "create", "--limit", "1m", "--dry-run", *memory, "fast"))
        self.succeed("volume", "create", "--limit", "1m", "--limit-inodes", "50", *memory, "fast")
        self.assertIn("exists", self.fail_with(1, "volume", "create", "--limit", "2m", *memory, "fast"))
        limit = json.loads(self.succeed("volume", "inspect", "fast"))[0]["Limit"]
        self.assertEqual(limit, {"Size": 1 << 20, "Inodes": 50, "Way": "memory"})
        full = self.dunnage("run", "--host", "--rm", "-v", "fast:/d", "dd", "if=/dev/zero", "of=/d/x", "bs=2M")
        self.assertEqual((full.returncode, "No space left" in full.stderr), (1, True), full.stderr)
        self.assertIn("size: \"1048576\" -> \"2097152\"",
                      self.succeed("volume", "update", "--limit", "2m", "--limit-inodes", "50", "--dry-run", "fast"))
        self.succeed("volume", "update", "--limit", "none", "fast")
        self.assertNotIn("Limit", json.loads(self.succeed("volume", "inspect", "fast"))[0])
        self.assertIn("too many", self.fail_with(1, "volume", "update", "--limit", "none", "--limit-inodes", "5", "fast"))
        self.succeed("run", "--host", "--rm", "-v", "plain:/d", "dd", "if=/dev/zero", "of=/d/x", "bs=4k", "count=8",
                     "status=none")
        self.assertRegex(self.succeed("volume", "usage", "--size", "plain"), r"plain +32\.8kB +1 +walk")
        self.assertTrue(json.loads(self.succeed("volume", "usage", "--size", "--max-age", "1h", "--format", "json",
                                                "plain"))["Cached"])
        self.assertRegex(self.succeed("volume", "prune", "-a", "--dry-run", "--size"), r"plain takes \d")
        self.succeed("volume", "rm", "--keep", "1h", "plain")
        self.assertRegex(self.succeed("volume", "trash", "ls", "--size"), r"plain .*kB")

    def test_a_volume_in_use_is_kept(self):
        self.detached("--name", "user", "-v", "data:/data", "sleep", "1000")
        self.assertIn("user", self.fail_with(1, "volume", "rm", "data"))
        self.assertEqual(self.lines("volume", "ls", "-q", "--filter", "dangling=false"), ["data"])
        self.succeed("volume", "prune", "-a", "-f")
        self.assertEqual(self.lines("volume", "ls", "-q"), ["data"])

    def test_prune_takes_anonymous_volumes_and_with_all_the_named(self):
        anonymous = self.succeed("volume", "create").strip()
        self.succeed("volume", "create", "named")
        self.assertIn("y/N", self.succeed("volume", "prune", stdin="n\n"))
        self.assertEqual(len(self.lines("volume", "ls", "-q")), 2)
        self.assertIn(anonymous, self.succeed("volume", "prune", stdin="y\n"))
        self.assertEqual(self.lines("volume", "ls", "-q"), ["named"])
        self.succeed("volume", "prune", "--all", "--force")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])

    def test_a_volume_is_what_its_options_say(self):
        source = os.path.join(self.directory, "srv")
        os.mkdir(source)
        self.succeed("volume", "create", "-o", "type=none", "--opt", f"device={source}", "-o", "o=bind", "srv")
        self.succeed("run", "--host", "-v", "srv:/srv", "touch", "/srv/file")
        self.assertEqual(os.listdir(source), ["file"])
        options = json.loads(self.succeed("volume", "inspect", "srv"))[0]["Options"]
        self.assertEqual(options, {"type": "none", "device": source, "o": "bind"})
        self.succeed("volume", "rm", "srv")
        self.assertEqual(os.listdir(source), ["file"])
        self.assertIn("device", self.fail_with(1, "volume", "create", "-o", "type=tmpfs", "bad"))
        self.assertIn("nfs", self.fail_with(1, "volume", "create", "-d", "nfs", "bad"))

    def test_a_bad_name_is_refused(self):
        self.assertIn("../x", self.fail_with(1, "volume", "create", "../x"))


class Transactions(CommandLineTest):
    def test_changes_wait_are_listed_applied_and_thrown_away(self):
        source = os.path.join(self.directory, "source")
        os.mkdir(source)
        for name in ("one", "two"):
            with open(os.path.join(source, name), "w", encoding="utf-8") as file:
                file.write("old")
        self.assertEqual(self.succeed("transaction", "begin", source, "try"), "try\n")
        self.succeed("run", "--host", "--mount", f"type=bind,source={source},target=/app,transaction=try", "sh", "-c",
                     "echo new > /app/one; rm /app/two; mkdir /app/made; touch /app/made/in")
        self.assertEqual(sorted(os.listdir(source)), ["one", "two"])
        self.assertEqual(self.lines("transaction", "changes", "try"),
                         ["added made", "added made/in", "modified one  content, time", "deleted two"])
        self.assertEqual(self.lines("transaction", "conflicts", "try"), [])
        self.assertEqual(self.lines("transaction", "apply", "--include", "made", "--include", "one", "try"),
                         ["added made", "added made/in", "modified one  content, time"])
        with open(os.path.join(source, "two"), "w", encoding="utf-8") as file:
            file.write("his")
        self.fail_with(1, "transaction", "apply", "try")
        (change,) = json.loads(self.succeed("transaction", "changes", "--format", "json", "try"))
        self.assertEqual((change["Kind"], change["Path"]), ("deleted", "two"))
        self.assertEqual(self.lines("transaction", "ls", "-q"), ["try"])
        self.assertEqual(self.lines("transaction", "discard", "try"), ["try"])
        self.assertEqual(self.lines("transaction", "ls", "-q"), [])
        self.assertEqual(sorted(os.listdir(source)), ["made", "one", "two"])


class History(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.succeed("volume", "create", "--label", "app=shop", "db")
        self.data = json.loads(self.succeed("volume", "inspect", "db"))[0]["Mountpoint"]
        self.write("one", "first")

    def write(self, name, text):
        with open(os.path.join(self.data, name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, volume, name):
        return self.succeed("run", "--host", "-v", f"{volume}:/data", "cat", f"/data/{name}")

    def test_a_volume_goes_back_to_what_it_was_and_forward_again(self):
        self.assertEqual(self.succeed("volume", "snapshot", "create", "--label", "k=v", "db", "then"), "then\n")
        self.write("one", "changed")
        self.write("two", "new")
        self.assertEqual(self.lines("volume", "snapshot", "diff", "db", "then"), ["C one  content, time", "A two"])
        self.fail_with(1, "volume", "snapshot", "create", "db", "then")
        before = self.succeed("volume", "snapshot", "rollback", "db", "then").strip()
        self.assertEqual(self.read("db", "one"), "first")
        self.assertEqual(self.lines("volume", "snapshot", "ls", "-q", "db"), ["then", before])
        self.assertEqual(self.succeed("volume", "snapshot", "rollback", "--discard", "db", before), "")
        self.assertEqual(self.read("db", "one"), "changed")
        then, _ = (json.loads(line) for line in self.lines("volume", "snapshot", "ls", "--format", "json", "db"))
        self.assertEqual((then["Name"], then["Labels"], then["Consistency"]), ("then", {"k": "v"}, "idle"))
        self.assertIn("then", self.fail_with(1, "volume", "snapshot", "rm", "db", "than", before))
        self.assertEqual(self.lines("volume", "snapshot", "ls", "-q", "db"), ["then"])

    def test_a_clone_is_a_volume_of_its_own(self):
        self.succeed("volume", "snapshot", "create", "db", "then")
        self.write("one", "changed")
        self.assertEqual(self.succeed("volume", "clone", "db", "now"), "now\n")
        self.succeed("volume", "clone", "--snapshot", "then", "--label", "a=b", "db", "as-then")
        self.assertEqual((self.read("now", "one"), self.read("as-then", "one")), ("changed", "first"))
        self.assertEqual(json.loads(self.succeed("volume", "inspect", "as-then"))[0]["Labels"], {"a": "b"})
        self.assertIn("now", self.fail_with(1, "volume", "clone", "db", "now"))

    def test_what_a_snapshot_costs_and_is_worth_is_told(self):
        self.assertIn("1 entries", self.succeed("volume", "snapshot", "create", "--plan", "db"))
        self.assertEqual(self.lines("volume", "snapshot", "ls", "-q", "db"), [])
        self.detached("--name", "user", "-v", "db:/data", "sleep", "1000")
        result = self.dunnage("volume", "snapshot", "create", "db", "live")
        self.assertEqual((result.returncode, result.stdout), (0, "live\n"))
        self.assertIn("the volume was in use", result.stderr)
        self.assertIn("user", self.fail_with(1, "volume", "snapshot", "rollback", "db", "live"))
class VolumeCare(CommandLineTest):
    def info(self, name):
        return json.loads(self.succeed("volume", "inspect", name))[0]

    def test_a_volume_is_changed_after_a_look_at_what_would_change(self):
        self.succeed("volume", "create", "--label", "tier=silver", "data")
        words = ("volume", "update", "--label-add", "tier=gold", "--label-add", "new", "--protect", "data")
        self.assertEqual(self.lines(*words, "--dry-run"),
                         ["data:", 'label new: none -> ""', 'label tier: "silver" -> "gold"',
                          'protected: "no" -> "yes"'])
        self.assertEqual(self.info("data")["Labels"], {"tier": "silver"})
        self.assertEqual(self.lines(*words), ["data"])
        self.succeed("volume", "update", "--label-rm", "new", "data")
        self.assertEqual((self.info("data")["Labels"], self.info("data")["Protected"]), ({"tier": "gold"}, True))
        self.assertIn("--unprotect", self.fail_with(1, "volume", "rm", "data"))
        self.succeed("volume", "update", "--unprotect", "data")
        self.succeed("volume", "rm", "data")

    def test_a_volume_comes_back_from_the_trash(self):
        self.succeed("run", "--host", "-v", "data:/data", "sh", "-c", "echo content > /data/f")
        self.succeed("volume", "rm", "--keep", "7d", "data")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])
        entry = json.loads(self.succeed("volume", "trash", "ls", "--format", "json"))
        self.assertEqual(entry["Name"], "data")
        self.assertIn("data", self.succeed("volume", "trash", "ls"))
        self.assertEqual(self.lines("volume", "trash", "restore", "data", "again"), ["again"])
        self.assertEqual(self.succeed("run", "--host", "-v", "again:/data", "cat", "/data/f"), "content\n")
        self.fail_with(1, "volume", "trash", "restore", "data")
        self.succeed("volume", "rm", "--keep", "1h30m", "again")
        self.assertEqual(self.lines("volume", "trash", "purge", "again"), ["again"])
        self.assertEqual(self.lines("volume", "trash", "purge", "--force"), [])
        self.assertIn("7d", self.fail_with(1, "volume", "rm", "--keep", "a week", "again"))

    def test_a_prune_says_why_before_anything_goes(self):
        self.succeed("volume", "create", "--protect", "safe")
        self.succeed("volume", "create", "idle")
        plan = json.loads(self.succeed("volume", "prune", "-a", "--dry-run", "--format", "json"))["Volumes"]
        self.assertEqual([(one["Name"], one["Action"], one["Reason"]) for one in plan],
                         [("idle", "remove", "unused"), ("safe", "keep", "protected")])
        self.assertIn("1 of 2 volumes would go", self.succeed("volume", "prune", "-a", "--dry-run"))
        self.assertIn("used-lately", self.succeed("volume", "prune", "-a", "--dry-run", "--unused-for", "1h",
                                                  "--format", "json"))
        self.succeed("volume", "prune", "-a", "-f", "--keep", "1h")
        self.assertEqual(self.lines("volume", "ls", "-q"), ["safe"])
        self.assertEqual(self.lines("volume", "trash", "restore", "idle"), ["idle"])

    def test_an_exclusive_volume_is_for_one_container_at_a_time(self):
        self.succeed("run", "-d", "--host", "--name", "db", "--mount",
                     "type=volume,source=data,target=/data,access=exclusive", "sleep", "100")
        self.assertIn('"db"', self.fail_with(125, "run", "--host", "-v", "data:/data", "true"))
        self.assertIn("db", self.succeed("volume", "usage", "data"))
        self.succeed("rm", "-f", "db")
        self.succeed("run", "--host", "--mount", "type=volume,source=data,target=/data,access-timeout=5s", "true")
        self.assertTrue(json.loads(self.succeed("volume", "usage", "data", "--format", "json"))["LastUser"])
        self.fail_with(125, "run", "--host", "--mount", "type=volume,source=data,target=/data,access=sole", "true")


class Plan(CommandLineTest):
    def test_a_plan_says_what_would_be_mounted_and_changes_nothing(self):
        source = os.path.join(self.directory, "logs")
        out = self.succeed("plan", "-v", f"{source}:/app/logs:ro", "-v", "data:/data", "--tmpfs", "/run")
        for words in (source, "/app/logs", "data", "/data", "/run"):
            self.assertIn(words, out)
        self.assertFalse(os.path.exists(source))
        self.assertEqual(self.lines("volume", "ls", "-q"), [])

    def test_a_path_is_explained(self):
        out = self.succeed("plan", "-v", f"{self.directory}:/app", "--explain", "/app/logs/today.log")
        self.assertIn(f"{self.directory}/logs/today.log", out)

    def test_a_plan_says_what_a_user_may_do_with_what_the_source_is_by_now(self):
        os.mkdir(os.path.join(self.directory, "shut"), mode=0o700)
        words = ("plan", "-v", f"{self.directory}:/app:ro", "--explain", "/app/shut", "--user", "1234:1234")
        # who has one id is every user of his containers
        may = "may not read it" if is_root() or has_range() else "may read it"
        self.assertIn(f"User 1234:1234 {may}, may not make entries there", self.succeed(*words))
        told = json.loads(self.succeed(*words, "--format", "json"))
        self.assertEqual((told["Kind"], told["Mount"], told["OnDisk"]["Uid"]), ("directory", "/app", os.geteuid()))
        self.assertIn("somebody", self.fail_with(1, *words[:-1], "somebody"))

    def test_a_plan_is_json_on_request(self):
        plan = json.loads(self.succeed("plan", "-v", "data:/data:ro", "--format", "json"))
        self.assertIn("/data", json.dumps(plan))


class Explain(CommandLineTest):
    def test_a_path_of_a_container_is_explained_while_it_runs_and_when_it_has_ended(self):
        source = os.path.join(self.directory, "logs")
        os.mkdir(source)
        self.detached("--name", "web", "-v", f"{source}:/app:ro", "-v", "data:/data", "sleep", "1000")
        out = self.succeed("explain", "web", "/app/today.log")
        self.assertIn(f'On the host it is "{source}/today.log".', out)
        self.assertIn("User 0:0 may read it, may not make entries there", out)
        self.assertIn("as the plan says", out)
        told = json.loads(self.succeed("explain", "web", "/data", "--user", "root", "--format", "json"))
        self.assertEqual((told["User"], told["Presence"], told["ByKernel"]["Write"]), ("0:0", "there", True))
        self.assertEqual(self.dunnage("exec", "web", "touch", "/app/today.log").returncode, 1)
        self.assertEqual(self.dunnage("exec", "web", "touch", "/data/today.log").returncode, 0)
        self.assertIn("web", self.fail_with(1, "explain", "wob", "/data"))
        self.assertIn("nobodi", self.fail_with(1, "explain", "web", "/data", "-u", "nobodi"))
        self.assertIn("absolute", self.fail_with(1, "explain", "web", "data"))
        self.succeed("kill", "web")
        self.succeed("wait", "web")
        self.assertIn("what its plan says", self.succeed("explain", "web", "/app"))


if __name__ == "__main__":
    main()
