# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL for tests: filled once, and every test has a clone of its own, which it may spoil.

    pytest postgres_fixture.py
    pytest -p dunnage.pytest_plugin postgres_fixture.py        where the package is not installed by pip

The fixtures would stand in a conftest.py. `seed` is a snapshot of a volume with a database that was filled and stopped,
once in a session; `database` is a server on a clone of it, which costs milliseconds on XFS and btrfs. With pytest-xdist each worker has a seed. A test that fails shows what
its server has logged.

Uses this machine's PostgreSQL (/usr/lib/postgresql/*/bin); skipped if there is none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from dunnage import SnapshotConsistency, Stdio, Volume, VolumeSnapshot, VolumeStore
from dunnage.pytest_plugin import ContainerFactory

from postgres import PostgresServer, find_postgres, make_cluster, start_on_volume

SCHEMA = """
    CREATE TABLE ships (name text PRIMARY KEY, tons integer NOT NULL CHECK (tons > 0));
    INSERT INTO ships VALUES ('Adler', 120), ('Bussard', 340), ('Condor', 95);
"""


@pytest.fixture(scope="session")
def programs() -> Path:
    found = find_postgres()
    if found is None:
        pytest.skip("this machine has no PostgreSQL in /usr/lib/postgresql")
    return found


@pytest.fixture(scope="session")
def seed(volume_store: VolumeStore, programs: Path) -> VolumeSnapshot:
    """The state every test begins with."""
    volume = volume_store.create("seed")
    make_cluster(programs, volume)
    with start_on_volume(programs, volume) as server:
        server.query(SCHEMA)
        server.stop()
    return volume_store.history("seed").snapshot("filled")


@pytest.fixture
def launch_database(programs: Path, container: ContainerFactory) -> Callable[[Volume], PostgresServer]:
    """Starts a server on a volume; its log goes to the report of a test that fails."""
    return lambda volume: start_on_volume(programs, volume, launch=container, stderr=Stdio.log())


@pytest.fixture
def cluster(seed: VolumeSnapshot, clone_volume: Callable[..., Volume]) -> Volume:
    """A volume of the test's own, as the seed was."""
    assert seed.consistency is SnapshotConsistency.Idle  # the server had stopped
    return clone_volume(seed.volume, snapshot=seed.name)


@pytest.fixture
def database(cluster: Volume, launch_database: Callable[[Volume], PostgresServer]) -> PostgresServer:
    """A server on it."""
    return launch_database(cluster)


@pytest.mark.parametrize("name", ["Adler", "Bussard"])
def test_a_test_may_spoil_its_database(database: PostgresServer, name: str) -> None:
    assert database.query("SELECT count(*) FROM ships") == "3\n"  # whatever the other one has done
    database.query(f"DELETE FROM ships WHERE name = '{name}'; DROP TABLE IF EXISTS cargo;")
    assert name not in database.query("SELECT name FROM ships")


def test_the_constraints_hold(database: PostgresServer) -> None:
    with pytest.raises(RuntimeError, match="violates check constraint"):
        database.query("INSERT INTO ships VALUES ('Dorade', 0)")
    assert database.query("SELECT sum(tons) FROM ships") == "555\n"


def test_a_crash_loses_nothing(database: PostgresServer, cluster: Volume,
                               launch_database: Callable[[Volume], PostgresServer]) -> None:
    database.query("INSERT INTO ships VALUES ('Elster', 60)")
    database.container.kill()
    assert database.container.wait().signaled
    again = launch_database(cluster)
    assert again.query("SELECT tons FROM ships WHERE name = 'Elster'") == "60\n"
