# SPDX-License-Identifier: Apache-2.0
"""Compose projects that run: brought up, kept, changed, taken down. Their containers outlive the calls."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import dunnage
from dunnage import (ApplyError, ApplyEvent, Container, ContainerStatus, ContainerStore, Project, ProjectGrants,
                     ProjectStep, StopSource, VolumeStore, errc)

TEXT = """\
name: shop
services:
  db:
    command: [sh, -c, "echo up as $$WHO; echo $$WHO >> /data/starts; exec sleep 60"]
    environment: {WHO: "WHOM"}
    stop_signal: SIGKILL
    volumes: [data:/data]
    configs: [{source: motd, target: /etc/motd}]
    x-dunnage: {rootfs: host}
  web:
    command: [sh, -c, "exec sleep 60"]
    stop_signal: SIGKILL
    depends_on: [db]
    volumes: [data:/data:ro]
    x-dunnage: {rootfs: host}
volumes: {data: {}}
configs: {motd: {content: welcome}}
"""
UNHEALTHY = TEXT.replace("depends_on: [db]", "depends_on: {db: {condition: service_healthy}}").replace(
    "    stop_signal: SIGKILL\n    volumes: [data:/data]\n",
    "    stop_signal: SIGKILL\n    volumes: [data:/data]\n    healthcheck: {test: [CMD, 'false'], interval: 60s}\n")


def load(text):
    return Project.load(text=text, grants=ProjectGrants(host_paths=True))  # for the programs of the host


def project(who="first"):
    return load(TEXT.replace("WHOM", who))


def actions(plan):
    return [(step.action, step.subject) for step in plan]


def starts():
    path = VolumeStore.open()["shop_data"].mountpoint / "starts"
    return path.read_text().split() if path.exists() else []


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_a_project_is_brought_up_kept_changed_and_taken_down():
    project().plan_up().apply()
    containers = dunnage.project_containers("shop")
    assert [(info.name, info.status) for info in containers] == [("shop-db-1", ContainerStatus.Running),
                                                                 ("shop-web-1", ContainerStatus.Running)]
    wait_for(lambda: starts() == ["first"])

    again = project().plan_up()
    assert not again.changes_something and {step.action for step in again} == {"keep"}
    again.apply()
    assert dunnage.project_containers("shop") == containers

    changed = project("second").plan_up()
    assert ("recreate", "shop-db-1") in actions(changed) and ("keep", "shop-web-1") in actions(changed)
    (step,) = [step for step in changed if step.action == "recreate"]
    assert step.changed == ["environment.WHO"] and step.kind is ProjectStep.Kind.RecreateContainer
    changed.apply()
    wait_for(lambda: starts() == ["first", "second"])

    project().plan_down().apply()
    assert dunnage.project_containers("shop") == []
    assert starts() == ["first", "second"]  # the volume stays

    project("third").plan_up().apply()
    wait_for(lambda: starts() == ["first", "second", "third"])

    down = project().plan_down(volumes=True)
    assert [step.lost for step in down.data_loss] == [["shop_data"]]
    with pytest.raises(PermissionError) as raised:
        down.apply()
    assert isinstance(raised.value, dunnage.LaunchError) and "shop_data" in str(raised.value)
    assert len(dunnage.project_containers("shop")) == 2  # nothing was done
    down.apply(destroy_data=True)
    assert "shop_data" not in VolumeStore.open() and dunnage.project_containers("shop") == []


def test_a_plan_of_yesterday_is_refused():
    plan = project().plan_up()
    project().plan_up().apply()
    with pytest.raises(BlockingIOError) as raised:  # EAGAIN
        plan.apply()
    assert isinstance(raised.value, dunnage.LaunchError) and "plan it again" in raised.value.remedy


def test_events_are_told_as_they_come():
    events = []
    project().plan_up().apply(event=events.append, parallel=1)
    assert str(events[0]).startswith("begin: create volume shop_data")
    told = [(event.phase.value, event.step.subject) for event in events]
    assert [event for event in told if event[0] != "waiting"] == [
        ("begin", "shop_data"), ("end", "shop_data"), ("begin", "shop-db-1"), ("end", "shop-db-1"),
        ("begin", "shop-web-1"), ("end", "shop-web-1")]


def test_what_an_event_raises_ends_the_work_and_comes_out():
    def hear(event):
        if event.step.subject == "shop-db-1":
            raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough") as raised:
        project().plan_up().apply(event=hear)
    assert isinstance(raised.value.__context__, ApplyError)
    assert "shop-web-1" in [step.subject for step in raised.value.__context__.undone]
    assert "shop-web-1" not in ContainerStore.open()


def test_a_failure_names_what_was_done_and_what_was_not():
    text = TEXT.replace('[sh, -c, "exec sleep 60"]', "[no-such-program]")
    with pytest.raises(ApplyError) as raised:
        load(text).plan_up().apply()
    error = raised.value
    assert isinstance(error, dunnage.Error) and isinstance(error, OSError) and "no-such-program" in str(error)
    assert [step.subject for step in error.done] == ["shop_data", "shop-db-1"]
    assert [step.subject for step in error.undone] == ["shop-web-1"]


def test_a_health_check_is_waited_for_and_an_interrupt_ends_that_at_once():
    plan = load(UNHEALTHY).plan_up()
    waiting = threading.Event()

    def interrupt():
        waiting.wait(30)
        time.sleep(0.2)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    began = []

    def hear(event):
        if event.phase is ApplyEvent.Phase.Waiting:
            began.append(time.monotonic())
            waiting.set()

    with pytest.raises(KeyboardInterrupt):
        plan.apply(event=hear)
    assert time.monotonic() - began[0] < 10
    thread.join()
    assert "shop-web-1" not in ContainerStore.open()

    with pytest.raises(TimeoutError) as raised:
        load(UNHEALTHY).plan_up().apply(timeout=0.5)
    assert isinstance(raised.value, dunnage.Error)


def test_a_stop_source_that_was_asked_before_ends_it_before_anything_is_done():
    stop = StopSource()
    stop.request_stop()
    with pytest.raises(ApplyError) as raised:
        project().plan_up().apply(stop=stop)
    assert raised.value.code is errc.cancelled and raised.value.done == []
    assert "shop_data" not in VolumeStore.open() and ContainerStore.open().list() == []


def test_a_stop_source_ends_a_wait_for_health_from_another_thread():
    stop = StopSource()
    waiting = threading.Event()

    def request():
        waiting.wait(30)
        stop.request_stop()

    def hear(event):
        if event.phase is ApplyEvent.Phase.Waiting:
            waiting.set()

    thread = threading.Thread(target=request)
    thread.start()
    started = time.monotonic()
    with pytest.raises(ApplyError) as raised:
        load(UNHEALTHY).plan_up().apply(event=hear, stop=stop, timeout=30)
    thread.join()
    assert raised.value.code is errc.cancelled
    assert waiting.is_set() and time.monotonic() - started < 20
    assert "shop-db-1" in ContainerStore.open() and "shop-web-1" not in ContainerStore.open()


def test_services_start_and_stop_without_being_made_anew():
    project().plan_up().apply()
    project().plan_down(remove=False).apply()
    assert {info.status for info in dunnage.project_containers("shop")} == {ContainerStatus.Exited}
    plan = project().plan_up(create=False)
    assert {step.action for step in plan if step.changes_something} == {"start"}
    plan.apply()
    assert {info.status for info in dunnage.project_containers("shop")} == {ContainerStatus.Running}


def test_a_service_can_be_run_once():
    project().plan_up(services=["db"], prepare=True).apply()
    spec = dunnage.one_off_spec(project(), "db")
    done = Container.run(**{**spec, "argv": ["sh", "-c", "cat /etc/motd; echo $WHO"]})
    assert done.stdout == b"welcomefirst\n"
    (info,) = dunnage.project_containers("shop")
    assert info.name == spec["name"] and info.labels["com.docker.compose.oneoff"] == "True"


def test_a_service_is_launched_by_its_keywords(directory):
    shop = project()
    shop.write_files(directory / "files")
    with Container.launch(**shop.launch_spec("db", files=directory / "files"), stdout=dunnage.PIPE) as container:
        assert container.name == "shop-db-1" and container.stdout.readline() == b"up as first\n"
    assert [info.name for info in dunnage.project_containers("shop")] == ["shop-db-1"]


def test_logs_of_all_containers_come_as_lines():
    project().plan_up().apply()
    store, containers = ContainerStore.open(), dunnage.project_containers("shop")
    wait_for(lambda: len(list(dunnage.project_logs(store, containers))) == 1)
    (line,) = dunnage.project_logs(store, containers)
    assert (line.container, line.text, line.stream.value) == ("shop-db-1", "up as first", "stdout") and line.time
    with dunnage.project_logs(store, [info.name for info in containers], follow=True) as lines:
        assert str(next(lines)) == "up as first"
    assert list(lines) == []  # it was closed while they run
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    with dunnage.project_logs(store, ["shop-web-1"], follow=True) as lines, pytest.raises(KeyboardInterrupt):
        timer.start()
        next(lines)
    timer.join()
    with pytest.raises(KeyError):
        dunnage.project_logs(store, ["shop-none-1"])


def test_another_process_brings_it_up(directory):
    program = directory / "bring_up.py"
    program.write_text(f"""\
import multiprocessing, sys
sys.path.insert(0, {os.path.dirname(__file__)!r})
import test_project_up as test_project
def bring_up(project):
    project.plan_up().apply()
if __name__ == "__main__":
    project = test_project.project()
    project.plan_up().apply()  # with a launcher that the children must not use
    project.plan_down().apply()
    for method in ("fork", "spawn"):
        child = multiprocessing.get_context(method).Process(target=bring_up, args=(project,))
        child.start()
        child.join()
        print(method, child.exitcode, not project.plan_up().changes_something)
        project.plan_down().apply()
""")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=240)
    assert (done.stdout, done.stderr) == ("fork 0 True\nspawn 0 True\n", "")
