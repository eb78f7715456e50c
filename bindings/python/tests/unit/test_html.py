# SPDX-License-Identifier: Apache-2.0
"""What notebooks show: small tables of plain HTML in which no text of others is markup."""

from html.parser import HTMLParser

import pytest

from dunnage import (BindMount, ContainerInfo, ContainerStore, ImageMount, ImageStore, MountPlan, MountSet, Project,
                     ProjectGrants, ResolvedMount, Tmpfs, VolumeMount, VolumeStore)
from oci_layout import write_layout

HOSTILE = "<script>alert('x')</script>&\"\u202e\udcff\n"
PROJECT = """\
name: shop
services:
  web:
    image: busybox
    container_name: web
    volumes: ["data:/<script>alert(1)</script>"]
    ports: ["80:80"]
    environment: {A: "<script>"}
volumes: {data: {}}
"""


class Reading(HTMLParser):
    """Tags that are all closed, none of them one that does something or comes from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.tags = set()
        self.cells = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert tag in {"div", "b", "table", "thead", "tbody", "tr", "th", "td", "code", "br"}, tag
        assert {name for name, _ in attributes} <= {"style"}
        assert not any("url" in value or "#" in value for _, value in attributes)  # no colour but the notebook's
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        assert data.isprintable()
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


def cells_of(value):
    text = value._repr_html_()
    text.encode()
    return Reading(text).cells


def hostile_plan():
    return MountPlan([ResolvedMount(target="/" + HOSTILE, source="/" + HOSTILE, read_only=True, reasons=[HOSTILE] * 2)])


def test_what_others_wrote_is_text():
    shown = r"/<script>alert('x')</script>&" + "\"\\u202e\\udcff\\n"
    assert cells_of(hostile_plan())[:2] == ["Target", "Kind"] and cells_of(hostile_plan()).count(shown) == 2
    target = "/" + HOSTILE.rstrip()
    mounts = MountSet([BindMount(target, "/a"), VolumeMount("db", target), Tmpfs("/c"),
                       ImageMount("busybox", "/d", subpath="<b>")])
    assert cells_of(mounts).count(shown[:-2]) == 2
    info = ContainerInfo(id="0123456789abcdef", name=HOSTILE, argv=[HOSTILE], image=HOSTILE, user=HOSTILE,
                         labels={HOSTILE: HOSTILE}, mounts=hostile_plan())
    assert [cell for cell in cells_of(info) if "<script>" in cell]
    volume = VolumeStore.open().create("db", labels={"<script>": "<b>"})
    assert "<script>=<b>" in cells_of(volume) and "<script>=<b>" in cells_of(VolumeStore.open())


def test_a_project_and_its_plan_are_tables():
    project = Project.load(text=PROJECT, grants=ProjectGrants.all())
    cells = cells_of(project)
    assert cells[:4] == ["Service", "Root", "Mounts", "web"] and "data:/<script>alert(1)</script>" in cells
    assert [cell for cell in cells if "services.web.ports" in cell]
    assert cells_of(project.plan_down()) == []
    VolumeStore.open().create("shop_data", labels={"com.docker.compose.project": "shop",
                                                   "com.docker.compose.volume": "data"})
    cells = cells_of(project.plan_down(volumes=True))
    assert cells[:4] == ["Action", "What", "Name", "Why"] and cells[-1] == "shop_data" and "remove" in cells


def test_stores_are_lists(directory):
    volumes = VolumeStore.open()
    assert Reading(volumes._repr_html_()).cells == []
    for name in ("a", "b"):
        volumes.create(name)
    assert {"a", "b"} < set(cells_of(volumes)) and cells_of(ContainerStore.open()) == []
    images = ImageStore.open()
    (image,) = images.load(write_layout(directory / "image", "app:1", [{"bin/": None}]))
    assert image.id[7:19] in cells_of(image) and image.id[7:19] in cells_of(images)


def test_nothing_is_shown_without_an_end():
    plan = MountPlan([ResolvedMount(target=f"/{n}", source="/" + "x" * 2000) for n in range(1000)])
    assert "and 800 more" in cells_of(plan) and len(plan._repr_html_()) < 300_000


@pytest.mark.parametrize("value", [MountPlan(), MountSet(), ContainerInfo()], ids=repr)
def test_what_is_empty_is_shown_as_well(value):
    assert Reading(value._repr_html_()).tags
