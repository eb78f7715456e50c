# SPDX-License-Identifier: Apache-2.0
"""Values: made with keywords, compared, hashed, shown, pickled."""

import datetime
import enum
import inspect
import pickle
from pathlib import Path

import pytest

import dunnage
from dunnage import (AdoptableVolume, ArchiveLimits, VolumeExportResult,
                      BindMount, Change, ComposeVolume, ContainerStats, DeviceRate, ExitStatus, FileOwner, Follow, Healthcheck, IdRange, ImageConfig, ImageInfo, LossPolicy, MountEvent, MountHolder,
                     ImageLayer, ImageLimits, ImageMount, ImagePruneResult, MountPlan, MountSet, OverlayOptions,
                     LaunchStep, LaunchTimings, Ownership, PathAccess, PathExplanation, Platform, Progress, Propagation, Recursion, Relabel,
                     ResolvedMount, Resources, RestartPolicy, RootChanges, Rootfs, Seccomp, SpecContext, SpecFlags, SpecMount,
                     SpecVolumeCreate, SpecVolumesFrom,
                      SourceLoss, SpecWord, Stdio, StoreFinding, StoreReport, Tmpfs, TrashEntry, UsageHistory, VolumeDifference, VolumeLimit,
                      VolumeLimitPlan, VolumeMount, VolumeUsage,
                      VolumeSnapshot, VolumesFrom, PruneDecision, SeedArchive, SeedDirectory, SeedFiles, SeedSnapshot, SnapshotChange,
                      SnapshotPlan, TransactionApplied, TransactionChange, TransactionConflict, TransactionInfo)

