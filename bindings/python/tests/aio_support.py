# SPDX-License-Identifier: Apache-2.0
"""What the tests of dunnage.aio share. Every loop runs with asyncio's debugging, and what it complains about is a
failure."""

import asyncio
import functools
import gc
import logging
import os
import time
import warnings

import dunnage
from dunnage.aio import Container


def in_loop(test):
    """Runs the coroutine function as a test; it fails if asyncio complains, or if tasks or descriptors are left."""

    @functools.wraps(test)
    def run(*args, **options):
        complaints = []
        handler = logging.Handler()
        handler.emit = lambda record: complaints.append(record.getMessage())
        # a loop that waits for a processor on a busy machine is told from one that was held up by nobody
        handler.addFilter(lambda record: not record.getMessage().startswith("Executing"))
        logging.getLogger("asyncio").addHandler(handler)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                asyncio.run(test(*args, **options), debug=True)
                gc.collect()
        finally:
            logging.getLogger("asyncio").removeHandler(handler)
        assert not complaints, complaints

    return run


def sleeper(**options):
    return Container.launch(["sleep", "60"], **options)


def shell(script, **options):
    return Container.launch(["sh", "-c", script], **options)


async def ready(container):
    assert await container.stdout.readline() == b"ready\n"


async def begun_by(run, script):
    """What `run(timeout)` raises for a program that writes something and goes on: a busy machine may need more time for
    that than the first timeout."""
    for timeout in (0.5, 5, 20):
        try:
            await run(["sh", "-c", script], timeout=timeout, text=True)
        except dunnage.TimedOut as error:
            if error.stdout:
                return error
    raise AssertionError("it writes nothing")


def gone(pid):
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.02)
    return not os.path.exists(f"/proc/{pid}")
