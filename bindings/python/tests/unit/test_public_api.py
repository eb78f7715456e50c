# SPDX-License-Identifier: Apache-2.0
"""What the public headers declare is in the package, under its name or the one that stands here, or it stands here why
it is not."""

import inspect
from pathlib import Path

import dunnage
import public_headers

HEADERS = Path(__file__).parents[4] / "include" / "dunnage"

# An options struct is keywords of these.
OPTIONS = {
    "BindOptions": [dunnage.BindMount], "TmpfsOptions": [dunnage.Tmpfs], "ImageMountOptions": [dunnage.ImageMount],
    "VolumeMountOptions": [dunnage.VolumeMount, dunnage.Volume.at],
    "VolumeOptions": [dunnage.VolumeStore.create, dunnage.VolumeStore.get_or_create],
    "SnapshotOptions": [dunnage.VolumeHistory.snapshot], "RollbackOptions": [dunnage.VolumeHistory.rollback],
    "CloneOptions": [dunnage.VolumeStore.clone], "DiffOptions": [dunnage.VolumeHistory.diff],
    "VolumeFilter": [dunnage.VolumeStore.list, dunnage.VolumeStore.prune],
    "VolumeChanges": [dunnage.VolumeStore.update, dunnage.VolumeStore.plan_update],
    "UsageOptions": [dunnage.VolumeStore.usage, dunnage.VolumeTrash.usage, dunnage.PrunePlan.usage],
    "RemoveOptions": [dunnage.VolumeStore.remove], "PruneOptions": [dunnage.VolumeStore.plan_prune],
    "PullOptions": [dunnage.ImageStore.pull], "LoadOptions": [dunnage.ImageStore.load],
    "ImportOptions": [dunnage.ImageStore.import_], "ResolveOptions": [dunnage.MountSet.resolve],
    "PrepareOptions": [dunnage.MountPlan.prepare],
    "ExplainOptions": [dunnage.MountPlan.explain, dunnage.Container.explain, dunnage.ContainerStore.explain],
    "VolumeExportOptions": [dunnage.VolumeStore.export_to], "VolumeImportOptions": [dunnage.VolumeStore.import_from],
    "VolumeCopyOptions": [dunnage.VolumeStore.copy, dunnage.VolumeStore.copy_to],
    "VolumeAdoptOptions": [dunnage.VolumeStore.adopt],
    "TransactionApplyOptions": [dunnage.Transaction.apply], "TransactionFilter": [dunnage.Transaction.apply],
    "CopyOptions": [dunnage.copy_in, dunnage.copy_out],
    "LogOptions": [dunnage.ContainerStore.logs, dunnage.project_logs], "LaunchSpec": [dunnage.Container.launch],
    "TemplateLaunch": [dunnage.LaunchTemplate.launch],
    "ExecSpec": [dunnage.Container.exec], "ProjectSource": [dunnage.Project.load],
    "UpOptions": [dunnage.Project.plan_up], "DownOptions": [dunnage.Project.plan_down],
    "ApplyOptions": [dunnage.ProjectPlan.apply],
    "StoreCheck": [dunnage.check_store, dunnage.VolumeStore.check, dunnage.ContainerStore.check,
                   dunnage.ImageStore.check],
    "StoreRepair": [dunnage.repair_store, dunnage.VolumeStore.repair, dunnage.ContainerStore.repair,
                    dunnage.ImageStore.repair],
    "DetachOptions": [dunnage.Container.detach],
}

# Another name in Python; of a member without its class, what all classes have.
RENAMED = {
    "Ownership.as": "Ownership.as_", "Relabel.None": "Relabel.None_", "LimitWay.None": "LimitWay.None_", "ImageStore.import": "ImageStore.import_", "ArchiveCompression.None": "ArchiveCompression.None_",
    "TransactionChange.from": "TransactionChange.from_",
    "kUnlimited": "UNLIMITED", "Resources.with": "Resources.with_", "Resources.empty": "Resources.__bool__",
    "PruneOptions.filter": "labels", "PruneOptions.removal": "keep",
    "parse_platform": "Platform.parse", "engine_named": "Engine",
    "LaunchSpec.in": "stdin", "LaunchSpec.out": "stdout",
    "LaunchSpec.err": "stderr", "TemplateLaunch.in": "stdin", "TemplateLaunch.out": "stdout",
    "TemplateLaunch.err": "stderr", "ExecSpec.in": "stdin", "ExecSpec.out": "stdout", "ExecSpec.err": "stderr",
    ".size": "__len__", ".begin": "__iter__", ".end": "__iter__", ".empty": "__len__", ".to_string": "__str__",
    ".what": "__str__", ".add_spec": "add",
    "MountEvents.next": "MountEvents.poll", "MountEvents.fd": "MountEvents.fileno",
}