VALUES = [
    BindMount("/srv/conf", "/etc/app"),
    BindMount("/srv/conf", "/etc/app", read_only=True, propagation="rslave", recursion=Recursion.Disabled,
              create_source=True, suid=True, dev=True, exec=False, create_mode=0o700, create_uid=5, create_gid=6,
              optional=True, require_mountpoint=True, owner=Ownership.as_(1, 2), chown=True, relabel="shared",
              exclude=["node_modules", "**/.git"], overlay=OverlayOptions(upper="/u", work="/w")),
    VolumeMount("db-data", "/data"),
    VolumeMount("", "/data"),
    VolumeMount("db-data", "/data", read_only=True, no_copy=True, labels={"a": "b"}, subpath="x", driver="local",
                driver_options={"type": "tmpfs"}, create=False, exclude=["x"], overlay=OverlayOptions(size="1g"),
                access="exclusive", access_timeout=1.5, store="/srv/store"),
    Tmpfs("/run"),
    Tmpfs("/run", size="16MiB", mode=0o755, uid=1, gid=2, read_only=True, suid=True, dev=True, exec=True, nr_inodes=9,
          no_swap=True),
    ImageMount("busybox", "/opt"),
    ImageMount("busybox:1", "/opt", subpath="bin", suid=True, dev=True, exec=False, overlay=OverlayOptions(size="1m"),
               store="/srv/store"),
    LaunchStep(), LaunchTimings(steps=[LaunchStep(name="send", duration=0.5)]),
    Platform(), Platform(architecture="arm64", variant="v8"), Progress(), Progress(step="load", done=5, total=10),
    Healthcheck(), Healthcheck(test=["NONE"], interval=1.5, retries=3),
    ImageConfig(), ImageConfig(entrypoint=["/init"], cmd=["sh"], env={"A": "b"}, volumes=["/data"],
                               healthcheck=Healthcheck(timeout=1)),
    ImageLayer(), ImageLayer(digest="sha256:00", size=7),
    ImageInfo(), ImageInfo(id="sha256:01", names=["a:1"], platform="linux/arm64", layers=[ImageLayer(size=7)]),
    AdoptableVolume(), AdoptableVolume(engine="podman", name="data", directory="/v/data", labels={"a": "b"},
                                       driver_options={"type": "tmpfs"}),
    ArchiveLimits(), ArchiveLimits(bytes="1g", depth=5),
    VolumeExportResult(), VolumeExportResult(digest="sha256:01", size=9, users=["db"], changed=1),
    ImageLimits(), ImageLimits(bytes="1g", depth=5), ImagePruneResult(),
    ImagePruneResult(removed=["sha256:01"], bytes=9),
    IdRange(0, 1000), IdRange(0, 1000, count=5),
    Ownership(), Ownership.match_user(), Ownership.as_(3, 4), Ownership.map([(0, 1000)], [IdRange(0, 1000, count=2)]),
    OverlayOptions(), OverlayOptions(upper="/u", work="/w", size=1 << 20),
    Rootfs.host(), Rootfs.directory("/srv/images/app"), Rootfs.image("busybox:1"),
    Seccomp.standard(), Seccomp.unconfined(), Seccomp.file("/etc/app/seccomp.json"), Seccomp.json("{}"),
    Seccomp.file("/etc/app/seccomp.json").with_text("{}"),
    FileOwner(), FileOwner(uid=1, gid=2, mode=0o755), PathAccess(), PathAccess(read=True),
    PathExplanation(), PathExplanation(path="/a", presence="there", by_kernel=PathAccess(write=True),
                                       users=[IdRange(0, 1000)]),
    Change(), Change(kind="deleted", path="/etc/conf"), MountHolder(pid=7, program="sh"), MountEvent(kind="replaced"), RootChanges(), RootChanges(kind="memory", size="1m"), RootChanges(limit="1g"),
    Stdio.inherit(), Stdio.null(), Stdio.pipe(), Stdio.log(), Stdio.file("/tmp/log"),
    ExitStatus(), ExitStatus(3), ExitStatus(signal=9), ExitStatus(signal=9, launcher_lost=True),
    ExitStatus(signal=9, oom_killed=True), ExitStatus(1, oom_killed=True),
    DeviceRate("/dev/sda", "1mb"), Resources(),
    Resources(memory="64m", memory_swap=-1, memory_reservation=1 << 25, pids=5, cpus=1, cpuset_cpus="0-3",
              cpu_shares=512, blkio_weight=300, device_read_bps=[DeviceRate("/dev/sda", 5)], statistics=True),
    Resources(cpu_quota=5000, cpu_period=10000, cpuset_mems="0"),
    ContainerStats(), ContainerStats(memory_current=5, cpu_user=0.25, pids_current=1, io_read_bytes=0),
    RestartPolicy(), RestartPolicy(kind="on-failure", max_retries=5),
    VolumesFrom("db"), VolumesFrom("db", read_only=True),
    StoreFinding(), StoreFinding(part="volume", kind="leftover", name="db", path="/s/volumes/db", problem="it is gone",
                                 remedy="look", repairable=True, repaired="done"),
    VolumeDifference(), VolumeDifference(what="label a", after="b"), UsageHistory(),
    UsageHistory(last_used=1e9, last_user="web", users=["db"]), TrashEntry(),
    TrashEntry(id="1a", name="db", removed_at=1e9, kept_until=2e9), PruneDecision(),
    PruneDecision(volume="db", reason="in-use", words="it is used", users=["web"], created_at=1e9, last_used=2e9),
    VolumeLimit(), VolumeLimit(size="1g", inodes=5), VolumeLimitPlan(),
    VolumeLimitPlan(limit=VolumeLimit(size=1), way="btrfs-quota", reason="why", costs=["much"]), VolumeUsage(),
    VolumeUsage(bytes=5, files=2, limit=VolumeLimit(size=9), limit_way="memory", way="quota", measured_at=1e9, cached=True),
    StoreReport(), StoreReport(findings=[StoreFinding(name="db")]),
    SeedDirectory("/srv"), SeedDirectory("/srv", keep_owner=True), SeedFiles({"a/b": "c"}), SeedSnapshot("db", "then"),
    SeedArchive("/a.tar"), SeedArchive("/a.tar.zst", digest="sha256:" + "0" * 64, accept_losses=True),
    VolumeSnapshot(), VolumeSnapshot(volume="db", name="then", created_at=5, labels={"a": "b"}, way="reflink",
                                     consistency="frozen", entries=3, bytes=2, copied=1, mountpoint="/s",
                                     limit=VolumeLimit(size=9), limit_way="xfs-image"),
    SnapshotPlan(), SnapshotPlan(way="reflink", reason="why", entries=3, bytes=2, copied=1, users=["db"]),
    SnapshotChange(), SnapshotChange(kind="metadata", path="a", what=["mode"]),
    TransactionChange(), TransactionChange(kind="renamed", path="a", from_="b", what=["mode"]),
    TransactionConflict(), TransactionConflict(path="a", change="deleted", source="modified"),
    TransactionInfo(), TransactionInfo(name="try", source="/srv", created_at=5, upper="/u", work="/w", in_use=True),
    TransactionApplied(), TransactionApplied(changes=[TransactionChange(path="a")], came_along=["b"]),
    BindMount("/srv/app", "/app", transaction="try"),
    SpecMount(), SpecMount(engine="podman", type="bind", source="/a", target="/b", create_host_path=False,
                           labels={"a": "b"}, tmpfs_size=-1, flags=["ro"],
                           own=SpecMount.Own(suid=True, owner=Ownership.as_(1, 2), overlay=OverlayOptions())),
    SpecMount.Own(), SpecMount.Own(exclude=["x"], create_mode=0o700),
    SpecContext(), SpecContext(home="/home/dev", environment={"A": "b"}, volumes={"db": ComposeVolume(name="shop_db")},
                               project_quota=True, rootless=True),
    ComposeVolume(), ComposeVolume(name="shared", external=True, labels={"a": "b"}),
    SpecFlags(), SpecFlags(volumes=["/a:/b"], mounts=["type=tmpfs,dst=/c"], tmpfs=["/d"]),
    SpecVolumesFrom(), SpecVolumesFrom(engine="compose", container="web", read_only=True, service=True),
    SpecVolumeCreate(), SpecVolumeCreate(stored_options={"type": "tmpfs"}, size=5, uid=-1),
    SpecWord(), SpecWord(name="ro", aliases=["readonly"], summary="It cannot be written", own=True),
    ResolvedMount(kind="tmpfs", target="/run", size=5, mode=0o1777),
    ResolvedMount(kind="image", target="/opt", image="busybox", image_id="sha256:01", subpath="bin"),
    ResolvedMount(target="/a", source="/b", require_mountpoint=True),
    SourceLoss("repair"), SourceLoss("stop", interval=0.5, timeout=2), BindMount("/a", "/b", on_loss="repair"),
    VolumeMount("s3", "/b", on_loss=SourceLoss(LossPolicy.Pause, interval=3)), ExitStatus(3, cause="a mount lost its source"),
    ResolvedMount(target="/a", source="/b", on_loss="stop"), SpecMount.Own(on_loss="pause"),
    ResolvedMount(target="/a", source="/b", follow="name"), BindMount("/a", "/b", follow=Follow.Name),
    MountEvent(kind="lost", cause="a symbolic link has its name"),
    MountPlan(), MountPlan([ResolvedMount(target="/a", source="/b", reasons=["why"])]),
]
EVALUATED = {"datetime": datetime, **vars(dunnage), **{name: getattr(dunnage, name) for name in dunnage.__all__}}


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_pickle_gives_an_equal_value(value):
    again = pickle.loads(pickle.dumps(value))
    assert again == value and not again != value
    assert hash(again) == hash(value)
    assert repr(again) == repr(value)


