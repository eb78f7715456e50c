# SPDX-License-Identifier: Apache-2.0
"""Compose projects as values: loaded, looked at, refused, planned. Nothing here starts a container."""

import json
import os
import pickle
from pathlib import Path

import pytest

import dunnage
from dunnage import (BindMount, MountSet, Project, ProjectError, ProjectFile, ProjectGrants, ProjectNote, ProjectPlace,
                     ProjectPlan, ProjectStep, Service, ServiceDependency, SpecMount, VolumeMount)

HOST = ProjectGrants(host_paths=True)  # for the programs of the host
TEXT = """\
name: shop
services:
  web:
    command: [sleep, "60"]
    environment: {PORT: "${PORT:-80}", MODE: fast}
    volumes: [data:/data, ./conf:/etc/app:ro]
    depends_on: {db: {condition: service_healthy}}
    configs: [{source: motd, target: /etc/motd}]
    x-dunnage: {rootfs: host}
  db:
    command: [sleep, "60"]
    stop_grace_period: 1m30s
    healthcheck: {test: [CMD, "true"], interval: 2s}
    volumes: [data:/data]
    x-dunnage: {rootfs: host}
  debug:
    profiles: [debug]
    image: busybox
volumes:
  data: {labels: {kind: precious}}
configs:
  motd: {content: welcome}
"""


@pytest.fixture
def shop(directory):
    (directory / "compose.yaml").write_text(TEXT)
    return Project.load(directory=directory, grants=HOST)


def error_of(text, **options):
    with pytest.raises(ProjectError) as raised:
        Project.load(text=text, **options)
    return raised.value


def test_a_project_is_what_its_files_say(shop, directory):
    assert (shop.name, shop.directory, shop.files) == ("shop", directory, [directory / "compose.yaml"])
    assert list(shop.services) == ["db", "web"] and shop.start_order() == ["db", "web"]
    web = shop.services["web"]
    assert isinstance(web, Service) and web == shop.service("web") and web.command == ["sleep", "60"]
    assert web.environment == {"PORT": "80", "MODE": "fast"} and web.rootfs == "host"
    assert web.depends_on == {"db": ServiceDependency(condition="service_healthy")}
    assert web.depends_on["db"].condition is ServiceDependency.Condition.Healthy
    assert [(mount.source, mount.target) for mount in web.volumes] == [("data", "/data"),
                                                                       (str(directory / "conf"), "/etc/app")]
    db = shop.services["db"]
    assert db.stop_grace_period == 90.0 and db.healthcheck.interval == 2.0 and isinstance(db.volumes[0], SpecMount)
    assert shop.volumes["data"].labels == {"kind": "precious"} and dunnage.ProjectVolume is dunnage.ComposeVolume
    assert shop.configs["motd"].content == "welcome" and shop.secrets == {}


def test_files_are_found_given_and_merged(directory):
    (directory / "compose.yaml").write_text(TEXT)
    (directory / "other.yaml").write_text("services: {web: {environment: {MODE: slow}}}\n")
    (directory / "below").mkdir()
    assert dunnage.find_project_files(directory / "below") == [directory / "compose.yaml"]
    assert dunnage.find_project_files("/proc/self/fd") == []
    one = Project.load(directory / "compose.yaml", grants=HOST)
    assert one == Project.load([str(directory / "compose.yaml")], grants=HOST)
    merged = Project.load([directory / "compose.yaml", directory / "other.yaml"], grants=HOST)
    assert merged.services["web"].environment["MODE"] == "slow" and len(merged.files) == 2


def test_options_are_keywords(shop, directory):
    text = Project.load(text=TEXT, directory=directory, name="mine", profiles=["debug"], environment={"PORT": "81"},
                        grants=HOST)
    assert text.name == "mine" and "debug" in text.services and text.services["web"].environment["PORT"] == "81"
    raw = Project.load(text="services: {a: {image: '$NAME', hostname: '${HOST}'}}", interpolate=False)
    assert raw.services["a"].image == "$NAME"
    (directory / "variables").write_text("PORT=82\n")
    read = Project.load(text=TEXT, directory=directory, env_files=directory / "variables", grants=HOST)
    assert read.services["web"].environment["PORT"] == "82"


