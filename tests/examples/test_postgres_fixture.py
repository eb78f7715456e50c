# SPDX-License-Identifier: Apache-2.0
"""The tests with a real database, run as pytest runs them."""

import glob
import os

from conftest import EXAMPLES

if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
    print("SKIPPED: this machine has no PostgreSQL in /usr/lib/postgresql", flush=True)
    os._exit(77)

PYTEST = ("-m", "pytest", "-p", "dunnage.pytest_plugin", "-p", "no:cacheprovider", "--basetemp=base")


def test_every_test_has_a_database_of_its_own(program, tmp_path):
    done = program(*PYTEST, EXAMPLES / "postgres_fixture.py")
    assert done.returncode == 0 and "4 passed" in done.stdout, done.stdout + done.stderr
    assert not list(tmp_path.glob("base/**/store"))


def test_a_test_that_fails_shows_the_log_of_its_server(program, tmp_path):
    (tmp_path / "test_wrong.py").write_text(
        "from postgres_fixture import cluster, database, launch_database, programs, seed\n"
        "def test_it(database):\n    database.query('SELECT * FROM no_such_table')\n")
    done = program(*PYTEST, "test_wrong.py")
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout + done.stderr
    assert "RuntimeError: psql: ERROR:  relation \"no_such_table\" does not exist" in done.stdout
    report = done.stdout.split("/postgres -D /var/lib/postgresql/data")[1]
    assert "database system is ready to accept connections" in report and "STATEMENT:" in report
