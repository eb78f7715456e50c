# SPDX-License-Identifier: Apache-2.0
"""The exceptions. Each is dunnage.Error, one of its families, and what Python people would catch for it:

    Error
    ├── SpecError(ValueError)       a text cannot be understood; `line`, `column`, `length` point at the part,
    │                               `spec_code`, `spec_stage` and `engine_words` say why and when an engine refuses it
    ├── MountError(OSError)         a mount could not be resolved, prepared or attached; `source`, `target`
    ├── LaunchError(OSError)        a container or a program in it
    ├── VolumeError(OSError)        a volume or the store; `users`
    ├── ImageError(OSError)         an image, an archive of one, a registry; `users`
    ├── ProjectError(ValueError)    a project's files cannot be read, understood or granted; `place`, `path`
    ├── ApplyError(OSError)         a plan of a project failed on its way; `done`, `undone`
    └── ClosedError(ValueError)     an object is used after it was closed

Where a family but SpecError has no class below for a case, one of FileNotFoundError, FileExistsError, PermissionError,
TimeoutError, ... is mixed in by errno all the same.
"""

from __future__ import annotations

import errno as _errno
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import _dunnage

__all__ = [
    "ApplyError", "Cancelled", "ClosedError", "ContainerExists", "ContainerMissing", "DigestMismatch",
    "DuplicateTarget", "Error", "ImageError", "ImageInUse", "ImageMissing", "ImageTimedOut", "InvalidImage",
    "InvalidLaunch", "InvalidMount", "InvalidVolume", "LaunchError", "LauncherLost", "LimitExceeded", "MountError",
    "NotRunning", "ProgramMissing", "ProgramUnusable", "ProjectError", "PullFailed", "SnapshotExists",
    "SnapshotMissing", "SourceMissing", "SpecError", "StoreUnusable", "TimedOut",
    "TransactionConflicts", "TransactionExists", "TransactionInUse", "TransactionMissing", "UserUnknown", "VolumeDamaged",
    "VolumeError", "VolumeExists", "VolumeInUse", "VolumeMissing", "VolumeProtected", "WrongProcess",
]


class Error(Exception):
    """Base of all errors. str() is one sentence: what failed, on what, why, and what to do about it."""

    errno: Any  # int or None where there is none; typed so that it agrees with that of OSError
    filename: str | None  # the path of the host it was about, if it was one; of a project's file as the error names it
    code: _dunnage.errc | None  # None where errno says it all
    stage: _dunnage.Stage | None
    operation: str  # "prepare bind mount"
    subject: str  # the path, volume, container or mount it was about
    cause: str  # the reason: "no such volume"
    remedy: str  # an action the reader can take

    def __init__(self, message: str, *, errno: int | None = None, filename: str | None = None, **members: Any) -> None:
        this: Any = self  # whether it is an OSError, too, is its class's business
        if isinstance(this, OSError):
            OSError.__init__(this, errno, members.get("cause", message))
        else:
            Exception.__init__(self, message)
            self.errno = errno
        self.filename = filename
        self._message = message
        self.code = self.stage = None
        self.operation = self.subject = self.cause = self.remedy = ""
        self.__dict__.update(members)

    def __str__(self) -> str:
        return self._message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._message!r})"

    def __reduce__(self) -> Any:
        members = {key: value for key, value in self.__dict__.items() if key != "_message"}
        members.update(errno=self.errno, filename=self.filename)
        return _again, (_family_of(type(self)), self._message, members)


class SpecError(Error, ValueError):
    """The request itself is wrong; nothing was done. str() shows the text with a caret under the offending part."""

    line: int
    column: int  # 1-based, in bytes
    length: int
    spec_code: _dunnage.SpecCode
    spec_stage: _dunnage.SpecStage  # when the engine refuses it
    engine_words: str  # the distinctive part of the engine's own message; empty if only this library refuses
    _json: str  # for to_json()


class MountError(Error, OSError):
    """A mount could not be resolved, prepared or attached."""

    source: str
    target: str


class LaunchError(Error, OSError):
    """A container or a program in it could not be started, or a running one could not be handled."""


class VolumeError(Error, OSError):
    """A volume or the store itself."""

    users: list[str]  # names of the containers that use the volume


