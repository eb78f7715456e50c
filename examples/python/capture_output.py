# SPDX-License-Identifier: Apache-2.0
"""Talking to a program in a container: its input and output as with subprocess, line by line, or by functions; further
programs in the running container; waiting with and without patience; its end as one more descriptor in a selector.

    capture_output.py
"""

from __future__ import annotations

import os
import selectors
import signal

from dunnage import PIPE, Container

from example import check, say


def run() -> None:
    say("run: send words to sort(1) in a container, read them back")
    done = Container.run(["sort"], input="cherry\napple\nbanana\n", text=True)
    check(done.stdout == "apple\nbanana\ncherry\n", "they come back sorted")
    check(done.returncode == 0, f"sort has {done.status}")


def lines() -> None:
    say("lines: a conversation, one line after the other")
    with Container.launch(["sed", "-u", "s/^/ahoy, /"], stdin=PIPE, stdout=PIPE, text=True) as greeter:
        for name in ("Ada", "Grace"):
            print(name, file=greeter.stdin, flush=True)
            answer = greeter.stdout.readline()
            check(answer == f"ahoy, {name}\n", f"the container answers: {answer.strip()}")


def functions() -> None:
    say("functions: standard output and standard error, told apart")
    out: list[bytes] = []
    err: list[bytes] = []
    with Container.launch(["sh", "-c", "echo to out; echo to err >&2; exit 7"], stdout=out.append,
                          stderr=err.append) as program:
        check(program.wait().exit_code == 7, "the program exits with 7")
    # The functions are called in a thread of the container; it has ended when the block is left.
    check((b"".join(out), b"".join(err)) == (b"to out\n", b"to err\n"), "each stream has arrived in its own function")


def further_programs() -> None:
    say("exec and wait_for: a further program in a running container, and patience with a limit")
    with Container.launch(["sleep", "infinity"], hostname="harbour") as container:
        with container.exec(["uname", "-n"], stdout=PIPE, text=True) as process:
            name, _ = process.communicate()
            check(name == "harbour\n", "the further program is in the same container")
            check(process.wait().success, "and has ended")
        check(container.wait_for(0.1) is None, 'wait_for() says "still running" with None')
        try:
            container.wait(timeout=0.1)
        except TimeoutError:
            check(True, "wait() with a timeout raises a TimeoutError")
        container.kill()
        status = container.wait(timeout=10)
        check(status.signal == signal.SIGKILL, f"after a kill both have an answer: {status}")


def event_loop() -> None:
    """A program with a loop of its own needs no thread to wait for a container: the end is a descriptor."""
    say("exit_fd: output and end of a container in one selector")
    text = b""
    with Container.launch(["sh", "-c", "for word in one two three; do echo $word; sleep 0.05; done"],
                          stdout=PIPE) as container, selectors.DefaultSelector() as selector:
        selector.register(container.stdout, selectors.EVENT_READ)
        end = selector.register(container.exit_fd, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(timeout=10)
            if not ready:
                raise TimeoutError("nothing happens")
            for key, _ in ready:
                chunk = b"" if key == end else os.read(key.fd, 4096)
                text += chunk
                if not chunk:
                    selector.unregister(key.fileobj)
        check(text == b"one\ntwo\nthree\n", "all output has been read")
        check(container.wait().success, "wait() returns at once")


def main() -> None:
    run()
    lines()
    functions()
    further_programs()
    event_loop()
    say("A container is as easy to talk to as a child process.")


if __name__ == "__main__":
    main()
