# SPDX-License-Identifier: Apache-2.0
"""MountSet and MountPlan: what is taken for a mount, and the dry run."""

import json
import pickle

import pytest

import dunnage
from dunnage import BindMount, ImageMount, MountPlan, MountSet, Tmpfs, VolumeMount


def test_objects_texts_and_dicts_of_docker_py_mean_the_same():
    expected = MountSet([BindMount("/srv", "/app", read_only=True, create_source=True), VolumeMount("db", "/data")])
    assert MountSet(["-v /srv:/app:ro", "db:/data"]) == expected
    assert MountSet({"/srv": {"bind": "/app", "mode": "ro"}, "db": {"bind": "/data", "mode": "rw"}}) == expected
    assert MountSet([{"/srv": {"bind": "/app", "mode": "ro"}}, "type=volume,source=db,target=/data"]) == expected
    assert MountSet(expected) == MountSet(list(expected)) == expected
    assert MountSet({"/srv": {"bind": "/app"}}) == MountSet("/srv:/app") == MountSet({"/srv": "/app"})


def test_the_mounts_of_docker_types_are_taken():
    assert list(MountSet([
        {"Target": "/app", "Source": "/srv", "Type": "bind", "ReadOnly": True,
         "BindOptions": {"Propagation": "rslave"}},
        {"Target": "/data", "Source": "db", "Type": "volume", "ReadOnly": False,
         "VolumeOptions": {"NoCopy": True, "Labels": {"a": "b"}}},
        {"Target": "/run", "Source": None, "Type": "tmpfs", "TmpfsOptions": {"SizeBytes": 4096, "Mode": 0o700}},
        {"Target": "/opt", "Source": "busybox", "Type": "image", "ImageOptions": {"Subpath": "bin"}},
    ])) == [
        BindMount("/srv", "/app", read_only=True, propagation="rslave"),
        VolumeMount("db", "/data", no_copy=True, labels={"a": "b"}),
        Tmpfs("/run", size=4096, mode=0o700),
        ImageMount("busybox", "/opt", subpath="bin"),
    ]


@pytest.mark.parametrize("mount, error, message", [
    ({"/srv": {"mode": "ro"}}, ValueError, 'no "bind"'),
    ({"/srv": {"bind": "/app", "made": "ro"}}, ValueError, '"made", which means nothing'),
    ({"/a:b": {"bind": "/app"}}, ValueError, "has a colon"),
    ({"Target": "/app", "Type": "npipe"}, ValueError, 'no type "npipe"'),
    ({"Target": "/app", "Type": "bind", "Source": "/a", "TmpfsOptions": {"Mode": 1}}, ValueError, "another kind's"),
    ({5: "/app"}, TypeError, "the source of a mount is a str, not 5"),
    (5, TypeError, "a mount is a BindMount, VolumeMount, Tmpfs or ImageMount, a str or a dict, not 5"),
    (b"/a:/b", TypeError, "a mount is"),
    ([["/a:/b"]], TypeError, "a mount is an object, a str or a dict"),
    (["/a:/b", None], TypeError, "a mount is"),
])
def test_what_is_no_mount_is_refused(mount, error, message):
    with pytest.raises(error, match=message):
        MountSet(mount)


def test_adding_many_is_all_or_nothing():
    mounts = MountSet("/a:/x")
    with pytest.raises(dunnage.DuplicateTarget) as raised:
        mounts.add(["/b:/y", "/c:/x"])
    assert len(mounts) == 1
    assert isinstance(raised.value, ValueError) and raised.value.code is dunnage.errc.duplicate_target
    assert raised.value.target == "/x"


def test_a_set_is_a_sequence_that_changes():
    mounts = MountSet(["/a:/x"])
    assert mounts.add("/b:/y") is mounts and mounts.add_spec("--tmpfs /run") is mounts
    assert (len(mounts), mounts[0].target, mounts[-1]) == (3, "/x", Tmpfs("/run"))
    assert [mount.target for mount in mounts] == ["/x", "/y", "/run"]
    assert Tmpfs("/run") in mounts and "nothing" not in mounts
    assert bool(MountSet()) is False
    with pytest.raises(IndexError):
        mounts[3]
    with pytest.raises(TypeError):
        hash(mounts)
    assert pickle.loads(pickle.dumps(mounts)) == mounts
    assert eval(repr(mounts), vars(dunnage)) == mounts  # noqa: S307
    assert len(json.loads(mounts.to_json())) == 3
    assert str(mounts).splitlines()[-1].startswith("type=tmpfs")


