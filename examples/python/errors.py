# SPDX-License-Identifier: Apache-2.0
"""One error of each stage: what its sentence looks like, and how a program decides by its class, never by text. Each is
also what Python people catch: ValueError, FileNotFoundError, KeyError, ... A call that raises has changed nothing.

    errors.py
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterator

import dunnage
from dunnage import BindMount, Container, MountSet, Stage, Tmpfs, VolumeStore

from example import check, say, temporary_directory


@contextlib.contextmanager
def expected(situation: str, stage: Stage, cls: type[dunnage.Error], builtin: type[Exception]) -> Iterator[None]:
    """The block must raise such an error, which is shown."""
    say(situation)
    try:
        yield
    except dunnage.Error as error:
        print("  " + str(error).replace("\n", "\n  "))
        check(type(error) is cls and isinstance(error, builtin) and error.stage is stage,
              f"stage {stage.value}, class {cls.__name__}, also {builtin.__name__}")
    else:
        raise AssertionError("NOT SO: this must fail")


def wrong_texts() -> None:
    with expected("A text that cannot be understood; the caret shows where:", Stage.Parse, dunnage.SpecError,
                  ValueError):
        MountSet("type=bind,readonyl,source=/a,target=/b")
    with expected("Two mounts at one place:", Stage.Parse, dunnage.DuplicateTarget, ValueError):
        MountSet([Tmpfs("/data"), BindMount("/srv", "/data/")])


def wrong_sources(directory: Path) -> None:
    absent = directory / "absent"
    mounts = MountSet(BindMount(absent, "/data"))
    with expected("A host path that is not there:", Stage.Resolve, dunnage.SourceMissing, FileNotFoundError):
        mounts.resolve()

    say("The error names the path, so a program can do something about it and try again:")
    try:
        mounts.resolve()
    except FileNotFoundError as error:
        Path(error.filename).mkdir()
    plan = mounts.resolve()
    check(len(plan) == 1, "with the directory made, the same set resolves")

    absent.rmdir()
    with expected("It went away between the plan and prepare():", Stage.Prepare, dunnage.SourceMissing,
                  FileNotFoundError):
        plan.prepare()


def wrong_programs() -> None:
    with expected("A program the container does not have:", Stage.Launch, dunnage.ProgramMissing, FileNotFoundError):
        Container.run(["no-such-program"])

    say("A program that fails is not an error but a value:")
    done = Container.run(["sh", "-c", "exit 3"])
    check(done.returncode == 3, f"the program {done.status}")

    with Container.launch(["true"]) as container:
        container.wait()
        with expected("A signal for a container that has ended:", Stage.Run, dunnage.NotRunning, ProcessLookupError):
            container.kill("SIGTERM")


def wrong_names(store: Path) -> None:
    volumes = VolumeStore.open(store)
    data = volumes.create("db-data")
    with expected("A volume that is not there, but nearly:", Stage.Store, dunnage.VolumeMissing, KeyError):
        volumes["db-dta"]
    with Container.launch(["sleep", "infinity"], mounts=data.at("/data"), name="db", store=store):
        with expected("A volume that is being used:", Stage.Store, dunnage.VolumeInUse, OSError):
            volumes.remove("db-data")
        try:
            volumes.remove("db-data")
        except dunnage.VolumeInUse as error:
            check(error.users == ["db"], f"the error knows who uses it: {', '.join(error.users)}")
    volumes.remove("db-data")
    check("db-data" not in volumes, "when its container is gone, it can be removed")


def main() -> None:
    with temporary_directory() as directory:
        wrong_texts()
        wrong_sources(directory)
        wrong_programs()
        wrong_names(directory / "store")
    say("Every stage says what failed, on what, why, and what to do.")


if __name__ == "__main__":
    main()
