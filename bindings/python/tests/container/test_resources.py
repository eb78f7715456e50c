# SPDX-License-Identifier: Apache-2.0
"""What a container may use, and what it uses."""

import asyncio
import json

import pytest

import dunnage
import dunnage.aio
from dunnage import UNLIMITED, Container, ContainerStore, DeviceRate, LaunchTemplate, Resources

MIB = 1 << 20


def can_limit(**limits):
    """Who cannot have such limits here is refused by name, and that is all there is to test."""
    offered = {feature.name: feature.available for feature in dunnage.support().features}
    if all(offered[f"limits: {kind}"] for kind in limits):
        return True
    with pytest.raises(dunnage.LaunchError, match="cannot be limited"):
        Container.launch(["true"], resources=Resources(**limits))
    return False


def test_sizes_are_numbers_or_texts_and_nothing_is_taken_for_something_else():
    assert Resources(memory="64m") == Resources(memory=64 * MIB)
    assert Resources(cpus=1).cpus == 1.0
    assert not Resources() and Resources(statistics=True)
    assert json.loads(Resources(memory=UNLIMITED, cpus=0.5).to_json()) == {"Memory": -1, "NanoCpus": 500000000}
    assert DeviceRate.parse_bytes("/dev/sda:1mb") == DeviceRate("/dev/sda", "1mb")
    assert Resources(pids=5).with_(Resources(memory="8m")) == Resources(pids=5, memory="8m")
    for wrong in ({"memory": 1.5}, {"pids": 1.5}, {"cpus": "1"}, {"device_read_bps": ["/dev/sda:1"]}):
        with pytest.raises(TypeError):
            Resources(**wrong)
    with pytest.raises(ValueError):
        Resources(memory="much")
    with pytest.raises(dunnage.LaunchError, match="memory is 5"):
        Resources(memory=5).check()


def test_a_container_is_measured_and_gets_other_limits():
    if not can_limit(memory="64m", pids=20):
        return
    with Container.launch(["sleep", "1000"], name="limited", resources=Resources(memory="64m", pids=20)) as container:
        stats = container.stats()
        assert (stats.memory_limit, stats.pids_limit, stats.pids_current) == (64 * MIB, 20, 1)
        assert json.loads(stats.to_json())["PidsLimit"] == 20
        container.update(pids=30)
        container.update(Resources(memory="128m"))
        assert (container.stats().pids_limit, container.stats().memory_limit) == (30, 128 * MIB)
        assert ContainerStore.open().inspect("limited").resources == Resources(memory="128m", pids=30)
        with pytest.raises(dunnage.LaunchError, match="pids.max does not take"):
            container.update(pids=1 << 40)
        with pytest.raises(TypeError):
            container.update(memori=5)


def test_running_out_of_memory_is_told():
    if not can_limit(memory="32m"):
        return
    with Container.launch(["tail", "/dev/zero"], resources=Resources(memory="32m", memory_swap="32m")) as container:
        status = container.wait()
    assert status.oom_killed and status.signal == 9


def test_a_container_without_limits_has_no_figures():
    with Container.launch(["sleep", "1000"]) as container:
        with pytest.raises(dunnage.LaunchError, match="it has no cgroup"):
            container.stats()


def test_containers_of_a_template_have_limits_each():
    if not can_limit(pids=7):
        return
    with LaunchTemplate(["sleep", "1000"], resources=Resources(pids=7)) as template:
        with template.launch() as one, template.launch(resources=Resources(pids=9)) as two:
            assert (one.stats().pids_limit, two.stats().pids_limit) == (7, 9)


def test_asyncio_has_the_same():
    if not can_limit(pids=7):
        return

    async def main():
        async with dunnage.aio.Container.launch(["sleep", "1000"], resources=Resources(pids=7)) as container:
            await container.update(pids=8)
            await container.update(Resources(pids=9))
            return (await container.stats()).pids_limit

    assert asyncio.run(main()) == 9
