# SPDX-License-Identifier: Apache-2.0
"""Containers with a record: found, read, removed by any process."""

import json
import os
import pickle
import select
import signal
import threading
import time

import pytest

import dunnage
from dunnage import Container, ContainerStatus, ContainerStore, ExitStatus, Lifetime, PIPE, Stdio, VolumeMount, \
    VolumeStore


def detached(script, name, **options):
    return Container.launch(["sh", "-c", script], name=name, lifetime="detached", stdout=Stdio.log(),
                            stderr=Stdio.log(), **options)


def test_a_path_is_explained():
    with detached("sleep 60", "explained", mounts=["-v /etc:/theirs:ro", "--tmpfs /run/own"]) as c:
        containers = ContainerStore.open()
        told = c.explain("/theirs/new", user="0:0")
        assert told == containers.explain("explained", "/theirs/new") and told.presence.value == "missing"
        assert (told.mount, told.source, told.leads_to) == ("/theirs", "/etc/new", "/theirs")
        assert not told.access.write and told.access.read and "as the plan says" in told.obstacles[0]
        assert c.explain("/run/own").access == dunnage.PathAccess(read=True, write=True, execute=True)
        assert json.loads(told.to_json())["Mount"] == "/theirs" and pickle.loads(pickle.dumps(told)) == told
        with pytest.raises(dunnage.LaunchError, match="absolute"):
            c.explain("theirs")
        c.kill()
    containers.remove("explained", force=True)


def test_a_detached_container_outlives_its_handle():
    with detached("sleep 60", "db", labels={"app": "shop"}, mounts=["--tmpfs /run"]) as c:
        assert c.name == "db" and Lifetime.Detached.value == "detached"
    containers = ContainerStore.open()
    (info,) = containers.list()
    assert (info.name, info.status, info.labels, info.argv) == ("db", ContainerStatus.Running, {"app": "shop"},
                                                                 ["sh", "-c", "sleep 60"])
    assert info.pid > 0 and info.exit is None and info.finished_at is None and info.mounts["/run"]
    assert containers.find("db") == containers.inspect(info.id[:12]) == pickle.loads(pickle.dumps(info)) == info
    assert "db" in containers and "other" not in containers
    assert json.loads(info.to_json())["State"]["Running"] is True
    with containers.get("db") as c:
        assert c.id == info.id and c.plan == info.mounts
        assert c.stop(grace=0) == ExitStatus(signal=9)
    assert containers.inspect("db").exit == ExitStatus(signal=9)
    containers.remove("db")
    assert containers.list() == []


def test_a_container_that_has_ended_is_started_again():
    containers = ContainerStore.open()
    with detached("echo x >> /data/f; wc -l < /data/f; exit 3", "job", mounts=VolumeMount("", "/data")) as c:
        id = c.id
        assert c.wait() == ExitStatus(3)
    with containers.start("job") as c:
        assert (c.id, c.name, c.wait()) == (id, "job", ExitStatus(3))
        c.restart()
        assert c.exit_status is None and c.wait() == ExitStatus(3)
    assert b"".join(entry.data for entry in containers.logs("job")) == b"1\n2\n3\n"
    assert len(containers.list()) == 1


def test_a_container_that_runs_is_restarted_by_any_handle_and_left_alone_by_start():
    containers = ContainerStore.open()
    detached("echo up; sleep 60", "db").close()
    before = containers.inspect("db")
    with containers.get("db") as c:
        c.restart(grace=0)
        after = containers.inspect("db")
        assert c.pid == after.pid != before.pid and after.started_at > before.started_at
        assert c.status is ContainerStatus.Running and c.stdout is None
    with containers.start("db") as c:
        assert c.pid == after.pid
    assert containers.inspect("db").status is ContainerStatus.Running  # its handle was only let go


def test_a_missing_container_is_a_key_error():
    containers = ContainerStore.open()
    for use in (containers.get, containers.start, containers.inspect, containers.remove, containers.logs):
        with pytest.raises(KeyError) as raised:
            use("db")
        assert isinstance(raised.value, dunnage.ContainerMissing) and isinstance(raised.value, FileNotFoundError)
    assert containers.find("db") is None


