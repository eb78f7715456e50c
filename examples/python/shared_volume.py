# SPDX-License-Identifier: Apache-2.0
"""docker run -v shared:/shared writer
docker run -v shared:/shared:ro reader

Two containers share a volume at the same time. What one writes, the other reads at once; the one that has it
read-only cannot write; and nobody can remove it under their feet.

    shared_volume.py [STORE]
"""

from __future__ import annotations

from dunnage import PIPE, Container, ExitStatus, VolumeInUse, VolumeStore

from example import check, say, show_in_store


def launch(store: VolumeStore, name: str, *, read_only: bool) -> Container:
    return Container.launch(["sleep", "infinity"], name=name, store=store.root,
                            mounts=store["shared"].at("/shared", read_only=read_only))


def ask(container: Container, command: str) -> tuple[ExitStatus, str]:
    """Runs a shell command in a running container and collects what it prints."""
    with container.exec(["sh", "-c", f"exec 2>&1; {command}"], stdout=PIPE, text=True) as process:
        text, _ = process.communicate()
        return process.wait(), text


def share(store: VolumeStore, writer: Container, reader: Container) -> None:
    status, _ = ask(writer, "echo 'the ship has sailed' > /shared/news")
    check(status.success, "writer writes /shared/news")
    check(ask(reader, "cat /shared/news") == (ExitStatus(0), "the ship has sailed\n"), "reader reads it at once")
    status, _ = ask(writer, "echo 'and is back' >> /shared/news")
    check(status.success, "writer appends to it")
    check(ask(reader, "tail -n 1 /shared/news") == (ExitStatus(0), "and is back\n"), "reader sees that, too")

    status, refusal = ask(reader, "echo graffiti > /shared/news")
    check(not status.success and "Read-only file system" in refusal, f"reader cannot write: {refusal.strip()}")

    try:
        store.remove("shared")
    except VolumeInUse as error:
        check(sorted(error.users) == ["reader", "writer"], str(error))
    else:
        raise AssertionError("NOT SO: the volume is kept while it is used")


def show(store: VolumeStore) -> None:
    store.get_or_create("shared")
    say("launching writer (read-write) and reader (read-only) on the volume shared")
    with launch(store, "writer", read_only=False) as writer, launch(store, "reader", read_only=True) as reader:
        share(store, writer, reader)
    say("both containers are gone")
    store.remove("shared")
    check("shared" not in store, "now the volume can be removed")
    say("Two containers have shared one volume.")


if __name__ == "__main__":
    show_in_store(show, __doc__)