def test_a_variable_of_this_process_has_to_be_granted(monkeypatch):
    monkeypatch.setenv("PORT", "83")
    assert "grant environment" in error_of(TEXT, grants=HOST).remedy
    for options in ({"grants": HOST.replace(environment=True)}, {"grants": HOST, "environment": os.environ}):
        assert Project.load(text=TEXT, **options).services["web"].environment["PORT"] == "83"


def test_what_reaches_beyond_the_project_is_refused_at_its_place():
    text = "services:\n  web:\n    image: busybox\n    volumes: [/etc:/host]\n"
    error = error_of(text)
    assert isinstance(error, PermissionError) and isinstance(error, ValueError) and isinstance(error, dunnage.Error)
    assert error.code is dunnage.errc.not_granted and error.errno == 1
    assert error.place == ProjectPlace(file="compose.yaml", line=4, column=15)
    assert error.path == "services.web.volumes[0]" and "^" in str(error)
    assert pickle.loads(pickle.dumps(error)).place == error.place
    granted = Project.load(text=text, grants=HOST)
    assert granted.mounts("web") == MountSet([BindMount("/etc", "/host", create_source=True)])
    assert ProjectGrants.all() == ProjectGrants(host_paths=True, environment=True, devices=True, driver_options=True,
                                                privileges=True, external=True)


def test_errors_have_the_place_and_what_python_people_catch(directory):
    error = error_of("services:\n  web:\n    imagee: busybox\n")
    assert (error.place.line, error.place.column) == (3, 5) and error.path == "services.web.imagee"
    assert isinstance(error, ValueError) and not isinstance(error, OSError)
    with pytest.raises(FileNotFoundError, match="there is no Compose file"):
        Project.load(directory=directory)
    with pytest.raises(FileNotFoundError) as raised:
        Project.load(directory / "none.yaml")
    assert isinstance(raised.value, ProjectError) and raised.value.errno == 2 and "none.yaml" in str(raised.value)
    (directory / "compose.yaml").write_text("services: [")
    with pytest.raises(ValueError) as raised:
        Project.load(directory / "compose.yaml")
    assert raised.value.filename == raised.value.place.file == "compose.yaml"


def test_an_unknown_name_is_answered_with_the_nearest(shop):
    for use in (shop.service, shop.mounts, shop.launch_spec, shop.config_hash, shop.container_name):
        with pytest.raises(ProjectError, match='did you mean "web"'):
            use("wep")
    with pytest.raises(ValueError, match="declares no such volume"):
        shop.volume_hash("date")


def test_notes_name_what_is_not_done():
    *_, note = Project.load(text="services:\n  web:\n    image: busybox\n    ports: ['80:80']\n").notes
    assert note.kind is ProjectNote.Kind.Unsupported and note.path == "services.web.ports" and note.place.line == 4
    assert str(note).startswith("compose.yaml:4:5: services.web.ports: ")


def test_texts_are_those_of_compose(shop):
    assert str(shop) == shop.to_yaml() and shop.to_yaml().startswith("name: shop\n")
    assert json.loads(shop.to_json())["services"]["web"]["environment"] == {"PORT": "80", "MODE": "fast"}
    assert len(shop.config_hash("web")) == len(shop.volume_hash("data")) == 64
    assert repr(shop) == f"<dunnage.Project 'shop' in '{shop.directory}'>"


def test_a_project_out_of_a_pickle_is_loaded_again(shop, directory, monkeypatch):
    state = pickle.dumps(shop)
    monkeypatch.chdir("/")
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "other")
    again = pickle.loads(state)
    assert again == shop and hash(again) == hash(shop) and again.files == shop.files
    text = Project.load(text=TEXT, directory=directory, environment={"PORT": "9"}, grants=HOST)
    assert pickle.loads(pickle.dumps(text)) == text != shop
    (directory / "compose.yaml").write_text("services: {}\n")
    assert pickle.loads(state) != shop


def test_contents_become_files(shop, directory):
    with pytest.raises(ProjectError, match="is no file yet"):
        shop.mounts("web")
    shop.write_files(directory / "files")
    mounts = shop.mounts("web", directory / "files")
    assert isinstance(mounts, MountSet) and VolumeMount("shop_data", "/data") in list(mounts)
    (motd,) = [mount for mount in mounts if mount.target == "/etc/motd"]
    assert Path(motd.source).read_text() == "welcome" and motd.read_only