class ImageError(Error, OSError):
    """An image, an archive of one, or a registry."""

    users: list[str]  # names of the containers that are made of the image


class ProjectError(Error, ValueError):
    """A project's files cannot be read, understood or granted. str() shows the line with a caret."""

    place: Any  # the dunnage.ProjectPlace
    path: str  # "services.web.volumes[0]"; empty outside of a value


class ApplyError(Error, OSError):
    """A plan failed on its way. What was done stays done; str() names it, and what was not."""

    done: list[Any]  # of dunnage.ProjectStep
    undone: list[Any]


class ClosedError(Error, ValueError):
    """An object is used after close(), after its with block, or after a container has taken it."""


class InvalidMount(MountError, ValueError):
    """An option, a target or a combination of them makes no sense."""


class DuplicateTarget(InvalidMount):
    """Two mounts at one place in the container."""


class SourceMissing(MountError, FileNotFoundError):
    """The host path of a bind mount is absent."""


class InvalidLaunch(LaunchError, ValueError):
    """An option of a launch or a combination of them makes no sense."""


class UserUnknown(InvalidLaunch):
    """The user or group is not in the container's passwd or group file."""


class ContainerMissing(LaunchError, FileNotFoundError, KeyError):
    """No container of that name or id."""


class ContainerExists(LaunchError, FileExistsError):
    """A container of that name is there already."""


class NotRunning(LaunchError, ProcessLookupError):
    """The container has ended or was not started."""


class ProgramMissing(LaunchError, FileNotFoundError):
    """The program to run is not in the container."""


class ProgramUnusable(LaunchError, PermissionError):
    """The program is there but cannot be executed."""


class LauncherLost(LaunchError, BrokenPipeError):
    """The helper process that owns the containers has died."""


class WrongProcess(LaunchError, PermissionError, RuntimeError):
    """A handle was used in a forked copy of the process that made it."""


class TimedOut(LaunchError, TimeoutError):
    """A deadline passed. From run() and communicate(): `stdout` and `stderr` are what was read until then."""

    stdout: Any = None
    stderr: Any = None


class InvalidVolume(VolumeError, ValueError):
    """A bad name, or an option that makes no sense."""


class VolumeMissing(VolumeError, FileNotFoundError, KeyError):
    """No volume of that name."""


class VolumeExists(VolumeError, FileExistsError):
    """A volume of that name is there already."""


class SnapshotMissing(VolumeError, FileNotFoundError, KeyError):
    """No snapshot of that name of the volume."""


class SnapshotExists(VolumeError, FileExistsError):
    """A snapshot of that name is there already."""


class TransactionMissing(VolumeError, FileNotFoundError, KeyError):
    """No transaction of that name."""


class TransactionExists(VolumeError, FileExistsError):
    """A transaction of that name is there already."""


class TransactionInUse(VolumeError):
    """A container uses the transaction, or somebody applies it."""


class TransactionConflicts(VolumeError):
    """The source was changed where the transaction changes it."""


class VolumeInUse(VolumeError):
    """Containers use the volume: `users`."""


class VolumeProtected(VolumeError, PermissionError):
    """The volume is protected from being removed."""


class VolumeDamaged(VolumeError):
    """The volume's metadata cannot be read or fails its checksum."""


class StoreUnusable(VolumeError, PermissionError):
    """The store has the wrong owner, mode or version."""


class InvalidImage(ImageError, ValueError):
    """An image or an archive of one is malformed, or an option makes no sense."""


class ImageMissing(ImageError, FileNotFoundError, KeyError):
    """No image of that name."""


class ImageInUse(ImageError):
    """Containers are made of the image: `users`."""


class DigestMismatch(InvalidImage):
    """Content is not what its digest says."""


class LimitExceeded(InvalidImage):
    """An archive is larger than it may be."""


class PullFailed(ImageError):
    """A registry did not give the image."""


class ImageTimedOut(ImageError, TimeoutError):
    """The deadline of an operation on images passed."""


class Cancelled(ImageError):
    """The caller ended the operation."""


_FAMILIES: dict[str, type[Error]] = {
    family.__name__: family
    for family in (Error, SpecError, MountError, LaunchError, VolumeError, ImageError, ProjectError, ApplyError,
                   ClosedError)}

