# SPDX-License-Identifier: Apache-2.0
"""Which system calls a container may make."""

import json

import pytest

import dunnage
import dunnage.aio
from dunnage import Container, ContainerStore, Project, Seccomp

FILTER = ["sed", "-n", "s/^Seccomp:\t//p", "/proc/self/status"]
NO_MKDIR = json.dumps({"defaultAction": "SCMP_ACT_ALLOW",
                       "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]})


def test_a_container_is_filtered_unless_it_is_unconfined():
    assert Container.run(FILTER).stdout == b"2\n"
    assert Container.run(FILTER, seccomp=Seccomp.unconfined()).stdout == b"0\n"
    assert Container.run(FILTER, seccomp="unconfined").stdout == b"0\n"
    assert Container.run(FILTER, seccomp="builtin").stdout == b"2\n"


def test_a_profile_is_a_text_or_a_file(directory):
    (directory / "profile.json").write_text(NO_MKDIR, encoding="utf-8")
    for profile in (Seccomp.json(NO_MKDIR), Seccomp.file(directory / "profile.json"), directory / "profile.json",
                    str(directory / "profile.json")):
        assert Container.run(["mkdir", "/tmp/new"], seccomp=profile).returncode == 1
    assert Container.run(["mkdir", "/tmp/new"]).returncode == 0


def test_a_container_is_asked_what_its_profile_is(directory):
    (directory / "profile.json").write_text(NO_MKDIR, encoding="utf-8")
    with Container.launch(["sleep", "1000"], name="filtered", seccomp=directory / "profile.json") as container:
        known = ContainerStore.open().inspect("filtered").seccomp
        assert known == Seccomp.file(directory / "profile.json").with_text(NO_MKDIR)
        assert container.exec(["mkdir", "/tmp/new"]).wait().code == 1


def test_a_wrong_profile_is_refused_with_its_line():
    with pytest.raises(dunnage.LaunchError, match="line 2: syscalls: it is no list.*standard") as raised:
        Container.run(["true"], seccomp=Seccomp.json('{"defaultAction": "SCMP_ACT_ALLOW",\n "syscalls": 1}'))
    assert raised.value.code is dunnage.errc.invalid_argument
    with pytest.raises(dunnage.LaunchError):
        Seccomp.file("/nowhere/profile.json").load()
    with pytest.raises(dunnage.LaunchError):
        Container.run(["true"], seccomp="")
    with pytest.raises(TypeError, match="seccomp"):
        Container.run(["true"], seccomp=3)


def test_a_service_has_the_profile_its_project_names():
    text = "services: {a: {image: b, security_opt: ['seccomp=unconfined']}}"
    project = Project.load(text=text, grants=dunnage.ProjectGrants(privileges=True))
    assert project.service("a").seccomp == Seccomp.unconfined()
    assert project.launch_spec("a")["seccomp"] == Seccomp.unconfined()


def test_asyncio_passes_it_on():
    import asyncio

    async def filters():
        return [(await dunnage.aio.run(FILTER, seccomp=profile)).stdout for profile in ("builtin", "unconfined")]

    assert asyncio.run(filters()) == [b"2\n", b"0\n"]
