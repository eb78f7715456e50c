# SPDX-License-Identifier: Apache-2.0
"""The runner of CI jobs: what steps see and print, how a job ends, and that caches save work."""

import json
import signal
import subprocess
import sys
import time

import pytest

from conftest import EXAMPLES
from dunnage import VolumeStore


@pytest.fixture
def source(tmp_path):
    """A source tree with a lock file."""
    path = tmp_path / "source"
    path.mkdir()
    (path / "deps.lock").write_text("timber 1.0\n")
    return path


@pytest.fixture
def job(program, source):
    """Runs a job."""
    def run(description, *arguments):
        text = description if isinstance(description, str) else json.dumps(description)
        (source / "job.json").write_text(text)
        return program(EXAMPLES / "ci_job_runner.py", *arguments, source / "job.json")
    return run


def step(name, run, **members):
    return {"name": name, "run": run, **members}


def volumes(tmp_path):
    return list(VolumeStore.open(tmp_path / "store"))


def test_steps_see_the_source_read_only_and_share_a_directory(job, tmp_path):
    done = job({"name": "j", "env": {"WHO": "job"}, "steps": [
        step("first", "echo $WHO $CI; cat /source/deps.lock; pwd; touch made; touch /source/x || echo refused"),
        step("next", "ls; echo $WHO >&2; printf end", env={"WHO": "step"})]})
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for line in ["[first] job true", "[first] timber 1.0", "[first] /work", "[first] refused", "[next ] made",
                 "[next ] step", "[next ] end"]:
        assert line in lines
    assert volumes(tmp_path) == []


FILLING = {"name": "shop", "caches": {"deps": {"path": "/deps", "key": ["*.lock"]}}, "steps": [
    step("install", "sleep 2; cp /source/deps.lock /deps/installed", unless_cached="deps"),
    step("test", "cat /deps/installed")]}


def test_the_second_job_is_faster_by_its_cache(job, source, tmp_path):
    def timed():
        started = time.monotonic()
        done = job(FILLING)
        return done, time.monotonic() - started

    first, slow = timed()
    assert first.returncode == 0 and "[install] exited with 0" in first.stdout
    for _ in range(5):  # on a busy machine any of them may have to wait
        second, quick = timed()
        assert second.returncode == 0
        assert "[install] left out, the cache deps is filled" in second.stdout
        assert "[test   ] timber 1.0" in second.stdout
        if quick < slow - 1:
            break
    assert quick < slow - 1

    kept = volumes(tmp_path)
    (source / "deps.lock").write_text("timber 2.0\n")
    third = job(FILLING)
    assert "[test   ] timber 2.0" in third.stdout
    assert len(kept) == len(volumes(tmp_path)) == 1 and volumes(tmp_path) != kept


def test_a_job_that_fails_keeps_no_cache(job):
    broken = {**FILLING, "steps": [step("install", "touch /deps/half; false", unless_cached="deps")]}
    assert job(broken).returncode == 1
    again = job({**FILLING, "steps": [step("install", "ls -A /deps; echo done", unless_cached="deps")]})
    assert again.returncode == 0 and "half" not in again.stdout and "[install] done" in again.stdout


def test_of_two_jobs_at_once_one_fills_the_cache(source, tmp_path):
    until_told = step("install", "until [ -e /source/go ]; do sleep 0.05; done; cp /source/deps.lock /deps/installed",
                      unless_cached="deps")
    (source / "job.json").write_text(json.dumps({**FILLING, "steps": [until_told, FILLING["steps"][1]]}))
    command = [sys.executable, EXAMPLES / "ci_job_runner.py", "--store", tmp_path / "store", source / "job.json"]
    jobs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    begun = ["", ""]
    for number, job in enumerate(jobs):
        while not any(words in begun[number] for words in ("to be filled", "this one goes without")):
            line = job.stdout.readline()
            assert line, begun
            begun[number] += line
    (source / "go").touch()
    outputs = [text + job.communicate(timeout=60)[0] for text, job in zip(begun, jobs)]
    assert [job.returncode for job in jobs] == [0, 0]
    assert sum("to be filled" in text for text in outputs) == 1
    assert sum("this one goes without" in text for text in outputs) == 1
    assert len(volumes(tmp_path)) == 1


