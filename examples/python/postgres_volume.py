# SPDX-License-Identifier: Apache-2.0
"""docker volume create db-data
docker run -v db-data:/var/lib/postgresql/data postgres

A real database with its data on a volume. While rows are inserted, one transaction each, the container is killed with
SIGKILL and removed. A new container takes the volume: PostgreSQL recovers, and every row whose insertion was
acknowledged is there.

Uses this machine's PostgreSQL (/usr/lib/postgresql/*/bin); exits with 77 if there is none.

    postgres_volume.py [STORE]
"""

from __future__ import annotations

import sys

from dunnage import VolumeStore

from example import say, show_in_store
from postgres import check_rows, find_postgres, insert_until_crash, make_cluster, start_on_volume


def show(store: VolumeStore) -> None:
    programs = find_postgres()
    if programs is None:
        say("SKIPPED: this machine has no PostgreSQL in /usr/lib/postgresql")
        sys.exit(77)
    say(f"making the database cluster of {programs.parent.name} on the volume db-data")
    data = store.create("db-data")
    make_cluster(programs, data)

    with start_on_volume(programs, data) as server:
        acknowledged = insert_until_crash(server)
    say("launching a new container with the volume")
    check_rows(start_on_volume(programs, data), acknowledged)

    store.remove("db-data")
    say("Every acknowledged row has outlived the container.")


if __name__ == "__main__":
    show_in_store(show, __doc__)
