# SPDX-License-Identifier: Apache-2.0
"""The flow, one stage after the other, and what each stage has done to the machine so far:

    MountSet ──resolve()──▶ MountPlan ──prepare()──▶ PreparedMounts ──launch()──▶ Container
    a wish       reads       a decision   opens        descriptors     attaches    a program that sees it

Stop at any of them: print a plan for a dry run, prepare early to fail early.

    stages.py [DIRECTORY]
"""

from __future__ import annotations

from pathlib import Path

from dunnage import BindMount, Container, MountSet, Tmpfs, VolumeStore

from example import check, say, show_in_directory


def mount_table() -> str:
    return Path("/proc/self/mountinfo").read_text()


def show(directory: Path) -> None:
    store, settings = directory / "store", directory / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "colour").write_text("blue\n")
    mounts_before = mount_table()

    say("1. MountSet: what the container shall see. Objects and the texts people know, as you like.")
    mounts = MountSet([
        BindMount(settings, "/etc/app", read_only=True),
        Tmpfs("/scratch", size="1MiB"),
        "type=volume,source=app-data,target=/data",
    ])
    print(mounts)
    check(len(mounts) == 3 and not store.exists(), "it is a value; the machine is untouched")

    say("2. MountPlan: each mount with its source, its attributes, and why.")
    plan = mounts.resolve(store=store)
    print(plan)
    print(plan.explain("/etc/app/colour"))
    check(plan["/etc/app"].read_only, "the bind mount will be read-only")
    check(plan["/data"].create_volume, "the volume will be made; it is not there yet")

    say("3. PreparedMounts: the mounts exist, as descriptors, and nobody can see them.")
    with plan.prepare() as prepared:
        check(len(prepared) == 3, "three mounts are ready")
        check(mount_table() == mounts_before, "the mount table of this process is what it was")
        check("app-data" in VolumeStore.open(store), "the volume has been made")

        say("4. Container: launch() attaches them in the container's own mount namespace.")
        program = "cat /etc/app/colour; echo kept > /data/file; echo red > /etc/app/colour || echo refused"
        done = Container.run(["sh", "-c", program], mounts=prepared, text=True)
        check(prepared.closed, "the container has taken the mounts")
    check(done.returncode == 0, "the program has run")
    check(done.stdout == "blue\nrefused\n", "it has read its settings and could not change them")
    check(mount_table() == mounts_before, "the mount table of this process is still what it was")

    volumes = VolumeStore.open(store)
    check((volumes["app-data"].mountpoint / "file").read_text() == "kept\n", "what it wrote to the volume is kept")
    volumes.remove("app-data")
    say("A mount is a wish, a decision, a descriptor, and then part of a container.")


if __name__ == "__main__":
    show_in_directory(show, __doc__)
