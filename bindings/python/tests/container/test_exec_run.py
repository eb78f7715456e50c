# SPDX-License-Identifier: Apache-2.0
"""A program in a running container from its start to its end, and what else is asked of a container that runs."""

import asyncio
import subprocess

import pytest

import dunnage
from begun import begun_by
from dunnage import Container, ContainerStore, Stdio, VolumeStore
from dunnage.aio import Container as AsyncContainer


@pytest.fixture
def container():
    with Container.launch(["sleep", "60"]) as container:
        yield container


def test_a_program_in_a_container_is_run_to_its_end(container):
    done = container.exec_run(["sh", "-c", "cat; echo err >&2; exit 3"], input=b"in", env={"NAME": "value"})
    assert (done.returncode, done.stdout, done.stderr) == (3, b"in", b"err\n")
    assert done.status == dunnage.ExitStatus(3)
    assert container.exec_run(["hostname"], text=True).stdout == container.exec_run(["hostname"]).stdout.decode()


def test_a_timeout_ends_the_program_and_not_the_container(container):
    assert begun_by(container.exec_run, "echo begun; sleep 60", 0.3, 5, 20).stdout == b"begun\n"
    assert container.poll() is None
    assert container.exec_run(["true"], check=True).returncode == 0


def test_check_raises_as_that_of_subprocess_does(container):
    with pytest.raises(subprocess.CalledProcessError) as raised:
        container.exec_run(["false"], check=True)
    assert raised.value.returncode == 1
    with pytest.raises(ValueError, match="stdin or input, not both"):
        container.exec_run(["cat"], input=b"", stdin=dunnage.PIPE)


def test_the_exit_code_is_there_once_it_was_seen(container):
    assert container.returncode is None
    with container.exec(["sh", "-c", "exit 7"]) as process:
        process.wait()
        assert process.returncode == 7
    container.kill()
    container.wait()
    assert container.returncode == -9


def test_a_container_has_its_log(directory):
    store = VolumeStore.open(directory / "store")
    with Container.launch(["sh", "-c", "echo first; echo second; sleep 60"], record=True, stdout=Stdio.log(),
                          store=store) as container:
        with container.logs(follow=True) as entries:
            text = b""
            while text.count(b"\n") < 2:
                text += next(entries).data
        assert text == b"first\nsecond\n"
        assert b"".join(entry.data for entry in container.logs(tail=1)) == b"second\n"
        assert [info.id for info in ContainerStore.open(store).list()] == [container.id]


def test_a_container_knows_its_store_when_the_default_is_another(directory, monkeypatch):
    async def main():
        async with AsyncContainer.launch(["echo", "first"], record=True, stdout=Stdio.log(),
                                         remove_on_exit=False) as container:
            await container.wait()
            monkeypatch.setenv("DUNNAGE_STORE", str(directory / "other"))
            assert [entry.data async for entry in container.logs()] == [b"first\n"]

    with monkeypatch.context() as patch, Container.launch(["echo", "first"], record=True, stdout=Stdio.log(),
                                                          remove_on_exit=False) as container:
        container.wait()
        patch.setenv("DUNNAGE_STORE", str(directory / "other"))
        assert [entry.data for entry in container.logs()] == [b"first\n"]
    asyncio.run(main())
    assert not (directory / "other").exists()


def test_asyncio_has_the_same():
    async def main():
        async with AsyncContainer.launch(["sleep", "60"]) as container:
            assert container.returncode is None
            done = await container.exec_run(["sh", "-c", "cat; exit 3"], input=b"in")
            assert (done.returncode, done.stdout) == (3, b"in")
            container.kill()
            await container.wait()
            assert container.returncode == -9

    asyncio.run(main())