LEFT_OUT = {
    "Storage": "what mounts= of Container.launch() takes", "Mount": "the classes of mounts, side by side",
    "Environment": "a dict of str to str", "Labels": "a dict of str to str", "DriverOptions": "a dict of str to str",
    "ComposeVolumes": "a dict of str to ComposeVolume", "Stdio.Callback": "any function",
    "Stdio.function": "a Stdio of a function is made to be called by the library",
    "ErrorInfo": "attributes of Error", "SpecRefusal": "attributes of SpecError",
    "FreezeHook": "freeze= takes a context manager", "VolumeSeed": "what seed= takes",
    "ByteSink": "any function of bytes", "ByteSource": "any object with read()",
    "Watch": "progress= and timeout= of a call, and KeyboardInterrupt",
    "LogReader": "LogEntries has poll(), ended and fileno()", "ContainerStore.read_log": "ContainerStore.logs()",
    "to_string": "str() of a value, `value` of an enum",
    "ExitStatus.with_oom_killed": "a keyword of ExitStatus()", "ExitStatus.with_cause": "likewise",
    "target_of": "every class of mounts has `target`",
    "error_category": "std::error_code is errno and code of an exception", "make_error_code": "likewise",
}
MADE_OTHERWISE = {"filter": "include=, exclude= and accept=", "watch": "progress= and timeout=", "stop": "close() of the iterator", "options": "keywords"}
OF_EXCEPTIONS = {"Error", "SpecError", "MountError", "VolumeError", "ImageError", "ProjectError", "ApplyError"}


def declared():
    return public_headers.declared_in(HEADERS.glob("*.hpp"))


def lookup(name):
    value = dunnage
    for part in name.split("."):
        if not hasattr(value, part):
            return None
        value = getattr(value, part)
    return value


def has(scope, name):
    if scope in OPTIONS:
        word = RENAMED.get(f"{scope}.{name}", name)
        return all(word in inspect.signature(function).parameters for function in OPTIONS[scope])
    full = f"{scope}.{name}" if scope else name
    if lookup(RENAMED.get(full, full)) is not None:
        return True
    if "." + name in RENAMED and scope:
        return hasattr(lookup(scope), RENAMED["." + name])
    return scope in OF_EXCEPTIONS and any(
        name in vars(cls).get("__annotations__", {}) for cls in getattr(dunnage, scope).__mro__)


def test_the_package_has_what_the_headers_declare():
    missing = []
    for full, what in declared().items():
        scope, _, name = full.rpartition(".")
        left_out = full in LEFT_OUT or scope in LEFT_OUT or full in OPTIONS or (scope and name in MADE_OTHERWISE)
        if not left_out and not has(scope, name):
            missing.append((full, what))
    assert missing == []


def test_the_headers_were_read():
    names = declared()
    assert len(names) > 1000 and {"Container.launch", "errc.not_granted", "ProjectPlan.apply"} <= set(names)
    assert {"private", "State", "Container.state_", "Error.State"}.isdisjoint(names)


def test_what_is_left_out_is_declared():
    names = declared()
    assert [name for name in [*LEFT_OUT, *OPTIONS] if name not in names] == []
    assert [name for name in RENAMED if not name.startswith(".") and name not in names] == []


def test_every_exception_of_the_headers_is_one_of_python():
    text = "".join(path.read_text(encoding="utf-8") for path in HEADERS.glob("*.hpp"))
    names = public_headers.derived_from(text, "Error")
    assert set(names) == OF_EXCEPTIONS - {"Error"} | {"LaunchError"}
    for name in names:
        assert issubclass(getattr(dunnage, name), dunnage.Error)
