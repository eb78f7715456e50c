# SPDX-License-Identifier: Apache-2.0
"""docker run -v /host/logs:/app/logs backend-app

A back-end writes its logs to /app/logs. A bind mount makes that directory one of the host's, so the logs are seen on
the host at once, and they stay when the container crashes.

    logs_bind_mount.py [HOST_DIRECTORY]
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

from dunnage import BindMount, Container

from example import check, say, show_in_directory

# The back-end: tells how many lines it finds, then logs one request after the other until it is stopped.
BACKEND = """
  if [ -f /app/logs/today.log ]; then echo "back-end: I find $(wc -l < /app/logs/today.log) lines of mine"; fi
  request=0
  while :; do
    request=$((request + 1))
    echo "$(date +%T) served request $request" >> /app/logs/today.log
    sleep 0.05
  done
"""


def lines_in(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


def wait_for_lines(file: Path, count: int) -> None:
    deadline = time.monotonic() + 20
    while lines_in(file) < count:
        if time.monotonic() > deadline:
            raise TimeoutError("the back-end does not log")
        time.sleep(0.02)


def launch_backend(host_logs: Path) -> Container:
    return Container.launch(["sh", "-c", BACKEND], mounts=BindMount(host_logs, "/app/logs"))


def show(host_logs: Path) -> None:
    today = host_logs / "today.log"
    say(f"launching the back-end with {host_logs} at /app/logs")
    with launch_backend(host_logs) as backend:
        wait_for_lines(today, 5)
        check(True, "the host reads the back-end's log while it is being written")

        say("the back-end crashes: SIGKILL")
        backend.kill()
        status = backend.wait()
        check(status.signal == signal.SIGKILL, f"the container is gone: {status}")
    left = lines_in(today)
    check(left >= 5, f"its log is still on the host, {left} lines")

    say("launching it again")
    with launch_backend(host_logs):
        wait_for_lines(today, left + 5)
        check(lines_in(today) >= left + 5, "the new container goes on in the same file")
    say("The logs have outlived the container, in a directory of the host.")


if __name__ == "__main__":
    show_in_directory(show, __doc__, "HOST_DIRECTORY")