def test_values_that_differ_are_unequal():
    for index, value in enumerate(VALUES):
        assert [other for other in VALUES if other == value] == [value], index
        assert value != "something else"
        assert value is not None and value != None  # noqa: E711


@pytest.mark.parametrize("value", [value for value in VALUES if "enum" not in repr(value) and "<" not in repr(value)],
                         ids=repr)
def test_a_repr_can_be_typed_in(value):
    assert eval(repr(value), EVALUATED) == value  # noqa: S307


def test_a_repr_shows_what_is_not_the_default():
    assert repr(BindMount(Path("/srv"), "/etc/app", read_only=True)) == "BindMount('/srv', '/etc/app', read_only=True)"
    assert repr(Tmpfs("/run")) == "Tmpfs('/run')"


def test_str_is_the_text_of_mount():
    assert str(BindMount("/srv", "/app", read_only=True)) == "type=bind,source=/srv,target=/app,readonly"
    assert str(VolumeMount("db", "/data")) == "type=volume,source=db,target=/data"


def test_values_cannot_be_changed_but_replaced():
    mount = BindMount("/srv", "/app")
    with pytest.raises(AttributeError):
        mount.read_only = True
    changed = mount.replace(read_only=True, target="/other")
    assert (changed.read_only, changed.target, mount.read_only) == (True, "/other", False)


def test_options_are_keywords_only():
    with pytest.raises(TypeError, match=r"BindMount\(\) takes 2 arguments by position and got 3"):
        BindMount("/a", "/b", True)


