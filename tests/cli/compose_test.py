#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`dunnage compose`, used as people use it.

    DUNNAGE=build/examples/cli/dunnage python3 tests/cli/compose_test.py [CLASS[.test]...]

Services run on this machine's /usr (`x-dunnage: {rootfs: host}`) unless a test is about images.
"""

import json
import os
import signal
import time

from command_line import PATIENCE, main
from compose_project import LOOP, ComposeTest, service


class Plans(ComposeTest):
    def test_a_plan_makes_nothing_not_even_a_store(self):
        self.write({"web": service(LOOP, "volumes: ['data:/data']\n")}, ["data:"])
        self.assertEqual(self.steps(), ["create volume shop_data", "create container shop-web-1"])
        self.assertIn("create    container  shop-web-1", self.did("plan"))
        self.assertEqual(self.plan("--down")["Steps"], [])
        self.assertFalse(os.path.exists(self.store))

    def test_up_twice_changes_nothing_the_second_time(self):
        self.write({"db": service(LOOP, "volumes: ['data:/data']\n"), "web": service(LOOP, "depends_on: [db]\n")},
                   ["data:"])
        self.did("up", "-d")
        before = self.ids()
        self.assertEqual(self.steps(),
                         ["keep volume shop_data", "keep container shop-db-1", "keep container shop-web-1"])
        self.assertIn("Container shop-web-1  Running", self.did("up", "-d"))
        self.assertEqual(self.ids(), before)

    def test_what_destroys_data_is_listed_and_refused_without_the_word(self):
        self.write({"web": service(LOOP, "volumes: ['data:/data']\n")}, ["data:"])
        self.did("up", "-d")
        self.assertEqual(self.plan("--down")["DataLoss"], [])
        self.assertEqual(self.plan("--down", "-v")["DataLoss"], ["shop_data"])
        self.assertIn("DESTROYS DATA of shop_data", self.did("plan", "--down", "-v"))
        self.write({"web": service(LOOP, "volumes: ['data:/data']\n")}, ["data: {driver_opts: {type: tmpfs, device: x}}"])
        self.assertEqual(self.plan()["DataLoss"], [])
        self.assertEqual(self.plan("-y")["DataLoss"], ["shop_data"])


class UpAndDown(ComposeTest):
    def test_a_changed_service_is_recreated_alone_with_its_anonymous_volumes(self):
        script = "[ -e /data/kept ] && echo found it; echo x > /data/kept; " + LOOP
        services = {"db": service(LOOP), "web": service(script, "volumes: [/data]\nenvironment: {PORT: 80}\n")}
        self.write(services)
        self.did("up", "-d")
        self.eventually(lambda: self.dunnage("exec", "shop-web-1", "test", "-e", "/data/kept").returncode == 0, "start")
        before, volumes = self.ids(), self.lines("volume", "ls", "-q")
        self.assertEqual(len(volumes), 1)
        self.write({**services, "web": service(script, "volumes: [/data]\nenvironment: {PORT: 81}\n")})
        changed = {step["Subject"]: step["Changed"] for step in self.plan()["Steps"]}
        self.assertEqual(changed, {"shop-db-1": [], "shop-web-1": ["environment.PORT"]})
        self.did("up", "-d")
        after = self.ids()
        self.assertEqual(after["shop-db-1"], before["shop-db-1"])
        self.assertNotEqual(after["shop-web-1"], before["shop-web-1"])
        self.eventually(lambda: "found it" in self.did("logs", "web"), "its anonymous volume has to come along")
        self.assertEqual(self.lines("volume", "ls", "-q"), volumes)
        self.did("up", "-d", "--force-recreate", "-V", "web")
        self.assertEqual(len(self.lines("volume", "ls", "-q")), 1)
        self.assertNotEqual(self.lines("volume", "ls", "-q"), volumes)

    def test_down_keeps_volumes_says_so_and_up_finds_the_data(self):
        script = "cat /data/log; date >> /data/log; " + LOOP
        self.write({"web": service(script, "volumes: ['data:/data', 'others:/others']\n")},
                   ["data:", "others: {external: true}"])
        self.assertIn("external volume", self.refused("up", "-d"))
        self.assertEqual(self.lines("ps", "-a", "-q"), [])
        self.succeed("volume", "create", "others")
        self.did("up", "-d")
        self.eventually(lambda: self.dunnage("exec", "shop-web-1", "test", "-s", "/data/log").returncode == 0, "start")
        told = self.did("down")
        self.assertIn("Volume shop_data  Kept: volumes stay unless", told)
        self.assertIn("Volume others  Kept: it is external", told)
        self.assertEqual(self.lines("ps", "-a", "-q"), [])
        self.did("up", "-d")
        self.eventually(lambda: self.did("logs", "--no-log-prefix", "web").count("\n") == 1, "the data has to be there")
        self.did("down", "-v")
        self.assertEqual(self.lines("volume", "ls", "-q"), ["others"])
        self.assertEqual(self.steps("--down"), ["keep volume others"])

    def test_volumes_have_the_names_and_labels_of_compose(self):
        self.write({"web": service(LOOP, "volumes: ['data:/data']\n")}, ["data: {labels: {a: b}}"])
        self.did("up", "-d")
        (volume,) = json.loads(self.succeed("volume", "inspect", "shop_data"))
        labels = volume["Labels"]
        self.assertEqual({name: labels[name] for name in ("a", "com.docker.compose.project",
                                                          "com.docker.compose.volume")},
                         {"a": "b", "com.docker.compose.project": "shop", "com.docker.compose.volume": "data"})
        self.assertRegex(labels["com.docker.compose.config-hash"], r"\A[0-9a-f]{64}\Z")
        self.assertIn("com.docker.compose.version", labels)
        container = self.inspected("shop-web-1")["Config"]["Labels"]
        self.assertEqual({name: container["com.docker.compose." + name]
                          for name in ("project", "service", "container-number", "oneoff")},
                         {"project": "shop", "service": "web", "container-number": "1", "oneoff": "False"})
        self.assertEqual(self.said("volumes", "-q"), "shop_data\n")
        self.assertEqual(self.said("volumes", "-q", "web"), "shop_data\n")

    def test_services_start_after_what_they_wait_for(self):
        self.write({
            "job": service("sleep 0.3; touch /shared/job", "volumes: ['shared:/shared']\n"),
            "db": service("sleep 0.5; touch /shared/ready; " + LOOP, """\
                volumes: ['shared:/shared']
                healthcheck: {test: [CMD, test, -e, /shared/ready], interval: 1s, timeout: 5s, retries: 20}
                """),
            "web": service("ls /shared; " + LOOP, """\
                volumes: ['shared:/shared']
                depends_on: {job: {condition: service_completed_successfully}, db: {condition: service_healthy}}
                """)}, ["shared:"])
        self.did("up", "-d")
        self.eventually(lambda: self.did("logs", "--no-log-prefix", "web").split() == ["job", "ready"], "web")

    def test_a_dependency_that_fails_is_named_with_what_is_done_and_what_is_not(self):
        self.write({"job": service("echo no luck; exit 3"),
                    "web": service(LOOP, "depends_on: {job: {condition: service_completed_successfully}}\n")})
        message = self.refused("up", "-d")
        for part in ("shop-job-1", "exited with 3", "Done: create shop-job-1", "Not done: create shop-web-1"):
            self.assertIn(part, message)
        self.assertEqual(self.running(), [])
        self.write({"db": service(LOOP, "healthcheck: {test: [CMD, 'false'], interval: 10ms, retries: 2}\n"),
                    "web": service(LOOP, "depends_on: {db: {condition: service_healthy}}\n")})
        self.assertIn("unhealthy", self.refused("up", "-d"))

    def test_scale(self):
        self.write({"web": service(LOOP)})
        self.did("up", "-d", "--scale", "web=3")
        self.assertEqual(sorted(self.ids()), ["shop-web-1", "shop-web-2", "shop-web-3"])
        self.did("up", "-d", "--scale", "web=2")
        self.assertEqual(sorted(self.ids()), ["shop-web-1", "shop-web-2"])
        self.refused("up", "--scale", "web=many")
        self.did("down")

    def test_orphans_stay_until_they_are_asked_to_go(self):
        self.write({"web": service(LOOP), "old": service(LOOP)})
        self.did("up", "-d")
        self.write({"web": service(LOOP)})
        self.assertIn("no service \"old\" any more", self.did("up", "-d"))
        self.assertEqual(sorted(self.ids()), ["shop-old-1", "shop-web-1"])
        self.did("up", "-d", "--remove-orphans")
        self.assertEqual(sorted(self.ids()), ["shop-web-1"])

    def test_a_container_that_ended_by_itself_is_started_again_by_up(self):
        self.write({"web": service("date >> /data/log; exec sleep 60", "volumes: [/data]\n")})
        self.did("up", "-d")
        before = self.ids()
        self.succeed("kill", "shop-web-1")
        self.succeed("wait", "shop-web-1")
        self.assertEqual(self.steps(), ["start container shop-web-1"])
        self.did("up", "-d")
        self.assertEqual(self.ids(), before)
        self.assertEqual(self.running(), ["web"])

    def test_a_launch_that_fails_leaves_the_container_that_was_there(self):
        self.write({"web": service(LOOP)})
        self.did("up", "-d")
        before = self.ids()
        self.write({"web": "    x-dunnage: {rootfs: host}\n    command: [/no/such/program]\n"})
        self.assertIn("/no/such/program", self.refused("up", "-d", "-t", "1"))
        self.assertEqual(self.ids(), before)

    def test_up_that_is_killed_anywhere_is_finished_by_the_next_one(self):
        services = {f"s{number}": service("echo here >> /data/log; " + LOOP, "volumes: ['data:/data', /own]\n" + (
            f"depends_on: [s{number - 1}]\n" if number else "")) for number in range(5)}
        for delay in (0, 0.02, 0.05, 0.1, 0.2):
            self.write(services, ["data:"])
            process = self.start("compose", "-f", os.path.join(self.project, "compose.yaml"), "up", "-d")
            time.sleep(delay)
            process.kill()
            process.wait(PATIENCE)
            self.did("up", "-d")
            self.assertEqual(self.running(), sorted(services))
            self.assertEqual({step["Action"] for step in self.plan()["Steps"]}, {"keep"})
            self.assertEqual(sorted(self.ids()), [f"shop-{name}-1" for name in sorted(services)])
            self.did("down", "-v")
            # an anonymous volume of a launch that was killed before it had a record is nobody's
            self.eventually(self.nothing_is_left, "the launcher of the one that was killed has to let go of it")

    def nothing_is_left(self):
        self.succeed("volume", "prune", "-f")
        return self.lines("volume", "ls", "-q") == []

    def test_a_recreation_that_is_killed_anywhere_loses_no_anonymous_volume(self):
        body = "[ -e /own/kept ] || date > /own/kept; " + LOOP
        self.write({"web": service(body, "volumes: [/own]\n")})
        self.did("up", "-d")
        volumes = self.lines("volume", "ls", "-q")
        for number, delay in enumerate((0, 0.02, 0.05, 0.1, 0.15, 0.2)):
            self.write({"web": service(body, f"volumes: [/own]\nenvironment: {{NUMBER: {number}}}\n")})
            process = self.start("compose", "-f", os.path.join(self.project, "compose.yaml"), "up", "-d")
            time.sleep(delay)
            process.kill()
            process.wait(PATIENCE)
            self.did("up", "-d")
            self.assertEqual(self.running(), ["web"])
            self.assertEqual(self.lines("volume", "ls", "-q"), volumes)

    def test_stop_start_and_restart_keep_the_containers(self):
        self.write({"db": service(LOOP), "web": service(LOOP, "depends_on: [db]\n")})
        self.did("up", "-d")
        before = self.ids()
        self.did("stop", "web")
        self.assertEqual(self.running(), ["db"])
        self.did("start", "web")
        self.assertEqual(self.running(), ["db", "web"])
        pid = self.inspected("shop-db-1")["State"]["Pid"]
        self.did("restart", "db")
        self.assertNotEqual(self.inspected("shop-db-1")["State"]["Pid"], pid)
        self.did("stop")
        self.assertEqual(self.running(), [])
        self.assertEqual(self.ids(), before)


class Words(ComposeTest):
    def test_config_prints_the_project(self):
        self.write({"db": service(LOOP), "web": service(LOOP, "depends_on: [db]\nvolumes: ['data:/data']\n")}, ["data:"])
        self.assertIn("name: shop", self.did("config"))
        self.assertEqual(sorted(json.loads(self.said("config", "--format", "json"))["services"]), ["db", "web"])
        self.assertEqual(self.said("config", "--services").split(), ["db", "web"])
        self.assertEqual(self.said("config", "--volumes").split(), ["data"])
        self.assertEqual(self.did("config", "-q"), "")

    def test_files_that_are_wrong_exit_with_15_and_files_that_are_not_there_with_14(self):
        self.write({"web": "    imgae: web\n"})
        self.assertIn("imgae", self.refused("config", code=15))
        self.refused("up", code=15)
        os.remove(os.path.join(self.project, "compose.yaml"))
        self.refused("up", code=14)

    def test_run_is_a_container_of_its_own_and_exits_as_its_program_does(self):
        self.write({"db": service(LOOP), "web": service(LOOP, """\
            depends_on: [db]
            volumes: ['data:/data']
            environment: {COLOR: blue}
            """)}, ["data:"])
        result = self.compose("run", "--rm", "-e", "SIZE=3", "web", "sh", "-c", "echo $COLOR $SIZE; exit 7")
        self.assertEqual((result.returncode, result.stdout), (7, "blue 3\n"))
        self.assertEqual(self.running(), ["db"])
        self.assertEqual(self.lines("volume", "ls", "-q"), ["shop_data"])
        self.assertEqual(sorted(self.ids()), ["shop-db-1"])
        self.assertEqual(self.compose("run", "--rm", "web", "cat", stdin="cargo\n").stdout, "cargo\n")
        self.assertEqual(self.compose("run", "web", "no-such-program").returncode, 127)
        self.did("run", "web", "true")
        self.assertEqual([name.split("-run-")[0] for name in self.ids()], ["shop-db-1", "shop-web"])
        self.did("down")
        self.assertEqual(self.ids(), {})

    def test_exec_runs_in_the_container_of_a_service(self):
        self.write({"web": service(LOOP, "environment: {COLOR: blue}\n")})
        self.refused("exec", "web", "true")
        self.did("up", "-d")
        result = self.compose("exec", "web", "sh", "-c", "echo $COLOR; exit 4")
        self.assertEqual((result.returncode, result.stdout), (4, "blue\n"))
        self.assertEqual(self.compose("exec", "web", "cat", stdin="cargo\n").stdout, "cargo\n")
        self.refused("exec", "--index", "2", "web", "true")

    def test_ps_and_logs(self):
        self.write({"db": service("echo one; sleep 0.2; echo three; " + LOOP), "worker": service("sleep 0.1; echo two")})
        self.did("up", "-d")
        self.succeed("wait", "shop-worker-1")
        self.eventually(lambda: "three" in self.did("logs"), "db")
        heading, line = self.said("ps").splitlines()
        self.assertEqual(heading.split(), ["NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"])
        self.assertIn("shop-db-1", line)
        self.assertIn("Exited (0)", self.said("ps", "-a"))
        self.assertEqual(sorted(self.did("logs").splitlines()),
                         ["db-1      | one", "db-1      | three", "worker-1  | two"])
        self.assertEqual(self.did("logs", "--no-log-prefix", "--tail", "1", "db"), "three\n")
        follower = self.start("compose", "-p", "shop", "logs", "-f", "db")
        self.assertEqual(follower.stdout.readline(), "db-1  | one\n")
        self.did("down")
        self.assertEqual(follower.wait(PATIENCE), 0)

    def test_what_the_files_ask_and_cannot_be_done_is_said(self):
        self.write({"web": service(LOOP, "ports: ['8080:80']\nrestart: unless-stopped\n")})
        result = self.compose("config", "-q")
        result = self.compose("plan")
        self.assertIn("services.web.ports", result.stderr)
        self.assertIn("unless-stopped is always here", result.stdout)

    def test_an_untrusted_project_gets_nothing_of_the_host(self):
        self.write({"web": service(LOOP, "volumes: ['/etc:/host']\n")})
        path = os.path.join(self.project, "compose.yaml")
        message = self.dunnage("compose", "--untrusted", "-f", path, "config")
        self.assertEqual(message.returncode, 15)
        self.did("config", "-q")


class Foreground(ComposeTest):
    def test_up_in_the_foreground_shows_all_logs_and_ends_with_its_containers(self):
        self.write({"db": service("echo from db"), "web": service("echo from web >&2; exit 3")})
        result = self.compose("up")
        self.assertEqual(result.returncode, 0)
        for line in ("db-1   | from db", "db-1 exited with code 0", "web-1 exited with code 3"):
            self.assertIn(line, result.stdout.splitlines())
        self.assertIn("web-1  | from web", result.stderr.splitlines())

    def test_ctrl_c_stops_all_and_exits_with_130(self):
        self.write({"db": service("echo up; " + LOOP), "web": service("echo up; " + LOOP, "depends_on: [db]\n")})
        process = self.start("compose", "-f", os.path.join(self.project, "compose.yaml"), "up")
        seen = []
        while sum("| up" in line for line in seen) < 2:
            seen.append(process.stdout.readline())
            self.assertNotEqual(seen[-1], "", seen)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        self.assertEqual(process.wait(PATIENCE), 130)
        self.assertLess(rest.index("Container shop-web-1  Stopped"), rest.index("Container shop-db-1  Stopping"))
        self.assertEqual(self.running(), [])
        self.assertEqual(sorted(self.ids()), ["shop-db-1", "shop-web-1"])


if __name__ == "__main__":
    main()
