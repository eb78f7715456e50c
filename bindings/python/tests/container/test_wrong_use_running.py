# SPDX-License-Identifier: Apache-2.0
"""Nonsense for handles that are in use, and an interpreter that ends while much goes on."""

import pytest

import wrong_use
from wrong_use import run_python


def test_handles_in_use_take_nonsense_with_a_sentence():
    done = run_python("-X", "dev", wrong_use.__file__, "containers")
    assert done.returncode == 0, done.stderr[-2000:]
    *wrong, last = done.stdout.splitlines()
    assert wrong == [] and int(last.split()[0]) > 10_000


BEGIN = """
import dunnage, os, sys, threading, time
from dunnage import Container, ContainerStore, Project, ProjectGrants, Stdio
project = Project.load(text='''
name: shop
services:
  db:
    command: [sh, -c, "while :; do echo x; done"]
    healthcheck: {test: [CMD, "false"], interval: 60s}
    stop_signal: SIGKILL
    x-dunnage: {rootfs: host}
  web:
    command: [sleep, "60"]
    depends_on: {db: {condition: service_healthy}}
    x-dunnage: {rootfs: host}
''', grants=ProjectGrants.all())
def later(function, *args, **options):
    threading.Thread(target=function, args=args, kwargs=options, daemon=True).start()
"""


@pytest.mark.parametrize("program", [
    # a log that is read ahead, with its reader blocked, and one that waits
    "noisy = Container.launch(['sh', '-c', 'while :; do echo x; done'], name='noisy', stdout=Stdio.log())\n"
    "quiet = Container.launch(['sleep', '60'], name='quiet')\n"
    "logs = [ContainerStore.open().logs(name, follow=True) for name in ('noisy', 'quiet')]\n"
    "lines = dunnage.project_logs(ContainerStore.open(), ['noisy', 'quiet'], follow=True)\n"
    "next(logs[0]); next(lines); later(list, logs[1]); time.sleep(0.2)",
    # a project that is brought up, and tells a function of Python
    "later(project.plan_up().apply, event=lambda event: time.sleep(0.01))\ntime.sleep(0.5)",
    # callbacks of many containers
    "all = [Container.launch(['sh', '-c', 'while :; do echo x; done'], stdout=lambda data: None) for _ in range(4)]\n"
    "for c in all: later(c.wait)\n"
    "time.sleep(0.2)",
    # what raises in a callback of a container that goes on
    "c = Container.launch(['sh', '-c', 'echo x; sleep 60'], stdout=lambda data: 1 / 0)\n"
    "sys.unraisablehook = lambda raised: None\ntime.sleep(0.2)",
], ids=["logs", "apply", "callbacks", "raising"])
def test_an_interpreter_ends_in_the_middle_of_everything(program):
    done = run_python("-X", "dev", "-c", BEGIN + program)
    assert done.returncode == 0 and "Fatal" not in done.stderr, done.stderr[-2000:]
