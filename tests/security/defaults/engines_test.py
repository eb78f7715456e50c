#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""P-80: what Podman and Docker give where nothing was asked for, beside what this library gives.

engines_test.py [--self-test]

Runs probe.py in a container of each engine that can start one here, and compares it with root.txt: every line has to be
the same, or to be in differences.txt with the reason why the library's is as it is. A row there that no engine shows any
more is wrong too, if both have been asked. Exits with 77 where no engine starts. Needs root.
"""
import fnmatch
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
SKIPPED = 77


def lines_of(text):
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def differences(ours, theirs, rows):
    """Names and values of what differs without a row, and the rows that were needed."""
    unexplained, used = [], set()
    for name in sorted(set(ours) | set(theirs)):
        mine, other = ours.get(name, "not there"), theirs.get(name, "not there")
        if mine == other or other == "absent":  # a path this kernel does not have
            continue
        row = next((row for row in rows if fnmatch.fnmatchcase(name, row)), None)
        if row is None:
            unexplained.append(f"{name}: the library has \"{mine}\", the engine \"{other}\"")
        else:
            used.add(row)
    return unexplained, used


def reasons(text, engine):
    """Patterns of lines, each with the reason that is behind it. "[podman]" in front: of that engine alone."""
    rows = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        whose, _, rest = line[1:].partition("] ")
        if line[0] != "[" or whose not in ("podman", "docker", "both"):
            raise ValueError(f"no engine in the row {line!r}")
        pattern, colon, reason = rest.partition(": ")
        if not colon or len(reason.split()) < 4:
            raise ValueError(f"no reason in the row {line!r}")
        if whose in (engine, "both"):
            rows[pattern] = reason
    return rows


def make_root(directory):
    """The machine's programs, as DirectoryRoot of tests/container has them."""
    root = directory / "root"
    for name in ("proc", "sys", "dev", "usr", "etc", "tmp", "run", "mnt"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        host = pathlib.Path("/") / name
        if host.is_symlink():
            (root / name).symlink_to(os.readlink(host))
    return root


def script():
    words = " ".join(f"'{name}={os.readlink('/proc/self/ns/' + name)}'" for name in NAMESPACES)
    return f"python3 /mnt/probe.py {words}; exit $?"


def run_podman(directory):
    """In a mount namespace of its own, where cgroups are of version 2 alone, which crun insists on, and where it leaves nothing
    in /run that other users cannot enter. The limits are what any machine lets Podman set, and are not compared."""
    root = make_root(directory)
    command = ["podman", "--storage-driver=vfs", "--root", directory / "storage", "--runroot", directory / "run",
               "run", "--rm", "--network=none", "--cgroups=disabled", "--ulimit=nofile=1024:1024",
               "--ulimit=nproc=1024:1024", "-v", "/usr:/usr:ro", "-v", f"{HERE}:/mnt:ro", "--rootfs", root, "sh", "-c", script()]
    unified = "test -e /sys/fs/cgroup/cgroup.controllers || mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup || true"
    return subprocess.run(["unshare", "-m", "sh", "-c", f"mount -t tmpfs tmpfs /run; {unified}; exec \"$@\"", "sh", *map(str, command)],
                          capture_output=True, text=True, timeout=120, check=False)


def run_docker(directory):
    root = make_root(directory)
    name = "dunnage-defaults-probe"
    packed = subprocess.run(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["docker", "import", "-", name], input=packed, capture_output=True, timeout=60, check=True)
    try:
        return subprocess.run(["docker", "run", "--rm", "--network=none", "-v", "/usr:/usr:ro", "-v", f"{HERE}:/mnt:ro", name,
                               "sh", "-c", script()], capture_output=True, text=True, timeout=120, check=False)
    finally:
        subprocess.run(["docker", "rmi", name], capture_output=True, timeout=60, check=False)


def can_run(engine):
    if shutil.which(engine) is None:
        return False
    return engine != "docker" or subprocess.run(["docker", "info"], capture_output=True, timeout=60, check=False).returncode == 0


def compare(engine, run):
    with tempfile.TemporaryDirectory(prefix="dunnage-engines.", ignore_cleanup_errors=True) as directory:
        done = run(pathlib.Path(directory))
    if done.returncode != 0:
        print(f"{engine} starts no container here: {done.stderr.strip().splitlines()[-1:]}")
        return None
    rows = reasons((HERE / "differences.txt").read_text(encoding="utf-8"), engine)
    unexplained, used = differences(lines_of((HERE / "root.txt").read_text(encoding="utf-8")), lines_of(done.stdout), rows)
    for line in unexplained:
        print(f"{engine}: {line}")
    for row in sorted(set(rows) - used):
        print(f"{engine}: no line differs that the row \"{row}\" is about")
    print(f"{engine}: {len(lines_of(done.stdout))} lines, {len(used)} kinds of difference that have a reason")
    return not unexplained


def self_test():
    ours, rows = {"a": "1", "b x": "2", "c": "3"}, {"b *": "for that reason"}
    assert differences(ours, dict(ours), rows) == ([], set())
    assert differences(ours, ours | {"b x": "9"}, rows) == ([], {"b *"})
    assert len(differences(ours, ours | {"a": "9"}, rows)[0]) == 1
    assert len(differences(ours, ours | {"new": "9"}, rows)[0]) == 1
    assert len(differences(ours, {"a": "1", "b x": "2"}, rows)[0]) == 1
    assert differences(ours, ours | {"c": "absent"}, rows) == ([], set())
    assert reasons("[both] b *: for that very reason\n[docker] d: for that other reason", "podman") == {"b *": "for that very reason"}
    for wrong in ("b: for that very reason", "[podman] b: so"):
        try:
            reasons(wrong, "podman")
        except ValueError:
            continue
        raise AssertionError(wrong)
    print("ok")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if os.geteuid() != 0:
        print("SKIPPED: the engines are compared as root")
        return sys.exit(SKIPPED)
    results = [compare(engine, run) for engine, run in (("podman", run_podman), ("docker", run_docker)) if can_run(engine)]
    if not any(result is not None for result in results):
        print("SKIPPED: neither Podman nor Docker starts a container here")
        return sys.exit(SKIPPED)
    return sys.exit(0 if all(result is not False for result in results) else 1)


main()
