# SPDX-License-Identifier: Apache-2.0
"""A launcher of functions: what all calls share is prepared once, and each call is a container of its own that starts in
a moment and leaves nothing behind.

    function_launcher.py [DIRECTORY]
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dunnage import PIPE, BindMount, LaunchTemplate, Tmpfs

from example import check, say, show_in_directory


def call(function: LaunchTemplate, argument: int) -> str:
    """Its argument goes in by a variable, its result comes out by a pipe."""
    with function.launch(env={"ARGUMENT": str(argument)}) as container:
        result: str = container.communicate()[0]
        if not container.wait().success:
            raise RuntimeError("the function has failed")
        return result


def show(place: Path) -> None:
    say("preparing the function once: its code, read-only, and memory to work in")
    code = place / "code"
    code.mkdir()
    (code / "square").write_text("test ! -e /work/left || exit 1\n"
                                 "echo $((ARGUMENT * ARGUMENT)) > /work/left; cat /work/left\n")
    with LaunchTemplate(["sh", "/code/square"], mounts=[BindMount(code, "/code", read_only=True), Tmpfs("/work")],
                        stdout=PIPE, text=True) as function:
        check(len(function.plan) == 2, "two mounts are prepared")

        say("calling it a hundred times, by four threads")
        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(lambda number: call(function, number), range(100)))
        check(results == [f"{number * number}\n" for number in range(100)],
              "every call has its own result, and has found its memory empty")

        script = "ls /code; touch /code/mine 2>/dev/null || echo no"
        with function.launch(["sh", "-c", script]) as other:
            check(other.communicate()[0] == "square\nno\n",
                  "another program sees the same code, and cannot change it")
    say("A template is prepared once and launched as often as you like.")


if __name__ == "__main__":
    show_in_directory(show, __doc__)
