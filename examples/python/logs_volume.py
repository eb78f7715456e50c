# SPDX-License-Identifier: Apache-2.0
"""docker volume create logs-volume
docker run -v logs-volume:/app/logs backend-app

The same back-end with a named volume: no path of the host is chosen, the library keeps the directory. The volume
outlives every container that mounts it, and goes only when it is removed.

    logs_volume.py [STORE]
"""

from __future__ import annotations

import signal
import time

from dunnage import Container, Volume, VolumeStore

from example import check, say, show_in_store

BACKEND = """
  request=0
  while :; do
    request=$((request + 1))
    echo "$(date +%T) served request $request" >> /app/logs/today.log
    sleep 0.05
  done
"""


def launch_backend(logs: Volume) -> Container:
    return Container.launch(["sh", "-c", BACKEND], mounts=logs.at("/app/logs"))


def lines_in(logs: Volume) -> int:
    """What a container sees is asked in a container: the directory on the host is the library's own business."""
    done = Container.run(["sh", "-c", "cat /app/logs/*.log | wc -l"], mounts=logs.at("/app/logs", read_only=True))
    return int(done.stdout)


def wait_for_lines(logs: Volume, count: int) -> None:
    deadline = time.monotonic() + 20
    while lines_in(logs) < count:
        if time.monotonic() > deadline:
            raise TimeoutError("the back-end does not log")
        time.sleep(0.05)


def show(store: VolumeStore) -> None:
    say(f"creating the volume logs-volume in {store.root}")
    logs = store.get_or_create("logs-volume", labels={"app": "backend"})

    say("launching the back-end with logs-volume at /app/logs")
    with launch_backend(logs) as backend:
        wait_for_lines(logs, 5)
        check(len(store.users("logs-volume")) == 1, "the store knows that a container uses the volume")
        say("the back-end crashes: SIGKILL, and the container is removed")
        backend.kill()
        check(backend.wait().signal == signal.SIGKILL, "the container is gone")
    left = lines_in(logs)
    check(left >= 5, f"the volume still holds its log, {left} lines")

    say("launching it again")
    with launch_backend(logs):  # leaving the block ends the container
        wait_for_lines(logs, left + 5)
        check(True, "the new container goes on in the same file")

    store.remove("logs-volume")
    check("logs-volume" not in store, "a volume goes when it is removed, not before")
    say("The logs have outlived the container, in a volume.")


if __name__ == "__main__":
    show_in_store(show, __doc__)
