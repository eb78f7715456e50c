# SPDX-License-Identifier: Apache-2.0
"""The description of a job for ci_job_runner, read from JSON and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any


class JobError(Exception):
    """The description makes no sense."""


@dataclass(frozen=True)
class Cache:
    name: str
    path: str  # where steps find it
    key: list[str]  # patterns of files below the source


@dataclass(frozen=True)
class Step:
    name: str
    run: str
    env: dict[str, str]
    timeout: float | None
    unless_cached: str | None
    always: bool


@dataclass(frozen=True)
class Job:
    name: str
    image: str | None
    env: dict[str, str]
    caches: list[Cache]
    steps: list[Step]


class _Members:
    """Takes the members of an object one by one; those that nobody has taken are refused at the end."""

    def __init__(self, where: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise JobError(f"{where or 'a job'} is an object, not {json.dumps(value)}")
        self._where = f"{where}." if where else ""
        self._left = dict(value)
        self._taken: list[str] = []

    def take(self, key: str, kind: type | tuple[type, ...], what: str, *default: Any) -> Any:
        self._taken.append(key)
        if key not in self._left:
            if not default:
                raise JobError(f"{self._where}{key} is missing")
            return default[0]
        value = self._left.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool) or not (value or kind is bool):
            raise JobError(f"{self._where}{key} is {what}, not {json.dumps(value)}")
        return value

    def texts(self, key: str) -> dict[str, str]:
        members = _Members(f"{self._where}{key}", self.take(key, dict, "an object with texts", {}))
        return {name: members.take(name, str, "a text") for name in list(members._left)}

    def end(self) -> None:
        for key in self._left:
            close = get_close_matches(key, self._taken, 1)
            raise JobError(f"there is no {self._where}{key}" + (f"; did you mean {close[0]}?" if close else ""))


def _cache(where: str, name: str, value: Any) -> Cache:
    members = _Members(where, value)
    cache = Cache(name, members.take("path", str, "a path in the container"),
                  members.take("key", list, "a list of patterns of files below the source"))
    members.end()
    if not PurePosixPath(cache.path).is_absolute():
        raise JobError(f"{where}.path is an absolute path in the container, not {json.dumps(cache.path)}")
    for pattern in cache.key:
        if not isinstance(pattern, str) or not pattern or pattern.startswith("/") or ".." in pattern.split("/"):
            raise JobError(f"{where}.key: {json.dumps(pattern)} is no pattern of files below the source")
    return cache


def _step(where: str, value: Any, caches: list[Cache]) -> Step:
    members = _Members(where, value)
    step = Step(members.take("name", str, "a text"), members.take("run", str, "a script for sh"), members.texts("env"),
                members.take("timeout", (int, float), "a number of seconds", None),
                members.take("unless_cached", str, "the name of a cache", None),
                members.take("always", bool, "true or false", False))
    members.end()
    if step.timeout is not None and step.timeout < 0:
        raise JobError(f"{where}.timeout is a number of seconds, not {step.timeout}")
    if step.unless_cached is not None and step.unless_cached not in [cache.name for cache in caches]:
        raise JobError(f"{where}.unless_cached: there is no cache {json.dumps(step.unless_cached)}")
    return step


def parse_job(value: Any) -> Job:
    """Raises JobError with the place in the description."""
    members = _Members("", value)
    given = members.take("caches", dict, "an object with caches", {})
    caches = [_cache(f"caches.{name}", name, cache) for name, cache in given.items()]
    job = Job(members.take("name", str, "a text"), members.take("image", str, "the name of an image", None),
              members.texts("env"), caches,
              [_step(f"steps[{index}]", step, caches)
               for index, step in enumerate(members.take("steps", list, "a list of steps"))])
    members.end()
    return job


def read_job(file: Path) -> Job:
    """Raises JobError, also for a file that cannot be read."""
    try:
        return parse_job(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise JobError(f"{file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise JobError(f"{file} is no JSON: {error}") from error
    except JobError as error:
        raise JobError(f"{file}: {error}") from error
