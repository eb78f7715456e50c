# SPDX-License-Identifier: Apache-2.0
"""docker run -v db-data:/var/lib/postgresql/data postgres

The same as postgres_volume with an image: its entry point makes the database on the fresh volume, which has taken the
image's directory with its owner and mode. The container is killed and removed while rows are inserted; a new one finds
every row whose insertion was acknowledged.

The image is an OCI layout that `sh examples/images/build.sh postgres DIRECTORY` makes; exits with 77 if it is not
there.

    postgres_image.py DIRECTORY/postgres        or DUNNAGE_TEST_IMAGES=DIRECTORY postgres_image.py
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dunnage import ImageStore, Rootfs, Volume, VolumeStore

from example import check, say, temporary_directory
from postgres import DATA, PostgresServer, check_rows, insert_until_crash


def start(store: Path, data: Volume) -> PostgresServer:
    """The image says all of it: the program, its user, where it wants its data, and the signal that ends it."""
    return PostgresServer(rootfs=Rootfs.image("postgres"), mounts=data.at(DATA), store=store,
                          socket="/var/run/postgresql")


def show(layout: Path, store: Path) -> None:
    images = ImageStore.open(store)
    images.load(layout, name="postgres")
    image = images["postgres"]
    say(f"the image is of {len(image.info.layers)} layers, runs {image.config.entrypoint[0]} as the user "
        f"{image.config.user}")

    volumes = VolumeStore.open(store)
    data = volumes.create("db-data")
    say(f"launching it with the fresh volume db-data at {DATA}")
    with start(store, data) as server:
        acknowledged = insert_until_crash(server)

    say("launching a new container with the volume")
    check_rows(start(store, data), acknowledged)
    volumes.remove("db-data")
    images.remove("postgres")
    check(not images.list(), "the image is gone when nobody needs it")
    say("Every acknowledged row has outlived the container.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layout", type=Path, nargs="?", help="the OCI layout",
                        default=Path(os.environ.get("DUNNAGE_TEST_IMAGES", "."), "postgres"))
    layout = parser.parse_args().layout
    if not (layout / "index.json").exists():
        say("SKIPPED: there is no PostgreSQL image; make it with sh examples/images/build.sh postgres DIRECTORY")
        sys.exit(77)
    with temporary_directory() as directory:
        show(layout, directory / "store")


if __name__ == "__main__":
    main()