def test_a_name_is_unique():
    with detached("sleep 60", "db"):
        with pytest.raises(FileExistsError) as raised:
            detached("true", "db")
        assert isinstance(raised.value, dunnage.ContainerExists)


def test_logs_are_polled_where_something_else_waits():
    with Container.launch(["sh", "-c", "echo one; read x; echo two"], stdin=PIPE, stdout=Stdio.log(), name="db",
                          remove_on_exit=False) as c:
        threads = len(os.listdir("/proc/self/task"))
        with ContainerStore.open().logs("db", follow=True) as entries:
            assert len(os.listdir("/proc/self/task")) <= threads
            seen = []
            while not entries.ended:
                entry = entries.poll()
                if entry is not None:
                    seen.append(entry.data)
                    c.close_stdin()
                elif not entries.ended:
                    assert select.select([entries], [], [], 10)[0]
            assert seen == [b"one\n", b"two\n"] and entries.poll() is None
        entries = ContainerStore.open().logs("db")
        assert entries.fileno() == -1 and entries.poll().data == b"one\n" and not entries.ended
        entries.close()
        assert entries.ended and entries.poll() is None and list(entries) == []


def test_logs_are_read_and_followed():
    containers = ContainerStore.open()
    with detached("echo one; echo two >&2; read x; echo three", "db", stdin=PIPE) as c:
        entries = []
        for entry in containers.logs("db", follow=True):
            entries.append(entry)
            if len(entries) == 2:
                c.close_stdin()
        c.wait()
    assert sorted(b"".join(entry.data for entry in entries).split()) == [b"one", b"three", b"two"]
    assert {entry.stream.value for entry in entries} == {"stdout", "stderr"}
    assert entries[0].time.tzinfo is not None and entries[0] == pickle.loads(pickle.dumps(entries[0]))
    assert [entry.data for entry in containers.logs("db", tail=1)] == [b"three\n"]
    assert list(containers.logs("db", since=time.time() + 60)) == []


def test_following_can_be_given_up():
    with detached("while :; do echo line; done", "noisy"):
        with ContainerStore.open().logs("noisy", follow=True) as entries:
            assert next(entries).data.startswith(b"line")
        assert list(entries) == []
    with detached("sleep 60", "quiet"):
        entries = ContainerStore.open().logs("quiet", follow=True)
        timer = threading.Timer(0.3, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            next(entries)
        timer.join()
        entries.close()


def test_a_volume_in_use_names_its_users():
    volumes = VolumeStore.open()
    volume = volumes.create("data")
    with Container.launch(["sleep", "60"], name="db", mounts=volume.at("/data")):
        with pytest.raises(dunnage.VolumeInUse) as raised:
            volumes.remove("data")
        assert raised.value.users == ["db"] == volumes.users("data") and raised.value.errno == 16
        assert volumes.list(in_use=True) == [volume]
    assert pickle.loads(pickle.dumps(raised.value)).users == ["db"]


def test_a_container_is_let_go_by_detach():
    with Container.launch(["sleep", "60"], name="db", stdout=Stdio.log()) as c:
        c.detach()
    with ContainerStore.open().get("db") as c:
        assert c.status is ContainerStatus.Running
        c.kill()


def test_restart_policies_are_kept_in_the_record():
    for restart in ("on-failure:3", dunnage.RestartPolicy(kind="on-failure", max_retries=3),
                    {"Name": "on-failure", "MaximumRetryCount": 3}):
        with Container.launch(["sleep", "60"], name="db", restart=restart):
            assert str(ContainerStore.open().inspect("db").restart) == "on-failure:3"


def test_a_notebook_shows_containers():
    with detached("sleep 60", "db", mounts="--tmpfs /run") as c:
        assert "running" in c._repr_html_() and "/run" in c._repr_html_()
        assert "db" in ContainerStore.open()._repr_html_()
        assert "sleep 60" in ContainerStore.open().inspect("db")._repr_html_()
        c.kill()
        c.wait()
    assert "killed by SIGKILL" in c._repr_html_()
    assert "exited, killed by SIGKILL" in ContainerStore.open()._repr_html_()
