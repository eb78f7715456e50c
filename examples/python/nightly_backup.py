# SPDX-License-Identifier: Apache-2.0
"""docker run --rm -v db-data:/data -v /backup:/backup debian:12 tar -czf /backup/db-data.tar.gz -C /data .

A nightly backup: each volume that is labelled `backup=nightly` becomes a file with its digest beside it, whole or not at
all, whoever uses the volume meanwhile. Then the machine is lost, and all of them are back.

    nightly_backup.py [DIRECTORY]
"""

from __future__ import annotations

from pathlib import Path

import dunnage
from dunnage import VolumeStore

from example import check, say, show_in_directory


def back_up(store: VolumeStore, backup: Path) -> dict[str, str]:
    """What cron would start each night."""
    digests = {}
    for volume in store.list(labels={"backup": "nightly"}):
        done = store.export_to(volume.name, backup / f"{volume.name}.tar.zst", compression="zstd")
        (backup / f"{volume.name}.digest").write_text(f"{done.digest}\n")
        digests[volume.name] = done.digest
        used = f", used by {done.users[0]} meanwhile" if done.in_use else ""
        say(f"  {volume.name}: {done.entries} entries, {done.size} bytes{used}")
    return digests


def restore(store: VolumeStore, backup: Path, digests: dict[str, str]) -> None:
    """Nothing that is not what its digest says becomes a volume."""
    for name, digest in digests.items():
        store.import_from(backup / f"{name}.tar.zst", name, labels={"backup": "nightly"}, digest=digest)


def write(store: VolumeStore, volume: str, text: str) -> None:
    done = dunnage.run(["sh", "-c", f"echo '{text}' >> /data/ledger"], mounts=store[volume].at("/data"),
                       store=store.root)
    check(done.returncode == 0, f'a container writes "{text}" to the volume {volume}')


def show(directory: Path) -> None:
    store = VolumeStore.open(directory / "store")
    backup = directory / "backup"
    backup.mkdir(exist_ok=True)
    for name in ("orders", "invoices"):
        store.create(name, labels={"backup": "nightly"})
    store.create("cache")
    write(store, "orders", "one ship")
    write(store, "invoices", "one anchor")

    say("the first night")
    first = back_up(store, backup)
    check(len(first) == 2, "two volumes are in the backup, and the cache is not")
    say("the second night")
    check(back_up(store, backup) == first, "nothing has changed, so the archives are the same, byte for byte")
    write(store, "orders", "two ships")
    say("the third night")
    third = back_up(store, backup)
    check(third["orders"] != first["orders"] and third["invoices"] == first["invoices"], "one of the two has changed")

    fresh = VolumeStore.open(directory / "new-machine")
    restore(fresh, backup, third)
    check(len(fresh) == 2, "on another machine both volumes are back")
    check(back_up(fresh, backup) == third, "with the same content, for their archives are the same")
    say("The nights were worth it.")


if __name__ == "__main__":
    show_in_directory(show, __doc__)