@pytest.mark.parametrize("script, code, said", [
    ("exit 3", 3, "exited with 3"),
    ("sh -c 'kill -9 $$'", 137, "exited with 137"),
    ("echo begun; sleep 60", 124, "killed after its timeout of 0.5 s"),
])
def test_a_step_that_fails_ends_the_job(job, tmp_path, script, code, said):
    done = job({"name": "j", "steps": [step("bad", script, timeout=0.5 if "sleep" in script else 60),
                                       step("not reached", "echo no"), step("last", "echo bye", always=True)]})
    assert done.returncode == code
    assert f"[bad        ] {said}" in done.stdout
    assert "[not reached] left out after the failure" in done.stdout and "[last       ] bye" in done.stdout
    assert f"job j: failed with {code}" in done.stdout
    assert volumes(tmp_path) == []


def test_an_image_that_is_not_there_is_told(job):
    done = job({"name": "j", "image": "localhost:1/no-such-image", "steps": [step("s", "true")]})
    assert done.returncode == 125 and "no-such-image" in done.stdout


def test_an_interrupt_ends_the_job_at_once(source, tmp_path):
    (source / "job.json").write_text(json.dumps({"name": "j", "steps": [step("s", "echo begun; sleep 60")]}))
    command = [sys.executable, EXAMPLES / "ci_job_runner.py", "--store", tmp_path / "store", source / "job.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "[s] begun\n"
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 130
    assert volumes(tmp_path) == []


@pytest.mark.parametrize("description, said", [
    ("{", "is no JSON"),
    ("[" * 100_000, "is no JSON"),
    ([], "a job is an object, not []"),
    ({"name": "j"}, "steps is missing"),
    ({"name": "j", "steps": []}, "steps is a list of steps, not []"),
    ({"name": 5, "steps": [step("s", "true")]}, "name is a text, not 5"),
    ({"name": "j", "steps": [{"name": "s"}]}, "steps[0].run is missing"),
    ({"name": "j", "steps": [step("s", "true", timeuot=5)]}, "there is no steps[0].timeuot; did you mean timeout?"),
    ({"name": "j", "steps": [step("s", "true", timeout="soon")]}, 'steps[0].timeout is a number of seconds, not "s'),
    ({"name": "j", "steps": [step("s", "true", timeout=-1)]}, "steps[0].timeout is a number of seconds, not -1"),
    ({"name": "j", "steps": [step("s", "true", always=1)]}, "steps[0].always is true or false, not 1"),
    ({"name": "j", "env": {"A": 1}, "steps": [step("s", "true")]}, "env.A is a text, not 1"),
    ({"name": "j", "steps": [step("s", "true", unless_cached="x")]}, 'steps[0].unless_cached: there is no cache "x"'),
    ({**FILLING, "caches": {"deps": {"path": "deps", "key": ["*"]}}}, "caches.deps.path is an absolute path"),
    ({**FILLING, "caches": {"deps": {"path": "/deps", "key": ["../*"]}}}, 'caches.deps.key: "../*" is no pattern'),
    ({**FILLING, "caches": {"deps": {"path": "/deps", "key": ["*.sum"]}}}, "is called *.sum"),
    ({**FILLING, "caches": {"deps": {"path": "/work", "key": ["*.lock"]}}}, "the target is taken"),
])
def test_a_job_that_makes_no_sense_is_refused(job, description, said):
    done = job(description)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert done.stderr.startswith("ci_job_runner: ") and done.stderr.count("\n") == 1


def test_wrong_arguments_are_refused(program, tmp_path):
    runner = EXAMPLES / "ci_job_runner.py"
    assert program(runner).returncode == 2
    absent = program(runner, tmp_path / "absent.json")
    assert absent.returncode == 2 and "absent.json: No such file or directory" in absent.stderr
    assert program(runner, "--source", tmp_path / "absent", "job.json").returncode == 2
    assert "unless_cached" in program(runner, "--help").stdout


def test_the_job_of_the_examples_passes(program):
    for _ in range(2):
        done = program(EXAMPLES / "ci_job_runner.py", EXAMPLES / "ci_job.json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "0 without a licence" in done.stdout
    assert "[compile] left out, the cache bytecode is filled" in done.stdout
