#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Python costs: a launch from Python beside the same launch from C++, in rounds in which each is measured once,
and an import of the package in fresh processes. A ratio is the median of the ratios within the rounds, so that a busy
machine slows both.

    PYTHONPATH=BUILD/python tests/bench/python_launch.py BUILD [--rounds N] [--imports N]
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import dunnage
from dunnage import Container, Rootfs
from dunnage.aio import Container as AsyncContainer

IMPORT = ("import time; wall, cpu = time.perf_counter(), time.process_time(); import {0}; "
          "print(time.perf_counter() - wall, time.process_time() - cpu)")


class Peer:
    """launch_peer_bench, the same launch by C++ in a process of its own."""

    def __init__(self, build, root):
        self.process = subprocess.Popen([os.path.join(build, "tests/bench/launch_peer_bench"), root],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def launch(self):
        self.process.stdin.write("\n")
        return [int(number) / 1e6 for number in self.process.stdout.readline().split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def launch(root):
    start = time.perf_counter()
    container = Container.launch(["/true"], rootfs=root)
    launched = time.perf_counter()
    container.wait()
    ended = time.perf_counter()
    container.close()
    return [(moment - start) * 1e3 for moment in (launched, ended, time.perf_counter())]


async def launch_in_loop(root):
    start = time.perf_counter()
    container = await AsyncContainer.launch(["/true"], rootfs=root)
    launched = time.perf_counter()
    await container.wait()
    ended = time.perf_counter()
    await container.close()
    return [(moment - start) * 1e3 for moment in (launched, ended, time.perf_counter())]


def rounds_of(ways, count):
    for way in ways.values():  # the launcher is there, and the network namespaces it has made ahead
        for _ in range(5):
            way()
    results = {name: [] for name in ways}
    for _ in range(count):
        for name in random.sample(list(ways), len(ways)):
            time.sleep(0.005)  # for what is made ahead
            results[name].append(ways[name]())
    return results


def measure_launches(build, count):
    with tempfile.TemporaryDirectory() as directory:
        root = os.path.join(directory, "root")
        os.mkdir(root)
        shutil.copy(os.path.join(build, "tests/bench/true"), os.path.join(root, "true"))
        peer = Peer(build, root)
        loop = asyncio.new_event_loop()
        rootfs = Rootfs.directory(root)
        results = rounds_of({"C++": peer.launch, "Python": lambda: launch(rootfs),
                             "dunnage.aio": lambda: loop.run_until_complete(launch_in_loop(rootfs))}, count)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        peer.close()
    print("| a static `true` | launch() ms | to its end ms | handle gone ms | launch() × C++ | to its end × C++ |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, times in results.items():
        columns = [statistics.median(column) for column in zip(*times)]
        ratios = [statistics.median(mine[part] / theirs[part] for mine, theirs in zip(times, results["C++"]))
                  for part in (0, 1)]
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in columns) +
              " | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |")


def measure_imports(count):
    """With its modules compiled, as those of an installed package are."""
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": directory, "PYTHONDONTWRITEBYTECODE": ""}
        print("\n| import, in a fresh process | median ms | least ms | processor ms |\n|---|--:|--:|--:|")
        for name in ("dunnage", "dunnage.aio", "asyncio"):
            times = [import_once(name, environment) for _ in range(count + 1)][1:]
            wall, processor = zip(*times)
            print(f"| {name} | {statistics.median(wall):.1f} | {min(wall):.1f} | {statistics.median(processor):.1f} |")


def import_once(name, environment):
    done = subprocess.run([sys.executable, "-c", IMPORT.format(name)], env=environment, capture_output=True, text=True,
                          check=True)
    return [float(number) * 1e3 for number in done.stdout.split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--imports", type=int, default=21)
    options = parser.parse_args()
    print("load " + " ".join(f"{load:.1f}" for load in os.getloadavg()) + f", dunnage {dunnage.__version__}\n")
    measure_launches(options.build, options.rounds)
    measure_imports(options.imports)


if __name__ == "__main__":
    main()