_BY_CODE: dict[tuple[type[Error], str], type[Error]] = {
    (MountError, "invalid_argument"): InvalidMount,
    (MountError, "target_conflict"): InvalidMount,
    (MountError, "duplicate_target"): DuplicateTarget,
    (MountError, "source_missing"): SourceMissing,
    (LaunchError, "invalid_argument"): InvalidLaunch,
    (LaunchError, "user_unknown"): UserUnknown,
    (LaunchError, "container_missing"): ContainerMissing,
    (LaunchError, "container_exists"): ContainerExists,
    (LaunchError, "not_running"): NotRunning,
    (LaunchError, "program_missing"): ProgramMissing,
    (LaunchError, "program_unusable"): ProgramUnusable,
    (LaunchError, "launcher_lost"): LauncherLost,
    (LaunchError, "wrong_process"): WrongProcess,
    (LaunchError, "timed_out"): TimedOut,
    (VolumeError, "invalid_argument"): InvalidVolume,
    (VolumeError, "volume_missing"): VolumeMissing,
    (VolumeError, "volume_exists"): VolumeExists,
    (VolumeError, "volume_in_use"): VolumeInUse,
    (VolumeError, "volume_damaged"): VolumeDamaged,
    (VolumeError, "volume_protected"): VolumeProtected,
    (VolumeError, "store_unusable"): StoreUnusable,
    (VolumeError, "snapshot_missing"): SnapshotMissing,
    (VolumeError, "snapshot_exists"): SnapshotExists,
    (VolumeError, "transaction_missing"): TransactionMissing,
    (VolumeError, "transaction_exists"): TransactionExists,
    (VolumeError, "transaction_in_use"): TransactionInUse,
    (VolumeError, "transaction_conflict"): TransactionConflicts,
    (ImageError, "invalid_argument"): InvalidImage,
    (ImageError, "image_invalid"): InvalidImage,
    (ImageError, "image_missing"): ImageMissing,
    (ImageError, "image_in_use"): ImageInUse,
    (ImageError, "digest_mismatch"): DigestMismatch,
    (ImageError, "limit_exceeded"): LimitExceeded,
    (ImageError, "pull_failed"): PullFailed,
    (ImageError, "timed_out"): ImageTimedOut,
    (ImageError, "cancelled"): Cancelled,
}

_mixed: dict[Any, type[Error]] = {}


def _family_of(cls: type) -> str:
    return next(base.__name__ for base in cls.__mro__ if base.__name__ in _FAMILIES)


def _mixed_with_errno(family: type[Error], errno: int | None) -> type[Error]:
    """LaunchError and EACCES make a LaunchError that is a PermissionError as well."""
    builtin: type[Exception] = type(OSError(errno, "")) if errno is not None else OSError
    if builtin is OSError and errno == _errno.EINVAL:
        builtin = ValueError
    if builtin is OSError or issubclass(family, builtin):
        return family
    if (family, builtin) not in _mixed:
        _mixed[family, builtin] = type(family.__name__, (family, builtin), {"__doc__": family.__doc__})
        _mixed[family, builtin].__module__ = "dunnage"
    return _mixed[family, builtin]


def _class_for(family: str, code: Any, errno: int | None) -> type[Error]:
    base = _FAMILIES[family]
    known = _BY_CODE.get((base, code.value)) if code is not None else None
    if known is not None:
        return known
    return base if base in (Error, SpecError, ClosedError) else _mixed_with_errno(base, errno)


def _again(family: str, message: str, members: dict[str, Any]) -> Error:
    return _class_for(family, members.get("code"), members.get("errno"))(message, **members)


def make(family: str, message: str, code: Any, errno: int | None, stage: Any, operation: str, subject: str, cause: str,
         remedy: str, extra: dict[str, Any]) -> Error:
    """The exception for an Error of C++."""
    about = extra.get("source") or subject
    named = extra["place"].file or None if "place" in extra else about if about.startswith("/") else None
    return _class_for(family, code, errno)(
        message, errno=errno, filename=named, code=code, stage=stage,
        operation=operation, subject=subject, cause=cause, remedy=remedy, **extra)


for _name in __all__:
    globals()[_name].__module__ = "dunnage"
