#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line `dunnage`, used as people use it.

    DUNNAGE=build/examples/cli/dunnage python3 tests/cli/cli_test.py [CLASS[.test]...]

Every test has a store of its own. Exits with 77 where this user cannot launch containers.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time

from command_line import PATIENCE, CommandLineTest, main


class ExitCodes(CommandLineTest):
    def test_run_exits_as_the_program_does(self):
        for code in (0, 3, 42, 255):
            self.assertEqual(self.dunnage("run", "--host", "sh", "-c", f"exit {code}").returncode, code)

    def test_a_program_killed_by_a_signal_gives_128_and_the_signal(self):
        # A container's first process is killed by signals from outside only.
        process = self.start("run", "--host", "--name", "victim", "sh", "-c", "echo ready; exec sleep 60")
        self.assertEqual(process.stdout.readline(), "ready\n")
        self.succeed("kill", "victim")
        self.assertEqual(process.wait(PATIENCE), 137)

    def test_an_absent_program_gives_127(self):
        self.assertIn("no-such-program", self.fail_with(127, "run", "--host", "no-such-program"))

    def test_a_program_that_cannot_be_executed_gives_126(self):
        file = os.path.join(self.directory, "plain")
        with open(file, "w", encoding="utf-8") as plain:
            plain.write("#!/bin/sh\n")
        os.chmod(file, 0o644)
        self.fail_with(126, "run", "--host", "-v", f"{file}:/plain", "/plain")

    def test_an_error_of_dunnage_gives_125_in_run_and_1_elsewhere(self):
        self.fail_with(125, "run", "--host", "--mount", f"type=bind,source={self.directory}/absent,target=/data",
                       "true")
        self.fail_with(125, "run", "--host", "--no-such-option", "true")
        self.fail_with(125, "run")
        self.fail_with(1, "plan", "-v", "relative")
        self.fail_with(1, "stop", "absent")
        self.fail_with(1, "volume", "inspect", "absent")
        self.fail_with(1, "no-such-command")
        self.fail_with(1)


class WrongInput(CommandLineTest):
    def test_a_wrong_mount_is_shown_with_a_caret_under_the_mistake(self):
        text = "type=bind,readonyl,source=/a,target=/b"
        message = self.fail_with(125, "run", "--host", "--mount", text, "true").splitlines()
        shown = next(number for number, line in enumerate(message) if text in line)
        caret = message[shown + 1]
        self.assertEqual(caret.index("^"), message[shown].index("readonyl"))
        self.assertIn("readonly", "".join(message[:shown]))

    def test_two_mounts_at_one_place_are_refused(self):
        message = self.fail_with(125, "run", "--host", "-v", "a:/data", "--tmpfs", "/data", "true")
        self.assertIn("/data", message)
        self.assertEqual(self.lines("volume", "ls", "-q"), [])

    def test_the_same_volume_flag_twice_is_one_mount(self):
        self.succeed("run", "--host", "-v", "a:/data", "-v", "a:/data", "true")

    def test_combinations_that_make_no_sense_are_refused(self):
        self.assertIn("-d", self.fail_with(125, "run", "--host", "-d", "-t", "true"))
        self.assertIn("--restart", self.fail_with(125, "run", "--host", "--rm", "--restart", "always", "true"))
        self.assertIn("--restart", self.fail_with(125, "run", "--host", "-t", "--restart", "always", "true"))
        self.assertIn("-t", self.fail_with(125, "run", "--host", "-i", "-t", "true"))
        self.fail_with(125, "run", "--host", "--network", "bridge", "true")
        self.fail_with(125, "run", "--host", "--restart", "sometimes", "true")
        self.fail_with(125, "run", "--host", "--stop-signal", "SIGTREM", "true")
        self.fail_with(125, "run", "--host", "-e", "=value", "true")
        self.fail_with(125, "run", "--host", "--env-file", f"{self.directory}/absent", "true")

    def test_an_unknown_name_is_answered_with_the_nearest(self):
        self.succeed("volume", "create", "db-data")
        self.assertIn("db-data", self.fail_with(1, "volume", "inspect", "db-dta"))


