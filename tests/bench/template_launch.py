#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A launch from a template beside a plain one, by turns, in one process with one launcher.

    PYTHONPATH=build/.../python template_launch.py BUILD [--binds N] [--network private|host] [--rounds N]

Run it as root."""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Callable

from dunnage import BindMount, Container, LaunchTemplate, Network, Rootfs


def milliseconds(launch: Callable[[], Container]) -> float:
    begin = time.perf_counter()
    if not launch().wait().success:
        raise RuntimeError("the program failed")
    return (time.perf_counter() - begin) * 1000


def measure(place: Path, program: Path, binds: int, network: Network, rounds: int) -> None:
    root = place / "root"
    for name in ("proc", "sys", "dev", "etc", "m"):
        (root / name).mkdir(parents=True)
    shutil.copy(program, root / "true")
    mounts = []
    for number in range(binds):
        source = place / "sources" / str(number)
        source.mkdir(parents=True)
        (root / "m" / str(number)).mkdir()
        mounts.append(BindMount(source, f"/m/{number}"))

    def plain() -> Container:
        return Container.launch(["/true"], rootfs=Rootfs.directory(root), mounts=mounts, network=network,
                                store=place / "store")

    with LaunchTemplate(["/true"], rootfs=Rootfs.directory(root), mounts=mounts, network=network,
                        store=place / "store") as template:
        series: dict[str, list[float]] = {"plain": [], "from a template": []}
        launches = {"plain": plain, "from a template": template.launch}
        for number in range(rounds + 5):  # five do not count
            for name in list(launches) if number % 2 == 0 else reversed(list(launches)):
                series[name].append(milliseconds(launches[name]))
    for name, values in series.items():
        print(f"{name}: median {statistics.median(values[5:]):.3f} ms")
    ratios = [one / other for one, other in zip(series["from a template"][5:], series["plain"][5:])]
    print(f"from a template / plain: {statistics.median(ratios):.3f}, the median of {rounds} pairs")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--binds", type=int, default=0)
    parser.add_argument("--network", type=Network, choices=list(Network), default=Network.Private)
    parser.add_argument("--rounds", type=int, default=600)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        measure(Path(place), arguments.build / "tests/bench/true", arguments.binds, arguments.network, arguments.rounds)


if __name__ == "__main__":
    main()
