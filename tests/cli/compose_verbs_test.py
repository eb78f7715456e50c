#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The verbs and flags of `dunnage compose` that people use daily, with the exit codes of Docker Compose.

    DUNNAGE=build/examples/cli/dunnage python3 tests/cli/compose_verbs_test.py [CLASS[.test]...]
"""

import json
import os
import signal
import unittest

from command_line import PATIENCE, main
from compose_project import LOOP, READY_LOOP, ComposeTest, service
from oci_image import Image, busybox_layer, has_static_busybox, write_layout


class ComposeExitCodes(ComposeTest):
    def up(self, *words):
        result = self.compose("up", *words)
        self.assertEqual(self.running(), [], result.stdout + result.stderr)
        return result.returncode

    def test_up_that_is_to_abort_stops_all_and_exits_as_the_first_one_to_end(self):
        self.write({"web": service(LOOP), "job": service("sleep 0.2; exit 3")})
        self.assertEqual(self.up("--abort-on-container-exit"), 3)
        self.assertEqual(sorted(self.ids()), ["shop-job-1", "shop-web-1"])
        self.write({"web": service(LOOP), "job": service("sleep 0.2")})
        self.assertEqual(self.up("--abort-on-container-exit"), 0)

    def test_up_that_is_to_abort_on_failure_goes_on_after_a_success(self):
        told = os.path.join(self.project, "told")
        os.mkdir(told)
        self.write({"web": service(LOOP), "good": service("true"),
                    "bad": service("until [ -e /told/fail ]; do sleep 0.05; done; exit 4",
                                   f"volumes: ['{told}:/told']\n")})
        process = self.start("compose", "-f", os.path.join(self.project, "compose.yaml"), "up",
                             "--abort-on-container-failure")
        while "good-1 exited with code 0" not in process.stdout.readline():
            self.assertIsNone(process.poll())
        with open(os.path.join(told, "fail"), "w", encoding="utf-8"):
            pass
        self.assertIn("Aborting on container exit...", process.stdout.read())
        self.assertEqual(process.wait(PATIENCE), 4)
        self.assertEqual(self.running(), [])

    def test_up_exits_as_the_service_that_is_named(self):
        # it fails when the other one can be asked to end
        web = LOOP.replace("exit 0' TERM;", "exit 7' TERM; touch /shared/up;")
        job = "until rm /shared/up 2>/dev/null; do sleep 0.05; done; exit 3"
        self.write({"web": service(web, "volumes: ['shared:/shared']\n"),
                    "job": service(job, "volumes: ['shared:/shared']\n")}, ["shared:"])
        self.assertEqual(self.up("--exit-code-from", "job"), 3)
        self.assertEqual(self.up("--exit-code-from", "web"), 7)
        self.assertEqual(self.up("--exit-code-from", "web", "--abort-on-container-failure"), 7)
        self.assertIn("did you mean \"web\"", self.refused("up", "--exit-code-from", "wbe", code=15))

    def test_flags_that_exclude_each_other_are_refused(self):
        self.write({"web": service(LOOP)})
        for words in (("-d", "--abort-on-container-exit"), ("-d", "--exit-code-from", "web"),
                      ("--wait", "--attach", "web"), ("--no-recreate", "--force-recreate"),
                      ("--abort-on-container-exit", "--abort-on-container-failure")):
            self.refused("up", *words)
        for words in (("--build",), ("--no-start",), ("--watch",), ("--pull", "build")):
            self.assertRegex(self.refused("up", *words), "not built|started when|not watched")
        self.assertEqual(self.ids(), {})

    def test_only_logs_of_what_was_named_are_shown(self):
        self.write({"db": service("echo from db"), "web": service("echo from web", "depends_on: [db]\n")})
        self.assertNotIn("from db", self.compose("up", "web").stdout)
        self.did("down")
        self.assertIn("from db", self.compose("up", "--attach-dependencies", "web").stdout)
        self.did("down")
        shown = self.compose("up", "--no-attach", "db").stdout
        self.assertNotIn("from db", shown)
        self.assertIn("from web", shown)

    def test_ctrl_c_is_130_also_where_an_exit_code_is_wanted(self):
        self.write({"web": service("echo up; " + LOOP)})
        process = self.start("compose", "-f", os.path.join(self.project, "compose.yaml"), "up", "--abort-on-container-exit")
        while "| up" not in process.stdout.readline():
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), 130)
        self.assertEqual(self.running(), [])


class ComposeVerbs(ComposeTest):
    def test_kill_wait_and_rm(self):
        self.write({"web": service(READY_LOOP), "db": service(LOOP, "volumes: [/data]\n")})
        self.assertIn("no container to kill", self.did("kill"))
        self.did("up", "-d")
        self.wait_for_log("shop-web-1", "up")
        self.assertIn("Container shop-web-1  Killed", self.did("kill", "-s", "TERM", "web"))
        result = self.compose("wait", "web")
        self.assertEqual(result.returncode, 0)
        self.assertIn("exited with status code 0", result.stdout)
        self.did("kill")
        self.assertEqual(self.compose("wait", "db").returncode, 137)
        self.assertEqual(sorted(self.ids()), ["shop-db-1", "shop-web-1"])
        self.assertIn("Container shop-web-1  Removed", self.did("rm", "-f", "web"))
        self.did("rm", "-f", "-v")
        self.assertEqual((self.ids(), self.lines("volume", "ls", "-q")), ({}, []))
        self.assertIn("No stopped containers", self.did("rm", "-f"))
        self.did("up", "-d")
        self.did("rm", "-fsv")
        self.assertEqual(self.ids(), {})

    def test_pause_and_unpause(self):
        self.write({"web": service(LOOP)})
        self.did("up", "-d")
        self.assertIn("Container shop-web-1  Paused", self.did("pause"))
        self.assertIn("(Paused)", self.said("ps"))
        self.assertEqual(self.said("ps", "-q", "--status", "running"), "")
        self.did("unpause")
        self.assertNotIn("(Paused)", self.said("ps"))

    def test_ls_finds_projects_and_their_files(self):
        self.write({"web": service(LOOP), "job": service("true")})
        self.did("up", "-d")
        self.succeed("wait", "shop-job-1")
        heading, row = self.said("ls").splitlines()
        self.assertEqual(heading.split(), ["NAME", "STATUS", "CONFIG", "FILES"])
        self.assertIn("exited(1), running(1)", row)
        self.assertIn(os.path.join(self.project, "compose.yaml"), row)
        self.assertEqual(self.said("ls", "-q"), "shop\n")
        self.did("stop")
        self.assertEqual(self.said("ls", "-q"), "")
        (project,) = json.loads(self.said("ls", "-a", "--format", "json"))
        self.assertEqual((project["Name"], project["Status"]), ("shop", "exited(2)"))

    def test_a_project_is_known_by_its_name_when_its_files_are_gone(self):
        self.write({"db": service(LOOP), "web": service(LOOP, "depends_on: [db]\nvolumes: ['data:/data']\n")}, ["data:"])
        self.did("up", "-d")
        elsewhere = os.path.join(self.directory, "elsewhere")
        os.mkdir(elsewhere)
        os.remove(os.path.join(self.project, "compose.yaml"))

        def there(*words):
            result = self.dunnage("compose", "-p", "shop", *words, cwd=elsewhere)
            self.assertEqual(result.returncode, 0, result.stderr)
            return result.stdout + result.stderr

        self.assertIn("Container shop-web-1  Stopped", there("stop", "web"))
        there("start")
        self.assertEqual(there("ps", "--services").split(), ["db", "web"])
        told = there("down")
        self.assertLess(told.index("shop-web-1  Removed"), told.index("shop-db-1  Stopping"))
        self.assertIn("Volume shop_data  Kept", told)
        there("down", "-v")
        self.assertEqual(self.lines("volume", "ls", "-q"), [])
        self.assertEqual(self.dunnage("compose", "-p", "shop", "down", cwd=elsewhere).returncode, 1)

    def test_a_project_may_come_from_standard_input_to_every_verb(self):
        self.write({"web": service(READY_LOOP)})
        with open(os.path.join(self.project, "compose.yaml"), encoding="utf-8") as file:
            text = file.read()

        def piped(*words):
            result = self.dunnage("compose", "-f", "-", *words, stdin=text, cwd=self.project)
            self.assertEqual(result.returncode, 0, f"compose {' '.join(words)}: {result.stdout}{result.stderr}")
            return result.stdout + result.stderr

        piped("up", "-d")
        self.assertIn("shop-web-1", piped("ps"))
        self.eventually(lambda: "web-1  | up" in piped("logs"), "no log")
        self.assertIn("Container shop-web-1  Started", piped("restart"))
        self.assertEqual(piped("ps", "--services"), "web\n")
        self.eventually(lambda: piped("logs").count("web-1  | up") == 2, "no log")
        piped("kill", "-s", "TERM")
        self.assertIn("Container shop-web-1  Removed", piped("wait", "--down-project", "web"))
        piped("up", "-d")
        self.assertIn("Container shop-web-1  Removed", piped("rm", "-f", "-s"))
        self.assertIn("did you mean \"web\"", self.dunnage("compose", "-f", "-", "kill", "wbe", stdin=text,
                                                          cwd=self.project).stderr)

    def test_cp_takes_services_for_their_containers(self):
        self.write({"web": service(LOOP, "volumes: ['data:/data']\n")}, ["data:"])
        self.did("up", "-d")
        path = self.write_file("cargo", "cargo\n")
        self.did("cp", path, "web:/data/")
        self.assertEqual(self.compose("exec", "web", "cat", "/data/cargo").stdout, "cargo\n")
        self.did("cp", "web:/data/cargo", os.path.join(self.project, "back"))
        with open(os.path.join(self.project, "back"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "cargo\n")
        self.assertIn("has no container 2", self.refused("cp", "--index", "2", path, "web:/data/"))

    def test_top_shows_the_processes_of_each_container(self):
        self.write({"web": service("sleep 1000 & " + LOOP)})
        self.did("up", "-d")
        self.eventually(lambda: "sleep 1000" in self.said("top"), "the program has to start the other one")
        rows = [line.split() for line in self.said("top").splitlines()]
        self.assertEqual(rows[0][:4], ["SERVICE", "#", "UID", "PID"])
        self.assertEqual({tuple(row[:2]) for row in rows[1:]}, {("web", "1")})

    def test_scale_changes_one_service_alone(self):
        self.write({"web": service(LOOP), "db": service(LOOP)})
        self.did("up", "-d")
        self.did("scale", "web=3")
        self.assertEqual(sorted(self.ids()), ["shop-db-1", "shop-web-1", "shop-web-2", "shop-web-3"])
        self.did("scale", "web=0")
        self.assertEqual(sorted(self.ids()), ["shop-db-1"])

    def test_config_answers_what_is_asked(self):
        self.write({"web": service(LOOP, "image: busybox\nnetworks: [back]\n"), "tool": service(LOOP, "profiles: [debug]\n")},
                   more="networks: {back: }\n")
        self.assertEqual(self.said("config", "--profiles"), "debug\n")
        self.assertEqual(self.said("config", "--images"), "busybox\n")
        self.assertEqual(self.said("config", "--networks"), "back\n")
        self.assertRegex(self.said("config", "--hash", "*"), r"\Aweb [0-9a-f]{64}\n\Z")
        self.assertEqual(self.said("config", "--hash", "web"), self.said("config", "--hash", "*"))
        path = os.path.join(self.project, "out.yaml")
        self.did("config", "-o", path)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), self.said("config"))
        self.write({"web": "    image: \"busybox:${TAG}\"\n"})
        self.assertIn("busybox:${TAG}", self.said("config", "--no-interpolate"))

    def test_what_cannot_be_done_is_refused_with_the_reason(self):
        self.write({"web": service(LOOP)})
        for words, why in ((("port", "web", "80"), "no port of the host"), (("build", "--pull"), "not built here"),
                           (("create",), "started when it is made"), (("watch",), "not watched"),
                           (("stats",), "not measured"), (("push",), "no image is built")):
            self.assertIn(why, self.refused(*words))
        self.assertIn("no port of the host", self.refused("run", "-p", "80:80", "web", "true"))

    def test_run_takes_what_docker_compose_run_takes(self):
        self.write({"web": service(LOOP, "volumes: ['data:/data']\n")}, ["data:"])
        variables = self.write_file("variables", "SIZE=3\n")
        result = self.compose("run", "--rm", "-v", "other:/data", "-l", "a=b", "--env-from-file", variables, "web",
                              "sh", "-c", "echo $SIZE > /data/size; cat /data/size")
        self.assertEqual((result.returncode, result.stdout), (0, "3\n"))
        self.assertEqual(sorted(self.lines("volume", "ls", "-q")), ["other", "shop_data"])


@unittest.skipUnless(has_static_busybox(), "there is no static busybox")
class ComposeImages(ComposeTest):
    def test_images_are_called_as_image_ls_calls_them_whatever_the_file_says(self):
        layout = os.path.join(self.directory, "layout")
        write_layout(layout, {"latest": Image([busybox_layer()], config={"Cmd": ["sh", "-c", LOOP.replace("0.05", "1")]})})
        self.succeed("load", "-i", layout, "--name", "team/app:2")
        self.succeed("image", "tag", "team/app:2", "plain")
        digest = json.loads(self.lines("image", "ls", "--format", "json")[0])["Digest"]
        names = {"digest": f"team/app@{digest}", "plain": "plain", "tag": "docker.io/team/app:2"}
        self.write({name: f"    image: {image}\n    stop_grace_period: 1s\n" for name, image in names.items()})
        self.did("up", "-d")
        rows = json.loads(self.said("images", "--format", "json"))
        self.assertEqual({row["ContainerName"]: (row["Repository"], row["Tag"]) for row in rows},
                         {"shop-digest-1": ("team/app", "<none>"), "shop-plain-1": ("plain", "latest"),
                          "shop-tag-1": ("team/app", "2")})
        self.assertEqual(self.said("images", "-q").split(), [rows[0]["ID"]])


class ComposeProfiles(ComposeTest):
    def setUp(self):
        super().setUp()
        self.write({"web": service(LOOP), "tool": service(LOOP, "profiles: [debug]\n")})

    def test_what_a_disabled_service_left_is_no_orphan(self):
        self.did("--profile", "debug", "up", "-d")
        self.assertEqual(sorted(self.ids()), ["shop-tool-1", "shop-web-1"])
        self.assertNotIn("tool", self.did("up", "-d", "--remove-orphans"))
        self.assertEqual(sorted(self.ids()), ["shop-tool-1", "shop-web-1"])
        self.assertIn("Kept: its service is disabled; the profile \"debug\" enables it", self.did("down", "--remove-orphans"))
        self.assertEqual(sorted(self.ids()), ["shop-tool-1"])
        self.did("--profile", "debug", "down")
        self.assertEqual(self.ids(), {})

    def test_a_service_that_is_named_needs_no_profile(self):
        self.assertEqual(self.compose("run", "--rm", "tool", "echo", "here").stdout, "here\n")
        self.did("up", "-d", "tool")
        self.assertEqual(sorted(self.ids()), ["shop-tool-1"])
        self.did("down", "tool")
        self.assertEqual(self.ids(), {})


class ComposeNotes(ComposeTest):
    def test_what_cannot_be_done_is_told_where_it_matters_and_nowhere_else(self):
        self.write({"web": service(LOOP, "ports: ['80']\n"), "db": service(LOOP)}, more="networks: {default: {driver: a}}\n")
        for words in (("config",), ("plan",), ("up", "-d"), ("run", "--rm", "web", "true")):
            told = self.compose(*words).stderr
            self.assertEqual((told.count("services.web.ports"), told.count("networks.default")), (1, 1), told)
        for words in (("ps",), ("logs",), ("exec", "web", "true"), ("volumes",), ("config", "-q"), ("config", "--services"),
                      ("top",), ("stop",), ("start",), ("restart", "-t", "1"), ("down",)):
            self.assertNotIn("warning", self.did(*words))

    def test_nobody_is_told_of_a_network_he_did_not_write_unless_services_may_count_on_it(self):
        self.write({"web": service(LOOP)})
        self.assertEqual(self.compose("config").stderr, "")
        self.write({"web": service(LOOP), "db": service(LOOP, "network_mode: none\n")})
        self.assertEqual(self.compose("config").stderr, "")
        self.write({"web": service(LOOP), "db": service(LOOP)})
        (line,) = self.compose("config").stderr.splitlines()
        self.assertIn("compose.yaml:2:1: services: not supported: services do not reach one another by name", line)


if __name__ == "__main__":
    main()