@pytest.mark.parametrize("make, message", [
    (lambda: BindMount("/a"), r"BindMount\(\): target is missing"),
    (lambda: BindMount("/a", "/b", source="/c"), r"source is given twice"),
    (lambda: BindMount("/a", "/b", readonly=True), r"no argument \"readonly\"; did you mean \"read_only\"\?"),
    (lambda: BindMount("/a", "/b", read_only="yes"), r"read_only is a bool, not 'yes'"),
    (lambda: BindMount("/a", "/b", read_only=1), r"read_only is a bool, not 1"),
    (lambda: BindMount("/a", "/b", create_mode=7.5), r"create_mode is an int, not 7.5"),
    (lambda: BindMount(5, "/b"), r"source is a str or os.PathLike, not 5"),
    (lambda: BindMount("/a", "/b", exclude="x"), r"exclude is a list of str, not 'x'"),
    (lambda: BindMount("/a", "/b", owner="me"), r"owner is a Ownership, not 'me'"),
    (lambda: BindMount(None, "/b"), r"source is a str or os.PathLike, not None"),
    (lambda: BindMount("/a", None), r"target is a str, not None"),
    (lambda: Tmpfs("/run", size=1.5), r"size is an int or a str like \"64MiB\", not 1.5"),
    (lambda: VolumeMount("a", "/b", labels=["x"]), r"labels is a dict of str to str"),
])
def test_wrong_types_are_type_errors(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("make, message", [
    (lambda: BindMount("/a", "/b", follow="me"), r"there is no \"me\"; there is \"inode\""),
    (lambda: BindMount("/a", "/b", on_loss="me"), r"on_loss: there is no \"me\"; there is \"keep\""),
    (lambda: BindMount("/a", "/b", propagation="sideways"), r"there is no \"sideways\"; there is \"private\""),
    (lambda: BindMount("/a", "/b", create_uid=-1), r"create_uid is an int, not -1, which is out of range"),
    (lambda: BindMount("/a", "/b", create_uid=1 << 40), r"out of range"),
    (lambda: Tmpfs("/run", size="much"), r"size \"much\" is no size"),
    (lambda: Tmpfs("/run", size="1m,mode=1"), r"is no size"),
    (lambda: Tmpfs("/run", size=-1), r"out of range"),
    (lambda: ExitStatus(300), r"exit_code lies between 0 and 255"),
])
def test_wrong_values_are_value_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_sizes_are_ints_or_texts():
    assert Tmpfs("/run", size="64m").size == Tmpfs("/run", size=64 * dunnage.MiB).size == Tmpfs("/run").size == 64 << 20
    assert Tmpfs("/run", size="1GiB").size == dunnage.GiB


def test_paths_are_pathlike_and_no_path_is_none():
    assert BindMount(Path("/srv"), Path("/app")) == BindMount("/srv", "/app") == BindMount(b"/srv", "/app")
    assert BindMount("/srv", "/app").source == Path("/srv")
    assert ResolvedMount().source is None


def test_names_that_are_no_utf8_come_back_as_they_went():
    odd = "/srv/\udcff\udcfe"
    mount = BindMount(odd, odd)
    assert str(mount.source) == odd and mount.target == odd
    assert pickle.loads(pickle.dumps(mount)) == mount


def test_enums_are_enums_of_python_and_take_their_words():
    assert issubclass(Propagation, enum.Enum) and issubclass(Rootfs.Kind, enum.Enum)
    assert BindMount("/a", "/b", propagation="shared").propagation is Propagation.Shared
    assert BindMount("/a", "/b").relabel is Relabel.None_
    assert RestartPolicy.Kind.OnFailure.value == "on-failure"
    for kind in (Propagation.RPrivate, Rootfs.Kind.Host, RestartPolicy.Kind.No, dunnage.errc.timed_out):
        assert pickle.loads(pickle.dumps(kind)) is kind
    with pytest.raises(TypeError):
        BindMount("/a", "/b", propagation=Recursion.Enabled)


def test_signatures_are_known_to_inspect():
    assert str(inspect.signature(BindMount)).startswith("(source, target, *, read_only=False, ")
    assert "mounts" in inspect.signature(dunnage.Container.launch).parameters
    assert inspect.signature(Tmpfs).parameters["size"].default == 64 << 20


def test_exit_statuses_have_the_numbers_of_docker_and_of_subprocess():
    killed = ExitStatus(signal=9)
    assert (killed.code, killed.returncode, killed.success, killed.signaled) == (137, -9, False, True)
    assert str(killed) == "killed by SIGKILL"
    assert (ExitStatus(3).code, ExitStatus(3).returncode, ExitStatus(0).success) == (3, 3, True)


def test_signals_have_names():
    assert dunnage.parse_signal("TERM") == dunnage.parse_signal("SIGTERM") == dunnage.parse_signal("15") == 15
    assert dunnage.signal_name(15) == "SIGTERM"


def test_a_stream_to_a_function_or_a_descriptor_cannot_be_pickled():
    for stream in (Stdio.callback(print), Stdio.descriptor(1)):
        with pytest.raises(TypeError, match="a thing of this process"):
            pickle.dumps(stream)


def test_restart_policies_are_parsed():
    assert RestartPolicy.parse("on-failure:5") == RestartPolicy(kind="on-failure", max_retries=5)
    assert str(RestartPolicy(kind="always")) == "always"


def test_every_public_name_is_there_and_belongs_to_the_package():
    for name in dunnage.__all__:
        value = getattr(dunnage, name)
        if isinstance(value, type):
            assert value.__module__ in ("dunnage", "dunnage._process"), name
    assert isinstance(dunnage.support().features[0], dunnage.Feature)
    assert any(feature.name == "store" and "/nowhere" in feature.detail for feature in dunnage.support("/nowhere").features)
    assert MountSet() == MountSet([])
