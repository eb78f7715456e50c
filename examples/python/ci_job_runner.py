# SPDX-License-Identifier: Apache-2.0
"""Runs the steps of a job in containers, as a CI system does.

    ci_job_runner.py [--source DIRECTORY] [--store STORE] JOB.json

The job is described in JSON; what is absent below may be left out: image is this machine's own /usr then.

    {
      "name": "shop", "image": "debian", "env": {"LC_ALL": "C.UTF-8"},
      "caches": {"deps": {"path": "/deps", "key": ["*.lock"]}},
      "steps": [
        {"name": "install", "run": "sh /source/install.sh /deps", "unless_cached": "deps"},
        {"name": "test", "run": "make -f /source/Makefile check", "env": {"V": "1"}, "timeout": 300},
        {"name": "report", "run": "cat report.txt", "always": true}
      ]
    }

Each step is a shell script in a container of its own, without a network. It sees the source at /source, read-only, and
works in /work, a volume that the steps of a job share and that is gone afterwards.

A cache is a volume that is named by the content of the files its key names. A job that passes leaves it filled for the
next one with the same files, where steps that only fill it (unless_cached) are left out; caches of former files are
removed. Of jobs that would fill the same cache at the same time, one does and the others go without.

The exit code is that of the first step that fails (128 + the signal that killed it, 124 after a timeout, 125 if it
cannot be launched), or 2 if the job makes no sense.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable, Iterator

import dunnage
from dunnage import BindMount, Container, MountSet, Rootfs, Volume, VolumeMount, VolumeStore

from ci_job import Cache, Job, JobError, Step, read_job


def say(text: str) -> None:
    print(f"{text}\n", end="", flush=True)  # in one piece: two streams of a step may speak at once


class Prefixed:
    """A stream of a step: each line is printed with the step's name as soon as it is complete."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._rest = b""

    def __call__(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            say(f"{self._prefix} {line.decode(errors='replace')}")

    def end(self) -> None:
        if self._rest:
            self(b"\n")


def content_key(cache: Cache, source: Path) -> str:
    """Changes when a file of the key is changed, added, renamed or removed."""
    files = sorted({file for pattern in cache.key for file in source.glob(pattern) if file.is_file()})
    if not files:
        raise JobError(f"caches.{cache.name}.key: no file in {source} is called {' or '.join(cache.key)}")
    digest = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(source)}\0{content}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


@dataclass
class OpenCache:
    """A cache in use. Its volume holds the content in a directory, which steps see, and a lock and a mark beside it."""

    mount: VolumeMount
    filled: bool = False
    keep: Callable[[], None] = lambda: None  # what is to be done when the job has passed


def lock_cache(volume: Volume, operation: int) -> IO[str] | None:
    """A lock on a cache's volume; None if another job's lock excludes it or the volume has gone."""
    try:
        file = open(volume.mountpoint / "lock", "a")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, operation | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file.fileno()), os.stat(file.name)):
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    file.close()
    return None


def content_of(volume: Volume, path: str) -> VolumeMount:
    (volume.mountpoint / "content").mkdir(exist_ok=True)
    return volume.at(path, subpath="content")


@contextlib.contextmanager
def open_cache(store: VolumeStore, job: Job, cache: Cache, source: Path) -> Iterator[OpenCache]:
    kind = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"ci-{job.name}-{cache.name}")
    volume = store.get_or_create(f"{kind}-{content_key(cache, source)}", labels={"ci.cache": kind})
    filled = volume.mountpoint / "filled"
    with contextlib.ExitStack() as ends:
        lock = lock_cache(volume, fcntl.LOCK_SH)
        if lock is not None and filled.exists():
            ends.enter_context(lock)
            say(f"cache {cache.name}: {volume.name}")
            yield OpenCache(content_of(volume, cache.path), filled=True)
            return
        if lock is not None:
            lock.close()
        lock = lock_cache(volume, fcntl.LOCK_EX)
        if lock is None:
            say(f"cache {cache.name}: another job is filling it, this one goes without")
            own = store.create_anonymous()
            ends.callback(store.remove, own.name)
            yield OpenCache(own.at(cache.path))
            return
        ends.enter_context(lock)
        mount = content_of(volume, "/content")
        # A job that failed may have left something, and this user may have no right to remove it.
        Container.run(["find", "/content", "-mindepth", "1", "-delete"], mounts=mount, check=True)
        say(f"cache {cache.name}: {volume.name}, to be filled")
        yield OpenCache(mount.replace(target=cache.path), keep=lambda: keep_cache(store, volume))