def test_a_service_is_keywords_of_a_launch(shop, directory):
    shop.write_files(directory / "files")
    spec = shop.launch_spec("web", number=2, files=directory / "files")
    assert spec["argv"] == ["sleep", "60"] and spec["name"] == "shop-web-2" == shop.container_name("web", 2)
    assert spec["lifetime"] is dunnage.Lifetime.Detached and spec["env"] == {"PORT": "80", "MODE": "fast"}
    assert spec["labels"]["com.docker.compose.service"] == "web" and len(spec["mounts"]) == 3
    assert "stdout" not in spec and "user" not in spec
    one = dunnage.one_off_spec(shop, "db")
    assert one["name"].startswith("shop-db-run-") and one["labels"]["com.docker.compose.oneoff"] == "True"
    assert "lifetime" not in one


def test_a_plan_is_a_sequence_of_steps_with_reasons(shop, store):
    plan = shop.plan_up()
    assert isinstance(plan, ProjectPlan) and len(plan) == 3 and plan.changes_something and plan.project == "shop"
    assert [(step.action, step.subject) for step in plan] == [
        ("create", "shop_data"), ("create", "shop-db-1"), ("create", "shop-web-1")]
    assert plan[-1] == plan.steps[2] and plan[0].kind is ProjectStep.Kind.CreateVolume and plan[0].reasons
    assert str(plan[1]).startswith("create container shop-db-1") and "shop-web-1" in str(plan)
    assert json.loads(plan.to_json())["Direction"] == "up" and plan.data_loss == []
    assert plan == shop.plan_up() != shop.plan_up(services=["db"]) and hash(plan) == hash(shop.plan_up())
    assert repr(plan) == "<dunnage.ProjectPlan of 'shop', 3 steps>"
    with pytest.raises(IndexError, match="there are 3 steps"):
        plan[3]
    assert len(shop.plan_up(scale={"db": 2})) == 4 and not shop.plan_down().changes_something
    assert dunnage.project_containers("shop") == [] and not store.exists()


@pytest.mark.parametrize("call, message", [
    (lambda p: Project.load(5), r"Project.load\(\): files is a path or a list of paths, not 5"),
    (lambda p: Project.load([None]), "files is a path or a list of paths"),
    (lambda p: Project.load(text=TEXT, grants="all"), "grants is a ProjectGrants, not 'all'"),
    (lambda p: Project.load(text=TEXT, environment=["A"]), "environment is a dict of str to str, not"),
    (lambda p: Project.load(text=TEXT, profile=["x"]), 'did you mean "profiles"'),
    (lambda p: p.plan_up(service=["db"]), 'did you mean "services"'),
    (lambda p: p.plan_up(services="db"), "services is a list of str, not 'db'"),
    (lambda p: p.plan_up(scale={"db": "2"}), "scale is a dict of str to int"),
    (lambda p: p.plan_up(["db"]), "plan_up"),
    (lambda p: p.plan_down().apply(event=5), "event is a function that takes an ApplyEvent, or None, not 5"),
    (lambda p: Service(depends_on={"a": 5}), "depends_on is a dict of str to ServiceDependency"),
    (lambda p: Service(volumes=[5]), "volumes is a list of SpecMount"),
    (lambda p: Service(environment={"a": 5}), "environment is a dict of str to str or None"),
])
def test_wrong_types_are_type_errors(shop, call, message):
    with pytest.raises(TypeError, match=message):
        call(shop)


def test_a_pickled_value_keeps_what_it_holds():
    service = Service(name="web", environment={"A": None, "B": "c"}, depends_on={"db": ServiceDependency()},
                      volumes=[SpecMount(source="a", target="/b")], stop_grace_period=1.5)
    for value in (service, ProjectFile(name="x", content=""), ProjectStep(kind="pull-image", lost=["a"])):
        assert pickle.loads(pickle.dumps(value)) == value and value.replace() == value
    assert service.replace(scale=3).scale == 3 and service.environment["A"] is None
