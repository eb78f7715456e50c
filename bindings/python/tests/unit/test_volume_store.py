# SPDX-License-Identifier: Apache-2.0
"""VolumeStore and Volume."""

import datetime
import json
import pickle
import threading

import pytest

import dunnage
from dunnage import StoreFinding, VolumeMount, VolumeStore


def test_volumes_are_made_found_listed_and_removed(store):
    volumes = VolumeStore.open()
    assert volumes.root == store == dunnage.default_store()
    data = volumes.create("data", labels={"app": "shop"})
    assert data.name == "data" and data.labels == {"app": "shop"} and data.mountpoint.is_dir()
    assert volumes.get("data") == volumes["data"] == volumes.find("data") == volumes.get_or_create("data") == data
    assert volumes.find("other") is None
    assert "data" in volumes and "other" not in volumes and len(volumes) == 1 and list(volumes) == ["data"]
    for labels in ({"app": "shop"}, {"app": None}, ["app=shop"], ["app"]):
        assert volumes.list(labels=labels) == [data]
    assert volumes.list(labels={"app": "other"}) == []
    assert volumes.users("data") == [] and volumes.damaged() == []
    volumes.remove("data")
    assert volumes.list() == []


def test_what_is_known_about_a_volume(store):
    before = datetime.datetime.now(datetime.timezone.utc)
    info = VolumeStore.open(str(store)).create("data").info
    assert abs((info.created_at - before).total_seconds()) < 60 and info.created_at.tzinfo is datetime.timezone.utc
    assert (info.driver, info.driver_options, info.anonymous, info.owner) == ("local", {}, False, "")
    assert json.loads(info.to_json())["Name"] == "data"
    assert pickle.loads(pickle.dumps(info)) == info and hash(pickle.loads(pickle.dumps(info))) == hash(info)


def test_a_volume_at_a_place():
    data = VolumeStore.open().create("data")
    assert data.at("/data") == VolumeMount("data", "/data", store=VolumeStore.open().root)
    assert data.at("/data", read_only=True, subpath="x").subpath == "x"
    for wrong in ({"name": "x"}, {"target": "/x"}, {"store": "/x"}, {"read_olny": True}):
        with pytest.raises(TypeError):
            data.at("/data", **wrong)


def test_a_missing_volume_is_a_key_error_and_a_file_not_found_error():
    volumes = VolumeStore.open()
    volumes.create("data")
    for error in (KeyError, FileNotFoundError, OSError, dunnage.VolumeError, dunnage.VolumeMissing, dunnage.Error):
        with pytest.raises(error) as raised:
            volumes["dta"]
    error = raised.value
    assert (error.code, error.stage) == (dunnage.errc.volume_missing, dunnage.Stage.Store)
    assert error.subject == "dta" and error.errno == 2 and "data" in error.remedy and error.cause == "no such volume"
    assert str(error).startswith("cannot ") and error.users == []
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error) and vars(again) == vars(error) and again.errno == 2


def test_other_mistakes_have_their_classes(directory):
    volumes = VolumeStore.open()
    volumes.create("data")
    with pytest.raises(FileExistsError) as raised:
        volumes.create("data")
    assert isinstance(raised.value, dunnage.VolumeExists)
    with pytest.raises(ValueError) as raised:
        volumes.create("../data")
    assert isinstance(raised.value, dunnage.InvalidVolume)
    (directory / "open").mkdir(mode=0o755)
    (directory / "link").symlink_to("open")
    with pytest.raises(dunnage.StoreUnusable) as raised:
        VolumeStore.open(directory / "link")
    assert isinstance(raised.value, PermissionError)


def test_anonymous_volumes_are_pruned():
    volumes = VolumeStore.open()
    volumes.create("data")
    anonymous = volumes.create_anonymous(owner="me")
    assert anonymous.info.anonymous and anonymous.info.owner == "me"
    result = volumes.prune(anonymous=True)
    assert result.removed == [anonymous.name] and result.kept == []
    assert volumes.prune(all=True).removed == ["data"]


def test_a_damaged_volume_is_told_by_name_and_repaired_without_its_data():
    volumes = VolumeStore.open()
    for name in ("data", "other"):
        (volumes.create(name, labels={"of": name}).mountpoint / "precious").write_text(name)
    (volumes.root / "volumes/data/metadata").write_text("damaged")
    with pytest.raises(dunnage.VolumeDamaged):
        volumes.get("data")
    report = volumes.check()
    (finding,) = report.findings
    assert (finding.part, finding.kind) == (StoreFinding.Part.Volume, StoreFinding.Kind.Damage)
    assert finding.name == "data" and finding.path == volumes.root / "volumes/data/metadata"
    assert finding.repairable and not finding.repaired and not report.is_clean
    assert dunnage.check_store(volumes.root).findings == report.findings
    assert 'volume "data": its metadata cannot be used' in str(report)
    assert json.loads(report.to_json())["Findings"][0]["Name"] == "data"
    assert [volume.name for volume in volumes.list()] == ["other"]
    repaired = volumes.repair()
    assert repaired.is_clean and "its labels are lost" in repaired.findings[0].repaired
    assert (volumes["data"].mountpoint / "precious").read_text() == "data"
    assert volumes.check().findings == [] and volumes["other"].labels == {"of": "other"}


def test_data_that_is_gone_is_made_empty_only_when_asked():
    volumes = VolumeStore.open()
    volumes.create("data").mountpoint.rmdir()
    assert not dunnage.repair_store().is_clean
    assert dunnage.repair_store(volumes.root, make_missing_data=True, grace=0).is_clean
    assert list(volumes["data"].mountpoint.iterdir()) == []


def test_other_stores_are_checked_too():
    for store in (dunnage.ContainerStore.open(), dunnage.ImageStore.open()):
        assert store.check(grace=0, contents=True).is_clean and store.repair(grace=0).findings == []
    with pytest.raises(TypeError):
        VolumeStore.open().check(deep=True)


def test_stores_and_volumes_travel_by_pickle():
    volumes = VolumeStore.open()
    data = volumes.create("data")
    assert pickle.loads(pickle.dumps(volumes)) == volumes and pickle.loads(pickle.dumps(data)) == data
    text = pickle.dumps(data)
    volumes.remove("data")
    with pytest.raises(dunnage.VolumeMissing):
        pickle.loads(text)


def test_threads_share_a_store():
    volumes = VolumeStore.open()
    names = [f"volume-{number}" for number in range(24)]
    threads = [threading.Thread(target=volumes.create, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [volume.name for volume in volumes.list()] == sorted(names)
