# SPDX-License-Identifier: Apache-2.0
"""dunnage.aio: streams and logs."""

import asyncio

import pytest

import dunnage
from dunnage import PIPE, Stdio
from dunnage.aio import Container, ContainerStore

from aio_support import in_loop, shell


@in_loop
async def test_lines_come_as_they_are_written():
    script = "echo one; read x; echo two; printf 'no end'"
    async with shell(script, stdin=PIPE, stdout=PIPE) as container:
        lines = []
        async for line in container.stdout:
            lines.append(line)
            if line == b"one\n":
                container.stdin.write(b"go on\n")
        assert lines == [b"one\n", b"two\n", b"no end"] and container.stdout.at_eof()
        assert await container.stdout.readline() == b"" == await container.stdout.read()


@in_loop
async def test_text_is_decoded_as_files_decode_it():
    script = "printf 'gr\\303'; sleep 0.1; printf '\\274n\\r\\nw\\303\\266rter\\r'; sleep 0.1; printf '\\nende'"
    async with shell(script, stdout=PIPE, text=True) as container:
        assert [line async for line in container.stdout] == ["grün\n", "wörter\n", "ende"]
    async with shell("printf '\\344'", stdout=PIPE, encoding="latin-1") as container:
        assert await container.stdout.read() == "ä"
    async with shell("printf '\\344x'", stdout=PIPE, text=True) as container:
        with pytest.raises(UnicodeDecodeError):
            await container.stdout.read()
    async with shell("printf '\\344x'", stdout=PIPE, errors="replace") as container:
        assert await container.stdout.read() == "\ufffdx"
    async with Container.launch(["cat"], stdin=PIPE, stdout=PIPE, encoding="utf-16-le") as container:
        container.stdin.write("ä\n")
        assert await container.stdout.readline() == "ä\n"


@in_loop
async def test_parts_are_read_by_size():
    async with shell("printf abcdefgh", stdout=PIPE) as container:
        assert await container.stdout.read(0) == b""
        assert await container.stdout.readexactly(3) == b"abc" and await container.stdout.read(2) == b"de"
        with pytest.raises(asyncio.IncompleteReadError) as raised:
            await container.stdout.readexactly(10)
        assert raised.value.partial == b"fgh"
        with pytest.raises(ValueError):
            await container.stdout.readexactly(-1)


@in_loop
async def test_a_line_without_an_end_comes_in_parts():
    async with shell("head -c 2500000 /dev/zero; echo; echo next", stdout=PIPE) as container:
        lines = [line async for line in container.stdout]
    assert [len(line) for line in lines] == [1 << 20, 1 << 20, 2500001 - (2 << 20), 5] and lines[-1] == b"next\n"


@in_loop
async def test_cancelling_a_read_loses_nothing():
    async with shell("printf half; read x; echo ' and half'", stdin=PIPE, stdout=PIPE) as container:
        for read in (container.stdout.readline, container.stdout.read, lambda: container.stdout.readexactly(14)):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(read(), 0.1)
        container.stdin.write(b"\n")
        assert await container.stdout.readline() == b"half and half\n"


@in_loop
async def test_a_program_that_writes_without_a_pause_does_not_hold_up_the_loop():
    async with Container.launch(["yes"], stdout=PIPE) as container:
        turns = 0

        async def turn():
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        turning = asyncio.ensure_future(turn())
        for _ in range(200_000):
            await container.stdout.readline()
        turning.cancel()
        assert turns >= 4


@in_loop
async def test_one_coroutine_reads_at_a_time():
    async with shell("sleep 60", stdout=PIPE) as container:
        first = asyncio.ensure_future(container.stdout.readline())
        await asyncio.sleep(0.02)
        with pytest.raises(RuntimeError, match="is being read by another coroutine"):
            await container.stdout.read()
        container.stdout.close()
        with pytest.raises(dunnage.ClosedError, match="this stream is closed"):
            await first
        with pytest.raises(dunnage.ClosedError):
            await container.stdout.read()