def keep_cache(store: VolumeStore, filled: Volume) -> None:
    """It is filled from now on, and those of former files are not needed any more."""
    (filled.mountpoint / "filled").touch()
    for volume in store.list(labels={"ci.cache": filled.labels["ci.cache"]}):
        lock = lock_cache(volume, fcntl.LOCK_EX) if volume.name != filled.name else None
        if lock is not None:
            with lock, contextlib.suppress(dunnage.VolumeInUse, dunnage.VolumeMissing):
                store.remove(volume.name)


class Runner:
    """A job on its way."""

    def __init__(self, job: Job, store: VolumeStore, mounts: MountSet, filled: set[str]) -> None:
        self._job = job
        self._store = store
        self._mounts = mounts
        self._filled = filled
        self._width = max(len(step.name) for step in job.steps)

    def run(self) -> int:
        """The exit code of the first step that fails; steps after it run if they are to run always."""
        failed = 0
        for step in self._job.steps:
            prefix = f"[{step.name:{self._width}}]"
            if failed and not step.always:
                say(f"{prefix} left out after the failure")
            elif step.unless_cached in self._filled:
                say(f"{prefix} left out, the cache {step.unless_cached} is filled")
            else:
                code = self._run_step(step, prefix)
                failed = failed or code
        return failed

    def _run_step(self, step: Step, prefix: str) -> int:
        out, err = Prefixed(prefix), Prefixed(prefix)
        started = time.monotonic()
        try:
            with Container.launch(["sh", "-e", "-c", step.run], mounts=self._mounts, cwd="/work",
                                  rootfs=Rootfs.image(self._job.image) if self._job.image else Rootfs.host(),
                                  entrypoint=[], env={"CI": "true", **self._job.env, **step.env},
                                  stdout=out, stderr=err, store=self._store.root) as container:
                status = container.wait(step.timeout)
            end, code = str(status), status.code
        except dunnage.TimedOut:  # leaving the block has killed it
            end, code = f"killed after its timeout of {step.timeout} s", 124
        except dunnage.Error as error:
            end, code = str(error), 125
        out.end()
        err.end()
        say(f"{prefix} {end} ({time.monotonic() - started:.1f} s)")
        return code


def run_job(job: Job, source: Path, store: VolumeStore) -> int:
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        caches = {cache.name: stack.enter_context(open_cache(store, job, cache, source)) for cache in job.caches}
        work = store.create_anonymous(labels={"ci.work": job.name})
        stack.callback(store.remove, work.name)
        mounts = MountSet([BindMount(source, "/source", read_only=True), work.at("/work"),
                           *(cache.mount for cache in caches.values())])
        code = Runner(job, store, mounts, {name for name, cache in caches.items() if cache.filled}).run()
        if code == 0:
            for cache in caches.values():
                cache.keep()
    say(f"job {job.name}: {f'failed with {code}' if code else 'passed'} ({time.monotonic() - started:.1f} s)")
    return code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", type=Path, metavar="JOB.json")
    parser.add_argument("--source", type=Path, help="the source tree; default: where the job lies")
    parser.add_argument("--store", type=Path, help="where volumes and images are; default: this user's store")
    arguments = parser.parse_args()
    try:
        source = (arguments.source or arguments.job.parent).resolve(strict=True)
        return run_job(read_job(arguments.job), source, VolumeStore.open(arguments.store))
    except (JobError, OSError, dunnage.Error) as error:
        print(f"ci_job_runner: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
