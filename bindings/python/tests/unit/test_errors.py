# SPDX-License-Identifier: Apache-2.0
"""Exceptions are what people would catch in Python, and carry what an Error of C++ knows."""

import copy
import errno
import os
import pickle

import pytest

import dunnage
from dunnage import ContainerStore, ImageStore, MountSet, Tmpfs, VolumeStore, _errors, errc

FAMILIES = ["SpecError", "MountError", "LaunchError", "VolumeError", "ImageError", "ProjectError", "ApplyError"]
ERRNOS = {  # as error.hpp says
    "invalid_spec": "EINVAL", "invalid_argument": "EINVAL", "duplicate_target": "EEXIST", "source_missing": "ENOENT",
    "target_conflict": "EINVAL", "volume_missing": "ENOENT", "volume_exists": "EEXIST", "volume_in_use": "EBUSY",
    "volume_damaged": "EIO", "store_unusable": "EACCES", "container_missing": "ENOENT", "container_exists": "EEXIST",
    "not_running": "ESRCH", "program_missing": "ENOENT", "program_unusable": "EACCES", "user_unknown": "EINVAL",
    "not_supported": "EOPNOTSUPP", "launcher_lost": "EPIPE", "wrong_process": "EPERM", "timed_out": "ETIMEDOUT",
    "image_missing": "ENOENT", "image_in_use": "EBUSY", "image_invalid": "EBADMSG", "digest_mismatch": "EBADMSG",
    "limit_exceeded": "EFBIG", "pull_failed": "EIO", "cancelled": "ECANCELED", "not_granted": "EPERM",
    "snapshot_missing": "ENOENT", "snapshot_exists": "EEXIST",
    "volume_protected": "EPERM", "transaction_missing": "ENOENT", "transaction_exists": "EEXIST",
    "transaction_in_use": "EBUSY", "transaction_conflict": "EBUSY",
}
KEY_ERRORS = {("VolumeError", "volume_missing"), ("LaunchError", "container_missing"), ("ImageError", "image_missing"),
              ("VolumeError", "snapshot_missing"), ("VolumeError", "transaction_missing")}


def made(family, code=None, number=None, **extra):
    return _errors.make(family, "cannot do it", code, number, dunnage.Stage.Run, "do it", "/subject", "cause", "remedy",
                        extra)


def test_every_code_has_its_errno_here():
    assert set(ERRNOS) == {code.value for code in errc}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_code_is_what_python_people_catch_for_it(family):
    for code in errc:
        number = getattr(errno, ERRNOS[code.value])
        error = made(family, code, number)
        assert isinstance(error, getattr(dunnage, family)) and isinstance(error, dunnage.Error)
        assert (str(error), error.errno, error.code, error.filename) == ("cannot do it", number, code, "/subject")
        expected = type(OSError(number, ""))  # FileNotFoundError for ENOENT
        if expected is not OSError and type(error) not in (dunnage.SpecError, dunnage.DuplicateTarget):  # ValueErrors
            assert isinstance(error, expected), code
        if number == errno.EINVAL:
            assert isinstance(error, ValueError), code
        assert isinstance(error, KeyError) == ((family, code.value) in KEY_ERRORS)
        assert isinstance(error, OSError) or family in ("SpecError", "ProjectError")


def test_an_errno_alone_decides_as_well():
    for number in [*errno.errorcode, 5000]:
        for family in FAMILIES[1:]:
            error = made(family, number=number)
            assert isinstance(error, getattr(dunnage, family)) and error.errno == number and error.code is None
            builtin = type(OSError(number, ""))
            assert builtin is OSError or isinstance(error, builtin)


def test_exceptions_are_copied_and_pickled_with_all_they_know():
    for family in FAMILIES:
        for code in (None, *errc):
            error = made(family, code, 2, users=["a"], done=[dunnage.ProjectStep(subject="x")])
            for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
                assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
                assert (again.errno, again.filename) == (error.errno, error.filename)


def raised(kind, call):
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def test_real_errors_have_their_parts(directory):
    volumes = VolumeStore.open()
    error = raised(KeyError, lambda: volumes["none"])
    assert type(error) is dunnage.VolumeMissing and isinstance(error, FileNotFoundError)
    assert (error.code, error.errno, error.stage) == (errc.volume_missing, errno.ENOENT, dunnage.Stage.Store)
    assert (error.operation, error.subject, error.cause) == ("get volume", "none", "no such volume")
    assert error.remedy in str(error) and error.users == [] and error.filename is None

    error = raised(FileNotFoundError, lambda: MountSet([f"type=bind,src={directory}/none,dst=/a"]).resolve())
    assert type(error) is dunnage.SourceMissing and error.filename == error.source == f"{directory}/none"
    assert error.target == "/a" and error.stage is dunnage.Stage.Resolve

    assert type(raised(ValueError, lambda: volumes.create("a/b"))) is dunnage.InvalidVolume
    volumes.create("data")
    assert type(raised(FileExistsError, lambda: volumes.create("data"))) is dunnage.VolumeExists
    assert type(raised(ValueError, lambda: MountSet([Tmpfs("/a"), Tmpfs("/a")]))) is dunnage.DuplicateTarget
    assert type(raised(KeyError, lambda: ContainerStore.open().inspect("none"))) is dunnage.ContainerMissing
    assert type(raised(KeyError, lambda: ImageStore.open()["none"])) is dunnage.ImageMissing


def test_a_place_this_user_may_not_use_is_a_permission_error_with_its_name(directory):
    store = directory / "store"
    store.mkdir()
    os.chmod(store, 0o777)
    (store / "somebody's").touch()
    error = raised(PermissionError, lambda: VolumeStore.open(store))
    assert isinstance(error, dunnage.VolumeError) and error.filename == str(store) and error.remedy
    error = raised(OSError, lambda: VolumeStore.open(store / "somebody's" / "store"))
    assert isinstance(error, NotADirectoryError) and isinstance(error, dunnage.Error)