def test_a_text_that_is_wrong_is_a_spec_error_with_its_place():
    with pytest.raises(dunnage.SpecError) as raised:
        MountSet("type=bind,source=/a,target=/b,readonyl")
    error = raised.value
    assert isinstance(error, ValueError) and isinstance(error, dunnage.Error) and not isinstance(error, OSError)
    assert (error.line, error.column, error.length) == (1, 31, 8)
    assert "did you mean \"readonly\"?" in str(error) and "^~~~~~~~" in str(error)


def test_a_text_is_read_in_the_words_of_an_engine():
    podman = BindMount("/a", "/b", chown=True)
    assert dunnage.parse_volume_flag("/a:/b:U", dunnage.Engine.Podman) == podman
    assert dunnage.parse_volume_flag("${DUNNAGE_NOT_SET:-data}:/d", engine="compose") == VolumeMount("data", "/d")
    assert MountSet().add_spec("type=bind,src=/a,dst=/b,U", "podman")[0] == podman
    with pytest.raises(dunnage.SpecError) as raised:
        MountSet().add_spec("type=bind,src=/a,dst=/b,U")
    assert (raised.value.spec_code, raised.value.spec_stage.value) == (dunnage.SpecCode.NotKeyValue, "parse")
    assert "U" in raised.value.engine_words
    with pytest.raises(dunnage.SpecError, match="Compose has no flag --mount"):
        dunnage.parse_mount_flag("type=tmpfs,target=/run", "compose")
    with pytest.raises(ValueError, match='there is no "moby"; there is "docker", "podman", "compose"'):
        dunnage.parse_tmpfs_flag("/run", "moby")


def test_resolving_gives_a_plan_that_is_a_sequence_and_a_mapping(directory, store):
    plan = MountSet([f"{directory}:/app:ro", "--tmpfs /run"]).resolve()
    assert isinstance(plan, MountPlan) and len(plan) == 2
    assert plan["/app"].source == directory and plan["/app"].read_only and plan[0] == plan["/app"]
    assert plan[-1].kind is dunnage.MountKind.Tmpfs
    assert "/app" in plan and "/other" not in plan
    assert [mount.target for mount in plan] == ["/app", "/run"]
    with pytest.raises(KeyError, match="nothing is mounted at /other"):
        plan["/other"]
    with pytest.raises(IndexError):
        plan[2]
    told = plan.explain("/app/file")
    assert told.mount == "/app" and told.source == str(directory / "file") and str(directory) in str(told)
    assert pickle.loads(pickle.dumps(plan)) == plan and hash(plan) == hash(MountPlan(list(plan)))
    assert json.loads(plan.to_json())
    assert not store.exists()


def test_resolving_takes_its_options_by_name(directory):
    (directory / "here").mkdir()
    assert MountSet("./here:/app").resolve(current_directory=directory)[0].source == directory / "here"
    with pytest.raises(TypeError, match="no argument"):
        MountSet().resolve(strore="/x")


def test_flags_are_parsed():
    assert dunnage.parse_volume_flag("/a:/b:ro").read_only
    assert dunnage.parse_mount_flag("type=tmpfs,target=/run") == dunnage.parse_tmpfs_flag("/run") == Tmpfs("/run")


def test_a_mount_is_a_volume_flag_where_it_has_one():
    mount = dunnage.VolumeMount("data", "/data", read_only=True)
    flag = dunnage.to_volume_flag(mount)
    assert flag == "data:/data:ro" and dunnage.parse_volume_flag(flag) == mount
    assert dunnage.to_volume_flag(dunnage.Tmpfs("/run")) is None
    with pytest.raises(TypeError):
        dunnage.to_volume_flag("data:/data")
