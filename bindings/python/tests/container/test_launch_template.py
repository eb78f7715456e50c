# SPDX-License-Identifier: Apache-2.0
"""Prepared once, launched many times."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dunnage import PIPE, BindMount, ClosedError, Container, LaunchError, LaunchTemplate, Tmpfs, aio


def test_its_containers_share_binds_and_have_their_own_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    with LaunchTemplate(["cat", "/bind/file"], mounts=[BindMount(tmp_path, "/bind"), Tmpfs("/memory")], stdout=PIPE,
                        text=True) as shell:
        assert len(shell.plan) == 2
        script = "echo $NUMBER > /memory/$NUMBER; ls /memory; cat /bind/file"

        def run(number: int) -> str:
            with shell.launch(["sh", "-c", script], env={"NUMBER": str(number)}) as container:
                return container.communicate()[0]

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(run, range(8))) == [f"{number}\ncontent" for number in range(8)]
        container = shell.launch(text=False)
    assert isinstance(container, Container)
    assert container.communicate()[0] == b"content"  # it outlives its template
    container.close()
    assert shell.closed and "closed" in repr(shell)
    with pytest.raises(ClosedError):
        shell.launch()


def test_a_mistake_is_told_by_name() -> None:
    with LaunchTemplate(["true"]) as shell:
        options: dict[str, object] = {"mounts": [], "rootfs": None, "user": "root", "network": "host",
                                      "read_only_root": True, "replace": "no", "store": "/x", "pull": "never"}
        for name, value in options.items():
            with pytest.raises(TypeError, match=rf"LaunchTemplate.launch\(\): {name} .* make another LaunchTemplate"):
                shell.launch(**{name: value})  # type: ignore[arg-type]
        with pytest.raises(TypeError, match='no argument "nam"; did you mean "name"'):
            shell.launch(nam="x")  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="list of str"):
            shell.launch("true")


def test_it_may_be_closed_twice_and_its_containers_live_on() -> None:
    shell = LaunchTemplate(["cat"], stdin=PIPE, stdout=PIPE, text=True)
    with shell.launch() as container:
        shell.close()
        shell.close()
        with pytest.raises(ClosedError, match="make another"):
            shell.launch()
        with pytest.raises(ClosedError):
            _ = shell.plan
        assert container.communicate("here") == ("here", None)


def test_it_is_awaited() -> None:
    async def main() -> list[str]:
        async with aio.LaunchTemplate.make(["sh"], stdout=PIPE, text=True) as shell:
            async def run(number: int) -> str:
                async with shell.launch(["echo", str(number)]) as container:
                    return (await container.communicate())[0]

            results = await asyncio.gather(*(run(number) for number in range(8)))
        assert shell.closed
        return list(results)

    assert asyncio.run(main()) == [f"{number}\n" for number in range(8)]


def test_networks_that_are_kept_ready_are_each_for_one_container() -> None:
    with LaunchTemplate(["readlink", "/proc/self/ns/net"], stdout=PIPE, text=True) as shell:
        shell.keep_ready(6)
        for _ in range(8):
            with shell.launch() as container:
                assert container.communicate()[0].startswith("net:[")
        with pytest.raises(LaunchError, match="at most 256 are kept"):
            shell.keep_ready(257)
        with pytest.raises(TypeError):
            shell.keep_ready(-1)
        shell.keep_ready(4)