@in_loop
async def test_writing_waits_for_who_reads_and_ends_with_close():
    async with shell("sleep 0.2; wc -c", stdin=PIPE, stdout=PIPE) as container:
        for _ in range(40):
            container.stdin.write(b"x" * 50_000)
            await container.stdin.drain()
        container.stdin.writelines([b"y", b"z"])
        container.stdin.write_eof()
        assert container.stdin.is_closing() and container.stdin.can_write_eof()
        with pytest.raises(dunnage.ClosedError, match="the end of its input"):
            container.stdin.write(b"more")
        await container.stdin.wait_closed()
        assert await container.stdout.read() == b"2000002\n"


@in_loop
async def test_a_program_that_does_not_read_is_said():
    async with shell("exec 0<&-; echo ready; sleep 60", stdin=PIPE, stdout=PIPE) as container:
        await container.stdout.readline()
        with pytest.raises(BrokenPipeError):
            while True:  # the launcher may have its copy of the other end for a moment longer
                container.stdin.write(b"x")
                await container.stdin.drain()
                await asyncio.sleep(0.02)
        container.stdin.write(b"y")
        with pytest.raises(BrokenPipeError):
            await container.stdin.wait_closed()


@in_loop
async def test_the_kinds_of_streams_are_said():
    async with Container.launch(["cat"], stdin=PIPE, stdout=PIPE, text=True) as container:
        with pytest.raises(TypeError, match="takes str"):
            container.stdin.write(b"bytes")
        assert container.stderr is None and container.terminal is None
    async with Container.launch(["cat"], stdin=PIPE) as container:
        with pytest.raises(TypeError, match="takes bytes"):
            container.stdin.write("str")
        assert container.stdout is None
        container.close_stdin()
        assert (await container.wait()).success


@in_loop
async def test_output_can_be_read_when_the_container_is_closed():
    async with shell("echo words", stdout=PIPE) as container:
        output = container.stdout
        await container.wait()
    assert await output.read() == b"words\n"


@in_loop
async def test_a_terminal_is_read_and_written():
    async with shell("stty -echo; echo ready; read x; echo got $x", terminal=True) as container:
        assert await container.terminal.readline() == b"ready\r\n"
        container.terminal.write(b"it\n")
        await container.terminal.drain()
        assert await container.terminal.readline() == b"got it\r\n"
        assert await container.terminal.read() == b""


@in_loop
async def test_a_log_is_followed_without_a_thread_and_ended_early():
    script = "echo one; read x; echo two"
    async with shell(script, stdin=PIPE, stdout=Stdio.log(), record=True) as container:
        async with container.logs(follow=True) as entries:
            assert (await entries.__anext__()).data == b"one\n"
            waiting = asyncio.ensure_future(entries.__anext__())
            await asyncio.sleep(0.1)
            assert not waiting.done()
            with pytest.raises(RuntimeError, match="this log is being read by another coroutine"):
                await entries.__anext__()
            container.stdin.write(b"\n")
            assert (await waiting).data == b"two\n"
            assert [entry async for entry in entries] == []
    async with shell("echo one; sleep 60", stdout=Stdio.log(), record=True) as container:
        entries = container.logs(follow=True)
        assert (await entries.__anext__()).data == b"one\n"
        waiting = asyncio.ensure_future(entries.__anext__())
        await asyncio.sleep(0.05)
        await entries.aclose()
        with pytest.raises(StopAsyncIteration):
            await waiting
        with pytest.raises(StopAsyncIteration):
            await entries.__anext__()


@in_loop
async def test_many_logs_are_followed_at_once():
    script = "echo 0; read x; seq 200"
    async with shell(script, stdin=PIPE, stdout=Stdio.log(), record=True, name="loud") as container:
        containers = await ContainerStore.open()
        opened = []

        async def follow():
            entries = containers.logs("loud", follow=True)
            first = await entries.__anext__()
            opened.append(first)
            return b"".join([first.data, *[entry.data async for entry in entries]])

        following = [asyncio.ensure_future(follow()) for _ in range(150)]  # more than inotify instances of a user
        while len(opened) < len(following) and not any(task.done() for task in following):
            await asyncio.sleep(0.02)
        container.stdin.write(b"\n")
        wanted = b"".join(b"%d\n" % number for number in range(201))
        assert set(await asyncio.gather(*following)) == {wanted}
