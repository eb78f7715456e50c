# SPDX-License-Identifier: Apache-2.0
"""New configuration for a program that runs: its directory is exchanged at once, and the program, which reads it all the
time, sees the old one or the new one, and never none.

    live_mounts.py [DIRECTORY]
"""

from __future__ import annotations

from pathlib import Path

from dunnage import PIPE, BindMount, Container, MountError, VolumeMount, VolumeStore

from example import check, say, show_in_directory

READER = """
echo ready
while read word </conf/word || [ -n "$word" ]; do
  case $word in *[!a-z]*|'') echo "broken: $word"; exit 1 ;; esac
  word=
done
echo "missing"
"""


def configuration(place: Path, word: str) -> Path:
    directory = place / word
    directory.mkdir()
    (directory / "word").write_text(word)
    return directory


def replaced_at_once(place: Path) -> None:
    say("replace: a hundred configurations, one after the other, under a program that reads without a pause")
    former = configuration(place, "first")
    latter = configuration(place, "second")
    with Container.launch(["sh", "-c", READER], mounts=BindMount(former, "/conf", read_only=True), stdout=PIPE,
                          text=True) as reader:
        check(reader.stdout.readline() == "ready\n", "it reads")
        for number in range(100):
            reader.replace("/conf", BindMount(former if number % 2 else latter, "/conf", read_only=True))
        check(reader.poll() is None, "it has never found the file missing, or broken")
        check(reader.plan["/conf"].source == former, "its plan says what is mounted by now")


def attached_and_detached(place: Path) -> None:
    say("attach and detach: a volume for as long as it is needed")
    volumes = VolumeStore.open(place / "store")
    with Container.launch(["sleep", "infinity"], store=volumes.root) as container:
        events = container.mount_events()
        container.attach(VolumeMount("backup", "/backup"))
        with container.exec(["sh", "-c", "exec >/backup/log; read end"], stdin=PIPE) as writer:
            while not container.mount_holders("/backup"):
                pass
            try:
                container.detach("/backup")
            except MountError as error:
                check("it is in use by" in str(error), f"while it is in use it stays: {error}")
            writer.communicate(b"\n")
        container.detach("/backup")
        volumes.remove("backup")
        check(True, "then it goes, and nothing uses the volume any more")
        kinds = [next(events).kind.value, next(events).kind.value]
        check(kinds == ["attached", "detached"], f"who watches has seen: {kinds}")


def show(place: Path) -> None:
    replaced_at_once(place)
    attached_and_detached(place)


if __name__ == "__main__":
    show_in_directory(show, __doc__)
