# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server in a container, as postgres_volume, postgres_image and postgres_fixture run it: from this
machine's packages or from an image."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path
from typing import Any, Callable, Sequence

from dunnage import DEVNULL, PIPE, Container, LaunchError, MountSet, Process, Tmpfs, Volume

from example import check, say

DATA = "/var/lib/postgresql/data"
SOCKET = "/run/postgresql"  # where server and client meet, on a tmpfs
USER = "65534:65534"  # PostgreSQL refuses to run as root, and wants a user that /etc/passwd knows: nobody
ROWS_BEFORE_THE_CRASH = 1000


class PostgresServer:
    """A running server; leaving the block kills it. `programs` is where its programs are in the container, "" for its
    PATH, `socket` the directory where server and client meet, `launch` what launches it; the rest is for that."""

    def __init__(self, argv: Sequence[str | Path] | None = None, *, programs: str | Path = "", socket: str = SOCKET,
                 launch: Callable[..., Container] = Container.launch, **options: Any) -> None:
        self._programs = Path(programs)
        self._socket = socket
        self._log: list[bytes] = []
        self.container = launch(argv, **{"stdout": DEVNULL, "stderr": self._log.append, **options})
        try:
            self._wait_until_ready()
        except BaseException:
            self.container.close()
            raise

    def __enter__(self) -> PostgresServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.container.close()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while self.container.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(LaunchError):  # it has just ended
                if self._exec([self._program("pg_isready"), "-q", "-h", self._socket]).wait().success:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL does not get ready: {self.log}")

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _exec(self, argv: Sequence[str], **options: Any) -> Process:
        return self.container.exec(argv, env={"LC_ALL": "C"}, text=True, **options)

    def _psql(self) -> list[str]:
        return [self._program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h", self._socket]

    @property
    def log(self) -> str:
        """What the server has logged until now; all of it when the block is left."""
        return b"".join(self._log).decode()

    def query(self, statements: str, *, database: str = "postgres") -> str:
        """Runs statements and returns their result, one line a row."""
        with self._exec([*self._psql(), "-d", database], stdin=PIPE, stdout=PIPE, stderr=PIPE) as psql:
            rows, complaint = psql.communicate(statements, timeout=60)
            if not psql.wait().success:
                raise RuntimeError(f"psql: {complaint.strip()}")
            return str(rows)

    def repeat(self, statement: str) -> Process:
        """A psql that runs a statement again and again; what it returns is read from its stdout."""
        return self._exec(["sh", "-c", 'yes "$0" | "$@"', statement, *self._psql()], stdout=PIPE, stderr=DEVNULL)

    def stop(self) -> None:
        status = self.container.stop(grace=30)
        if not status.success:
            raise RuntimeError(f"the server {status}: {self.log}")


def find_postgres() -> Path | None:
    """Where the newest PostgreSQL of this machine has its programs. /usr is the container's as well, read-only."""
    found = [initdb.parent for initdb in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda programs: float(programs.parent.name), default=None)


def storage(data: Volume) -> MountSet:
    return MountSet([data.at(DATA), Tmpfs(SOCKET, size="1MiB")])


def make_cluster(programs: Path, data: Volume) -> None:
    """The database's files on a fresh volume. It belongs to the container's root, who gives it to the database's user,
    if it is not that user's already: a user of the host who has only one id is seen in the container as whoever the
    container runs as."""
    owner = Container.run(["stat", "-c", "%u", DATA], mounts=storage(data), user=USER, text=True, check=True)
    if owner.stdout != "65534\n":
        Container.run(["chown", USER, DATA], mounts=storage(data), check=True)
    Container.run([programs / "initdb", "-D", DATA, "-U", "postgres", "-A", "trust", "--no-locale"],
                  mounts=storage(data), user=USER, env={"LC_ALL": "C"}, check=True)


def start_on_volume(programs: Path, data: Volume, **options: Any) -> PostgresServer:
    """The server of this machine's packages on a volume."""
    return PostgresServer([programs / "postgres", "-D", DATA, "-k", SOCKET, "-c", "listen_addresses="],
                          programs=programs, mounts=storage(data), user=USER, env={"LC_ALL": "C"},
                          stop_signal=signal.SIGINT,  # PostgreSQL's "fast shutdown"
                          **options)


def insert_until_crash(server: PostgresServer) -> set[int]:
    """Inserts row after row through one psql session, which prints the id of each when the server has acknowledged it.
    When enough are, the container is killed, while psql goes on inserting. Returns the acknowledged ids."""
    server.query("CREATE TABLE entries (id bigserial PRIMARY KEY, note text NOT NULL);")
    say("inserting rows, one transaction each")
    acknowledged: set[int] = set()
    with server.repeat("INSERT INTO entries (note) VALUES ('cargo') RETURNING id;") as session:
        for line in session.stdout:
            if line.endswith("\n"):  # a line that was cut off by the crash is no acknowledgement
                acknowledged.add(int(line))
                if len(acknowledged) == ROWS_BEFORE_THE_CRASH:
                    server.container.kill()
    check(server.container.wait().signal == signal.SIGKILL, "the container was killed in the middle of it")
    return acknowledged


def check_rows(server: PostgresServer, acknowledged: set[int]) -> None:
    """Every row whose insertion was acknowledged is there, after a recovery."""
    with server:
        found = {int(row) for row in server.query("SELECT id FROM entries;").split()}
        print(f"acknowledged rows: {len(acknowledged)}, found rows: {len(found)}, "
              f"last acknowledged id: {max(acknowledged)}, last found id: {max(found)}")
        check(acknowledged <= found, "every acknowledged row is there")
        server.stop()
    check("automatic recovery in progress" in server.log, "PostgreSQL has recovered from the crash")