class Run(CommandLineTest):
    def test_what_the_program_writes_comes_out(self):
        result = self.dunnage("run", "--host", "sh", "-c", "echo to out; echo to err >&2")
        self.assertEqual((result.stdout, result.stderr), ("to out\n", "to err\n"))

    def test_the_first_plain_word_ends_the_options(self):
        self.assertEqual(self.succeed("run", "--host", "echo", "--rm", "-v", "x"), "--rm -v x\n")
        self.assertEqual(self.succeed("run", "--host", "--", "echo", "-n", "x"), "x")
        self.assertEqual(self.succeed("run", "--host", "echo", "{}", "[a,b]", "--", "ps"), "{} [a,b] -- ps\n")

    def test_input_is_passed_with_i_only(self):
        self.assertEqual(self.succeed("run", "--host", "-i", "cat", stdin="cargo\n"), "cargo\n")
        self.assertEqual(self.succeed("run", "--host", "cat", stdin="cargo\n"), "")

    def test_environment(self):
        file = os.path.join(self.directory, "env")
        with open(file, "w", encoding="utf-8") as env:
            env.write("# comment\n\nFROM_FILE=1\nTWICE=file\nPASSED\n")
        names = ("FROM_FILE", "TWICE", "EMPTY", "EQUALS", "CALLER", "PASSED", "UNSET_HERE", "SECRET")
        out = self.succeed("run", "--host", "--env-file", file, "-e", "TWICE=flag", "--env=EMPTY=", "-eEQUALS=a=b",
                           "-e",
                           "CALLER", "-e", "UNSET_HERE", "sh", "-c",
                           "echo " + ",".join(f"${{{name}-unset}}" for name in names),
                           environment={"CALLER": "caller", "PASSED": "passed", "SECRET": "secret"})
        self.assertEqual(out, "1,flag,,a=b,caller,passed,unset,unset\n")

    def test_working_directory_user_and_host_name(self):
        out = self.succeed("run", "--host", "-w", "/some/where", "-h", "harbour", "sh", "-c", "pwd; uname -n; id -u")
        self.assertEqual(out, "/some/where\nharbour\n0\n")
        self.assertEqual(self.succeed("run", "--host", "-u", "65534:65534", "sh", "-c", "id -u; id -g"),
                         "65534\n65534\n")

    def test_a_read_only_root_has_writable_mounts(self):
        self.assertNotEqual(self.dunnage("run", "--host", "--read-only", "touch", "/file").returncode, 0)
        self.succeed("run", "--host", "--read-only", "--tmpfs", "/scratch", "touch", "/scratch/file")

    def test_the_network_is_private_unless_asked_for(self):
        devices = "cut -d: -f1 -s /proc/net/dev | tr -d ' '"
        self.assertEqual(self.succeed("run", "--host", "sh", "-c", devices).split(), ["lo"])
        self.assertEqual(self.succeed("run", "--host", "--network", "none", "sh", "-c", devices).split(), ["lo"])
        mine = os.readlink("/proc/self/ns/net")
        self.assertEqual(self.succeed("run", "--host", "--network", "host", "readlink", "/proc/self/ns/net").strip(),
                         mine)

    def test_dropped_capabilities_are_gone(self):
        status = self.succeed("run", "--host", "--cap-drop", "ALL", "grep", "CapEff", "/proc/self/status")
        self.assertEqual(int(status.split()[1], 16), 0)

    def test_system_calls_are_filtered_as_security_opt_says(self):
        def seccomp(*words):
            return self.succeed("run", "--host", *words, "sed", "-n", "s/^Seccomp:\t//p", "/proc/self/status").strip()
        self.assertEqual(seccomp(), "2")
        self.assertEqual(seccomp("--security-opt", "seccomp=builtin"), "2")
        self.assertEqual(seccomp("--security-opt", "seccomp=unconfined"), "0")
        self.assertEqual(seccomp("--security-opt", "no-new-privileges=false", "--security-opt", "seccomp:unconfined"), "0")
        with open(os.path.join(self.directory, "profile.json"), "w", encoding="utf-8") as profile:
            profile.write('{"defaultAction": "SCMP_ACT_ALLOW",\n"syscalls": [{"names": ["mkdir", "mkdirat"],'
                          ' "action": "SCMP_ACT_ERRNO"}]}')
        words = ["run", "--host", "--security-opt", "seccomp=profile.json", "mkdir", "/tmp/new"]
        self.assertIn("Operation not permitted", self.dunnage(*words, cwd=self.directory).stderr)
        with open(profile.name, "w", encoding="utf-8") as broken:
            broken.write('{"defaultAction": "SCMP_ACT_ALLOW",\n"syscall": []}')
        self.assertIn('line 2: syscall: there is no such member; did you mean "syscalls"?',
                      self.fail_with(125, *words, cwd=self.directory))
        for wrong in ("seccomp=", "seccomp", "apparmor=unconfined", "no-new-privileges=maybe", "seccomp=/nowhere"):
            self.fail_with(125, "run", "--host", "--security-opt", wrong, "true")

    def test_an_interruption_reaches_the_program(self):
        process = self.start("run", "--host", "sh", "-c", "trap 'echo interrupted; exit 5' INT; echo ready; "
                                                "while :; do sleep 0.05; done")
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.readline(), "interrupted\n")
        self.assertEqual(process.wait(PATIENCE), 5)

    def test_the_third_interruption_kills(self):
        process = self.start("run", "--host", "sh", "-c", "trap '' INT TERM; echo ready; while :; do sleep 0.05; done")
        self.assertEqual(process.stdout.readline(), "ready\n")
        sent = 0
        while process.poll() is None and sent < 100:
            process.send_signal(signal.SIGTERM)  # two that come at once are one
            sent += 1
            time.sleep(0.2)
        self.assertEqual(process.wait(PATIENCE), 137)
        self.assertGreaterEqual(sent, 3)

    def test_a_container_ends_with_the_command_in_the_foreground(self):
        process = self.start("run", "--host", "--name", "orphan", "sh", "-c", "echo ready; exec sleep 1000")
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.kill()
        self.eventually(lambda: not self.lines("ps", "-q"), "the container has to end")

    def test_a_directory_can_be_the_root(self):
        root = os.path.join(self.directory, "root")
        shell = os.path.realpath("/bin/sh")
        needs = subprocess.run(["ldd", shell], capture_output=True, text=True, check=True).stdout
        for file in [shell, *re.findall(r"(/\S+) \(0x", needs)]:
            copy = root + ("/bin/sh" if file == shell else file)
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copy(file, copy)
        out = self.succeed("run", "--rootfs", root, "sh", "-c",
                           "echo cargo > /file; test -e /usr || echo alone; echo /bin/*")
        self.assertEqual(out, "alone\n/bin/sh\n")
        with open(os.path.join(root, "file"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "cargo\n")
        refused = self.dunnage("run", "--read-only", "--rootfs", root, "sh", "-c", "echo > /file")
        self.assertIn("Read-only file system", refused.stderr)
        self.assertIn("absent", self.fail_with(125, "run", "--rootfs", f"{self.directory}/absent", "sh"))

    def test_timings_say_where_the_time_of_the_launch_went(self):
        result = self.dunnage("run", "--timings", "--host", "sh", "-c", "echo out; exit 3")
        self.assertEqual((result.returncode, result.stdout), (3, "out\n"))
        self.assertRegex(result.stderr, r"(?s)\ASTEP .*\nresolve .*\nmounts attached .*\ntotal +[0-9.]+\n\Z")
        self.assertEqual(self.dunnage("run", "--host", "true").stderr, "")


class Limits(CommandLineTest):
    def setUp(self):
        super().setUp()
        features = {feature["Name"]: feature for feature in json.loads(self.succeed("support", "--format", "json"))["Features"]}
        for kind in ("memory", "pids"):
            if not features[f"limits: {kind}"]["Available"]:
                self.skipTest(f"no limits of {kind}: " + features[f"limits: {kind}"]["Detail"])

    def test_limits_are_shown_updated_and_in_force(self):
        self.detached("--name", "limited", "-m", "64m", "--memory-swap", "-1", "--pids-limit", "20", "sleep", "1000")
        known = self.inspected("limited")["HostConfig"]
        self.assertEqual((known["Memory"], known["MemorySwap"], known["PidsLimit"]), (64 << 20, -1, 20))
        stats = json.loads(self.succeed("stats", "--format", "json"))
        self.assertEqual([(one["Name"], one["MemoryLimit"], one["PidsLimit"]) for one in stats],
                         [("limited", 64 << 20, 20)])
        self.assertEqual(self.succeed("update", "--pids-limit", "30", "-m", "128m", "limited"), "limited\n")
        self.assertRegex(self.lines("stats", "limited")[1], r"limited .* 134MB .* 30\Z")
        self.assertIn("pids.max does not take", self.fail_with(1, "update", "--pids-limit", "99999999999", "limited"))
        self.assertEqual(self.inspected("limited")["HostConfig"]["PidsLimit"], 30)
        self.assertIn("nothing to update", self.fail_with(1, "update", "limited"))

    def test_running_out_of_memory_is_told(self):
        result = self.dunnage("run", "--host", "--name", "greedy", "-m", "32m", "--memory-swap", "32m", "tail", "/dev/zero")
        self.assertEqual(result.returncode, 137)
        self.assertIn("memory ran out", result.stderr)
        self.assertTrue(self.inspected("greedy")["State"]["OOMKilled"])

    def test_wrong_limits_are_refused(self):
        self.assertIn("at least 6291456", self.fail_with(125, "run", "--host", "-m", "1m", "true"))
        self.assertIn("less than memory", self.fail_with(125, "run", "--host", "-m", "64m", "--memory-swap", "32m", "true"))
        self.assertIn("is no rate", self.fail_with(125, "run", "--host", "--device-read-bps", "sda:1", "true"))
        self.assertIn("is no block device",
                      self.fail_with(125, "run", "--host", "--device-read-bps", "/dev/null:1mb", "true"))

    def test_what_has_no_limits_has_no_figures_unless_they_are_asked_for(self):
        self.detached("--name", "plain", "sleep", "1000")
        self.detached("--name", "counted", "--statistics", "sleep", "1000")
        self.assertEqual([line.split()[1] for line in self.lines("stats")[1:]], ["counted"])
        self.assertIn("it has no cgroup", self.fail_with(1, "stats", "plain"))


class Detached(CommandLineTest):
    def test_a_container_outlives_the_command_and_is_found_stopped_and_removed(self):
        identifier = self.detached("--name", "server", "sh", "-c",
                                   "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done")
        self.wait_for_log("server", "ready")
        self.assertRegex(identifier, r"\A[0-9a-f]{64}\Z")
        self.assertEqual(self.lines("ps", "-q", "--no-trunc"), [identifier])
        self.assertRegex(self.lines("ps")[1], rf"{identifier[:12]} .*Up .*server\Z")
        self.assertEqual(self.inspected("server")["State"]["Status"], "running")
        self.assertEqual(self.succeed("stop", "server"), "server\n")
        self.assertEqual(self.lines("ps", "-q"), [])
        self.assertRegex(self.lines("ps", "-a")[1], r"Exited \(0\) ")
        self.assertEqual(self.succeed("wait", "server"), "0\n")
        self.assertEqual(self.succeed("stop", "server"), "server\n")  # stopped already, as in Docker
        self.assertEqual(self.succeed("rm", "server"), "server\n")
        self.assertEqual(self.lines("ps", "-a", "-q"), [])
        self.assertIn("server", self.fail_with(1, "rm", "server"))
        self.succeed("rm", "-f", "server")

    def test_a_running_container_is_removed_with_force_only(self):
        self.detached("--name", "server", "sleep", "1000")
        self.fail_with(1, "rm", "server")
        self.assertEqual(len(self.lines("ps", "-q")), 1)
        self.succeed("rm", "-f", "server")
        self.assertEqual(self.lines("ps", "-a", "-q"), [])

    def test_a_name_is_given_once(self):
        self.detached("--name", "server", "sleep", "1000")
        self.assertIn("server", self.fail_with(125, "run", "--host", "--name", "server", "true"))

    def test_a_beginning_of_the_id_is_enough(self):
        identifier = self.detached("sleep", "1000")
        self.assertEqual(self.inspected(identifier[:8])["Id"], identifier)

    def test_stop_kills_what_does_not_listen(self):
        self.detached("--name", "deaf", "sh", "-c", "trap '' TERM; while :; do sleep 0.05; done")
        before = time.monotonic()
        self.succeed("stop", "-t", "1", "deaf")
        self.assertGreaterEqual(time.monotonic() - before, 1)
        self.assertEqual(self.succeed("wait", "deaf"), "137\n")

    def test_the_stop_signal_can_be_chosen(self):
        self.detached("--name", "server", "--stop-signal", "USR1", "sh", "-c",
                      "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done")
        self.wait_for_log("server", "ready")
        self.succeed("stop", "server")
        self.assertEqual(self.succeed("wait", "server"), "9\n")

    def test_kill_sends_the_signal_it_is_told(self):
        self.detached("--name", "server", "sh", "-c", "trap 'echo hello' HUP; echo ready; while :; do sleep 0.05; done")
        self.wait_for_log("server", "ready")
        self.succeed("kill", "-s", "HUP", "server")
        self.wait_for_log("server", "hello")
        self.fail_with(1, "kill", "-s", "NOSUCH", "server")

    def test_a_paused_container_stands_still(self):
        counter = os.path.join(self.directory, "counter")
        self.detached("--name", "server", "-v", f"{counter}:/counter", "sh", "-c",
                      "while :; do echo >> /counter/file; sleep 0.01; done")
        file = os.path.join(counter, "file")
        self.eventually(lambda: os.path.exists(file), "the program has to start")
        self.succeed("pause", "server")
        size = os.path.getsize(file)

        def stands_still():
            """Where nothing can be frozen, a process that waits for a processor may finish one write yet."""
            nonlocal size
            before, size = size, os.path.getsize(file)
            time.sleep(0.3)
            return before == size == os.path.getsize(file)

        self.eventually(stands_still, "the program has to stand still")
        self.assertIn("(Paused)", self.lines("ps")[1])
        self.succeed("unpause", "server")
        self.eventually(lambda: os.path.getsize(file) > size, "the program has to go on")

    def test_a_restart_policy_starts_a_failing_program_again(self):
        self.detached("--name", "server", "--restart", "on-failure:2", "-v", "data:/data", "sh", "-c",
                      "echo started >> /data/log; exit 1")
        self.assertEqual(self.succeed("wait", "server"), "1\n")
        out = self.succeed("run", "--host", "-v", "data:/data:ro", "cat", "/data/log")
        self.assertEqual(out.count("started"), 3)

    def test_rm_flag_removes_the_record_at_the_end(self):
        self.detached("--rm", "--name", "server", "-v", "/data", "sh", "-c", "exit 0")
        self.eventually(lambda: not self.lines("ps", "-a", "-q"), "the record has to go")
        self.eventually(lambda: not self.lines("volume", "ls", "-q"), "the anonymous volume has to go")

    def test_rm_takes_anonymous_volumes_when_asked(self):
        for flags, left in ((["-f"], 1), (["-f", "-v"], 1)):  # the second leaves what the first has left
            self.detached("--name", "server", "-v", "/data", "sleep", "1000")
            self.succeed("rm", *flags, "server")
            self.assertEqual(len(self.lines("volume", "ls", "-q")), left)


class Records(CommandLineTest):
    def test_a_named_container_in_the_foreground_keeps_its_record(self):
        self.assertEqual(self.dunnage("run", "--host", "--name", "job", "sh", "-c", "exit 4").returncode, 4)
        self.assertEqual(self.inspected("job")["State"]["ExitCode"], 4)
        self.assertEqual(self.succeed("run", "--host", "--name", "gone", "--rm", "true"), "")
        self.succeed("run", "--host", "true")
        self.assertEqual([json.loads(line)["Names"] for line in self.lines("ps", "-a", "--format", "json")], ["job"])

    def test_inspect_has_dockers_fields(self):
        logs = os.path.join(self.directory, "logs")
        self.detached("--name", "server", "-l", "app=shop", "-v", f"{logs}:/logs:ro", "-v", "data:/data", "-e", "A=1",
                      "-w", "/data", "sleep", "1000")
        container = self.inspected("server")
        self.assertEqual((container["Path"], container["Args"]), ("sleep", ["1000"]))
        self.assertIn(container["Name"], ("server", "/server"))
        self.assertGreater(container["State"]["Pid"], 0)
        self.assertEqual(container["Config"]["Labels"], {"app": "shop"})
        self.assertIn("A=1", container["Config"]["Env"])
        mounts = {mount["Destination"]: mount for mount in container["Mounts"]}
        self.assertEqual((mounts["/logs"]["Type"], mounts["/logs"]["Source"], mounts["/logs"]["RW"]),
                         ("bind", logs, False))
        self.assertEqual((mounts["/data"]["Type"], mounts["/data"]["Name"], mounts["/data"]["RW"]),
                         ("volume", "data", True))

    def test_inspect_goes_on_after_an_unknown_name(self):
        self.succeed("volume", "create", "data")
        result = self.dunnage("inspect", "absent", "data")
        self.assertEqual(result.returncode, 1)
        self.assertIn("absent", result.stderr)
        self.assertEqual([found["Name"] for found in json.loads(result.stdout)], ["data"])

    def test_ps_as_json_lines(self):
        self.detached("--name", "server", "-v", "data:/data", "-l", "a=1", "sleep", "1000")
        (row,) = (json.loads(line) for line in self.lines("ps", "--format", "json"))
        self.assertEqual((row["Names"], row["Command"], row["State"], row["Mounts"], row["Labels"]),
                         ("server", '"sleep 1000"', "running", "data", "a=1"))
        self.assertRegex(row["ID"], r"\A[0-9a-f]{12}\Z")
        self.assertRegex(row["Status"], r"\AUp ")

    def test_logs_keep_both_streams(self):
        self.detached("--name", "job", "sh", "-c", "echo one; echo two >&2; echo three")
        self.succeed("wait", "job")
        result = self.dunnage("logs", "job")
        self.assertEqual((result.stdout, result.stderr), ("one\nthree\n", "two\n"))

    def test_logs_can_be_cut_and_timed(self):
        self.detached("--name", "job", "sh", "-c", "for n in 1 2 3 4 5; do echo $n; done")
        self.succeed("wait", "job")
        self.assertEqual(self.succeed("logs", "--tail", "2", "job"), "4\n5\n")
        for line in self.lines("logs", "-t", "job"):
            self.assertRegex(line, r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z [1-5]\Z")
        self.assertEqual(self.succeed("logs", "--since", "1h", "job"), "1\n2\n3\n4\n5\n")
        self.assertEqual(self.succeed("logs", "--since", "2999-01-01", "job"), "")
        self.fail_with(1, "logs", "--tail", "some", "job")
        self.fail_with(1, "logs", "--since", "yesterday", "job")

    def test_logs_are_followed_until_the_end(self):
        self.detached("--name", "job", "sh", "-c", "for n in 1 2 3; do echo $n; sleep 0.2; done")
        self.assertEqual(self.succeed("logs", "-f", "job"), "1\n2\n3\n")


class Exec(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.detached("--name", "server", "-e", "FROM=container", "-w", "/srv", "-h", "harbour", "sleep", "1000")

    def test_a_further_program_is_in_the_container(self):
        self.assertEqual(self.succeed("exec", "server", "uname", "-n"), "harbour\n")
        self.assertEqual(self.succeed("exec", "server", "sh", "-c", "pwd; echo $FROM"), "/srv\ncontainer\n")
        self.assertEqual(self.succeed("exec", "-w", "/tmp", "-e", "FROM=exec", "server", "sh", "-c", "pwd; echo $FROM"),
                         "/tmp\nexec\n")

    def test_exit_codes(self):
        self.assertEqual(self.dunnage("exec", "server", "sh", "-c", "exit 3").returncode, 3)
        self.assertEqual(self.dunnage("exec", "server", "sh", "-c", "kill -9 $$").returncode, 137)
        self.fail_with(127, "exec", "server", "no-such-program")
        self.fail_with(126, "exec", "server", "/etc/passwd")
        self.fail_with(1, "exec", "absent", "true")
        self.fail_with(1, "exec", "server")
        self.succeed("kill", "server")
        self.fail_with(1, "exec", "server", "true")

    def test_input_is_passed_with_i_only(self):
        self.assertEqual(self.succeed("exec", "-i", "server", "cat", stdin="cargo\n"), "cargo\n")
        self.assertEqual(self.succeed("exec", "server", "cat", stdin="cargo\n"), "")

    def test_the_container_goes_on(self):
        self.succeed("exec", "server", "true")
        self.assertEqual(self.inspected("server")["State"]["Status"], "running")


class Restart(CommandLineTest):
    def test_a_container_is_restarted_and_started_by_its_name(self):
        identity = self.detached("--name", "server", "-v", "/anonymous", "sh", "-c",
                                 "trap 'exit 3' TERM; echo x >> /anonymous/f; wc -l < /anonymous/f; "
                                 "while :; do sleep 0.02; done")
        self.wait_for_whole_log("server", "1\n")
        self.assertEqual(self.succeed("restart", "server"), "server\n")
        self.wait_for_whole_log("server", "1\n2\n")
        self.succeed("stop", "server")
        self.assertEqual(self.inspected("server")["State"]["ExitCode"], 3)
        self.assertEqual(self.succeed("start", "server"), "server\n")
        self.assertEqual(self.succeed("start", "server"), "server\n")  # it runs already, as in Docker
        self.wait_for_whole_log("server", "1\n2\n3\n")
        self.succeed("kill", "server")
        self.succeed("wait", "server")
        self.assertEqual(self.succeed("restart", "-t", "1", identity[:12]), identity[:12] + "\n")
        self.wait_for_whole_log("server", "1\n2\n3\n4\n")
        self.assertEqual(self.inspected("server")["Id"], identity)
        self.assertIn("did you mean", self.fail_with(1, "restart", "sever"))
        self.assertIn("did you mean", self.fail_with(1, "start", "sever"))

    def wait_for_whole_log(self, name, wanted):
        self.eventually(lambda: self.succeed("logs", name) == wanted, f"{name} has to write {wanted!r} and no more")


class Help(CommandLineTest):
    def test_every_command_explains_itself(self):
        self.assertIn("volume", self.succeed("--help"))
        self.assertRegex(self.succeed("--version"), r"\Adunnage \d+\.\d+\.\d+\n\Z")
        for words in ("run", "plan", "exec", "ps", "inspect", "logs", "start", "stop", "restart", "kill", "pause",
                      "unpause",
                      "wait", "rm", "volume ls", "volume create", "volume inspect", "volume rm", "volume prune",
                      "volume update", "volume usage", "volume trash ls", "volume trash restore", "volume trash purge",
                      "volume export", "volume import", "volume rename", "volume cp", "volume adopt",
                      "image pull", "image load", "image import", "image ls", "image inspect", "image tag", "image rm",
                      "image prune", "pull", "load", "import", "images", "tag", "rmi", "support", "explain"):
            self.assertIn("--store", self.succeed(*words.split(), "--help"))

    def test_support_says_what_can_be_done(self):
        self.assertIn("root", self.succeed("support"))
        self.assertTrue(json.loads(self.succeed("support", "--format", "json")))

    def test_support_says_what_the_store_can_do(self):
        self.assertIn("is not there yet", self.succeed("support", "--store", os.path.join(self.directory, "absent")))
        self.assertFalse(os.path.exists(os.path.join(self.directory, "absent")))
        self.succeed("volume", "create", "one")
        features = {feature["Name"]: feature
                    for feature in json.loads(self.succeed("support", "--format", "json"))["Features"]}
        self.assertTrue(features["store: can be written to"]["Available"])
        self.assertTrue(all(feature["Detail"] for feature in features.values()))


if __name__ == "__main__":
    main()
