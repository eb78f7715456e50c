# SPDX-License-Identifier: Apache-2.0
"""Importing dunnage does nothing: no thread, no descriptor, no child, no file but its own modules."""

import json
import os
import subprocess
import sys

LOOK = """
import os

def look():
    descriptors = {name: os.readlink("/proc/self/fd/" + name) for name in sorted(os.listdir("/proc/self/fd"))[:-1]}
    children = [open(f"/proc/self/task/{task}/children").read() for task in os.listdir("/proc/self/task")]
    signals = [line for line in open("/proc/self/status") if line.startswith(("SigCgt", "SigIgn", "SigBlk"))]
    return len(children), children, descriptors, signals, os.getcwd(), sorted(os.environ.items())
"""


def run(script, **options):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60,
                          **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_import_leaves_the_process_as_it_was():
    run(LOOK + "before = look(); import dunnage, dunnage.aio; after = look(); assert before == after, (before, after)")


def test_an_import_touches_no_file_but_modules(tmp_path):
    store = tmp_path / "store"
    run("import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, arguments: opened.append(arguments[0]) if event == 'open' else None)\n"
        "import dunnage, dunnage.aio\n"
        "strange = [path for path in opened if not str(path).endswith(('.py', '.pyc', '.so'))"
        " and '.pyc.' not in str(path)]\n"
        "assert not strange, strange\n", env={**os.environ, "DUNNAGE_STORE": str(store), "HOME": str(tmp_path)})
    assert not list(tmp_path.iterdir())


def test_importing_dunnage_does_not_import_asyncio():
    loaded = json.loads(run("import sys, json, dunnage; print(json.dumps(sorted(sys.modules)))"))
    assert "dunnage" in loaded and not {"dunnage.aio", "asyncio", "ssl", "socket", "multiprocessing"} & set(loaded)


def test_every_name_of_aio_is_there_and_described():
    from dunnage import aio
    for name in aio.__all__:
        assert getattr(aio, name).__doc__, name
