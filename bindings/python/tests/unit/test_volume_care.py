# SPDX-License-Identifier: Apache-2.0
"""Volumes that are changed, protected, kept in the trash and pruned with a plan."""

import datetime
import errno
import json

import pytest

import dunnage
from dunnage import AccessMode, LimitWay, PruneDecision, UsageHistory, UsageWay, VolumeLimit, VolumeStore


def test_a_volume_is_changed(store):
    volumes = VolumeStore.open()
    before = volumes.create("data", labels={"tier": "silver", "old": ""})
    after = volumes.update("data", labels={"tier": "gold"}, remove_labels=["old"], protect=True, access="exclusive")
    assert after.labels == {"tier": "gold"} == volumes["data"].labels and before.labels["tier"] == "silver"
    assert after.info.is_protected and after.info.access is AccessMode.Exclusive
    plan = volumes.plan_update("data", driver_options={"type": "tmpfs", "device": "tmpfs"})
    assert plan.volume == "data" and plan.needs_no_users and json.loads(plan.to_json())["Volume"] == "data"
    assert [(one.what, one.before, one.after) for one in plan.differences] == [
        ("option device", None, "tmpfs"), ("option type", None, "tmpfs")]
    assert str(plan).splitlines()[0] == 'option device: none -> "tmpfs"'
    assert plan.apply() == volumes["data"] and volumes["data"].info.driver_options["type"] == "tmpfs"
    with pytest.raises(dunnage.VolumeError) as caught:
        plan.apply()
    assert caught.value.errno == errno.EAGAIN
    with pytest.raises(dunnage.InvalidVolume):
        volumes.update("data", labels={"a": "b"}, remove_labels=["a"])


def test_a_protected_volume_is_not_removed(store):
    volumes = VolumeStore.open()
    volumes.create("data", protect=True)
    with pytest.raises(dunnage.VolumeProtected) as caught:
        volumes.remove("data")
    assert isinstance(caught.value, PermissionError) and caught.value.code is dunnage.errc.volume_protected
    volumes.update("data", protect=False)
    volumes.remove("data")


def test_a_removed_volume_comes_back(store):
    volumes = VolumeStore.open()
    (volumes.create("data").mountpoint / "file").write_text("content")
    volumes.remove("data", keep=datetime.timedelta(days=7))
    trash = volumes.trash()
    (entry,) = trash.list()
    assert entry.name == "data" and entry.kept_until - entry.removed_at == datetime.timedelta(days=7)
    assert json.loads(entry.to_json())["ID"] == entry.id
    assert trash.restore(entry.id, "again") == "again"
    assert (volumes["again"].mountpoint / "file").read_text() == "content" and trash.list() == []
    for name in ("again", "b"):
        volumes.get_or_create(name)
        volumes.remove(name, keep=60)
    trash.purge("b")
    with pytest.raises(dunnage.VolumeMissing):
        trash.restore("b")
    assert trash.purge_older_than(3600) == [] and trash.empty() == 1


def test_a_prune_is_planned(store):
    volumes = VolumeStore.open()
    volumes.create("safe", protect=True)
    volumes.create("idle")
    plan = volumes.plan_prune(all=True, keep=60)
    assert [(one.volume, one.reason, one.is_taken) for one in plan] == [
        ("idle", PruneDecision.Reason.Unused, True), ("safe", PruneDecision.Reason.Protected, False)]
    assert plan.taken() == ["idle"] and len(plan) == 2 and plan[-1].volume == "safe"
    assert repr(plan) == "<dunnage.PrunePlan, 1 of 2 volumes would go>" and "remove  idle" in str(plan)
    assert json.loads(plan.to_json())["Volumes"][0]["Action"] == "remove"
    assert plan.apply().removed == ["idle"] and volumes.trash().list()[0].name == "idle"
    assert volumes.plan_prune(all=True, unused_for=60, labels=["x"])[0].reason.value == "filtered"


def test_what_a_volume_may_hold_and_what_it_holds(store):
    volumes = VolumeStore.open()
    memory = {"type": "tmpfs", "device": "tmpfs"}
    plan = volumes.plan_limit(VolumeLimit(size="1m"), memory)
    assert plan.way is LimitWay.Memory and plan.limit == VolumeLimit(size=1 << 20) and "memory: " in str(plan)
    fast = volumes.create("fast", driver_options=memory, limit=VolumeLimit(size="1m", inodes=9))
    assert fast.info.limit == VolumeLimit(size=1 << 20, inodes=9) and fast.info.limit_way is LimitWay.Memory
    assert volumes.update("fast", limit=VolumeLimit(size="2m")).info.limit == VolumeLimit(size=2 << 20)
    plan = volumes.plan_update("fast", limit=VolumeLimit())
    assert plan.needs_no_users and plan.costs == [] and 'limit way: "memory" -> "none"' in str(plan)
    assert plan.apply(timeout=60).info.driver_options == memory
    assert volumes.update("fast", limit=VolumeLimit(size="3m"), timeout=60).info.limit_way is LimitWay.Memory
    with pytest.raises(dunnage.VolumeError, match="a limit of nothing"):
        volumes.create("none", limit=VolumeLimit())
    with pytest.raises(dunnage.VolumeError, match="only while a container mounts it"):
        volumes.usage("fast")
    (volumes.create("data").mountpoint / "file").write_text("x" * 5000)
    usage = volumes.usage("data")
    assert usage.way is UsageWay.Walk and usage.files == 1 and usage.bytes >= 5000 and not usage.cached
    assert volumes.usage("data", max_age=3600).cached
    assert json.loads(usage.to_json())["Limit"] is None
    assert volumes.plan_prune(all=True).usage()["data"].bytes >= 5000
    volumes.remove("data", keep=60)
    assert volumes.trash().usage("data").bytes >= 5000
    seen = []
    volumes.trash().usage("data", progress=seen.append, timeout=60)


def test_who_used_a_volume(store):
    volumes = VolumeStore.open()
    volumes.create("data")
    assert volumes.usage_history("data") == UsageHistory()
    assert json.loads(UsageHistory().to_json()) == {"LastUsed": None, "LastUser": "", "Users": []}
