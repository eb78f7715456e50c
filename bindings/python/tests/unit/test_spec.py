# SPDX-License-Identifier: Apache-2.0
"""The storage language as the engines read it: values, refusals, and what is asked about the host."""

import json
import pickle
import threading

import pytest

import dunnage
from dunnage import (BindMount, Engine, ImageMount, SpecCode, SpecContext, SpecFlags, SpecStage, SpecType, Tmpfs,
                     VolumesFrom)


def refusal(read, *arguments):
    with pytest.raises(dunnage.SpecError) as raised:
        read(*arguments)
    return raised.value


def test_a_text_becomes_what_the_engine_makes_of_it():
    mount = dunnage.read_docker_mount("type=bind,src=./conf,dst=/etc/app,ro",
                                      SpecContext(working_directory="/srv/app", exists=lambda path: True))
    assert (mount.engine, mount.type, mount.source) == (Engine.Docker, SpecType.Bind, "/srv/app/conf")
    assert mount.read_only and mount.create_host_path is False and mount.tmpfs_size is None
    assert json.loads(dunnage.to_json(mount))["source"] == "/srv/app/conf"
    assert dunnage.to_mount(mount) == BindMount("/srv/app/conf", "/etc/app", read_only=True)
    assert dunnage.to_mount(dunnage.read_tmpfs("/run:size=1m")) == Tmpfs("/run", size="1m")


def test_a_refusal_has_a_code_a_stage_and_the_words_of_the_engine():
    context = SpecContext(exists=lambda path: path != "/missing")
    error = refusal(dunnage.read_docker_mount, "type=bind,src=/missing,dst=/b", context)
    assert (error.spec_code, error.spec_stage) == (SpecCode.SourceNotFound, SpecStage.Create)
    assert error.spec_code.value == "SOURCE_NOT_FOUND" and error.code is dunnage.errc.invalid_spec
    assert error.engine_words == 'invalid mount config for type "bind": bind source path does not exist: /missing'
    assert (error.line, error.column, error.length) == (1, 15, 8)
    assert json.loads(dunnage.to_json(error))["code"] == "SOURCE_NOT_FOUND"
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error) and dunnage.to_json(again) == dunnage.to_json(error)


def test_errors_in_yaml_point_to_the_line_and_the_column():
    error = refusal(dunnage.read_compose_long, "type: bind\nsource: ./a\ntarget: /b\nbind:\n  propagatoin: rslave\n")
    assert (error.line, error.column) == (5, 3) and 'did you mean "propagation"?' in str(error)


def test_without_a_context_the_host_is_asked(directory):
    assert dunnage.read_docker_mount(f"type=bind,src={directory},dst=/x").source == str(directory)
    error = refusal(dunnage.read_docker_mount, f"type=bind,src={directory}/none,dst=/x")
    assert error.spec_code is SpecCode.SourceNotFound


def test_a_function_is_asked_for_paths_and_what_it_raises_arrives():
    asked = []
    dunnage.read_docker_mount("type=bind,src=/a,dst=/b", SpecContext(exists=lambda path: asked.append(path) or True))
    assert asked == ["/a"]

    def fail(path):
        raise LookupError(path)

    with pytest.raises(LookupError, match="/a"):
        dunnage.read_docker_mount("type=bind,src=/a,dst=/b", SpecContext(exists=fail))
    with pytest.raises(TypeError, match="exists is a function that takes a path, or None, not '/a'"):
        SpecContext(exists="/a")
    with pytest.raises(TypeError, match="volumes is a dict of str to ComposeVolume"):
        SpecContext(volumes={"db": "shop_db"})


def test_a_function_may_be_asked_in_many_threads():
    context = SpecContext(exists=lambda path: path.endswith("0"))
    found = []

    def read(number):
        try:
            found.append(dunnage.read_docker_mount(f"type=bind,src=/{number},dst=/b", context).source)
        except dunnage.SpecError:
            pass

    threads = [threading.Thread(target=read, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["/0", "/10", "/20", "/30"]


def test_flags_of_one_command_line_are_read_together():
    mounts = dunnage.read_flags(SpecFlags(volumes=["data:/z"], tmpfs=["/a"]))
    assert [(mount.target, mount.type) for mount in mounts] == [("/a", SpecType.Tmpfs), ("/z", SpecType.Volume)]
    error = refusal(dunnage.read_flags, SpecFlags(volumes=["data:/z", "other:/z"]))
    assert error.spec_code is SpecCode.DuplicateTarget


def test_a_service_of_compose_is_read_with_the_volumes_of_its_file():
    context = SpecContext(working_directory="/srv/app", project_name="shop", environment={"SHARD": "7"})
    volumes = dunnage.read_compose_top_level("volumes: {ledger: {}}", context)
    assert volumes["ledger"].name == "shop_ledger" and volumes["ledger"].external is False
    mounts = dunnage.read_compose_volumes("- ledger:/d/${SHARD}\n- ./a:/a", context=context.replace(volumes=volumes))
    assert [(mount.source, mount.target) for mount in mounts] == [("/srv/app/a", "/a"), ("ledger", "/d/7")]
    assert mounts[1].engine_name == "shop_ledger" == dunnage.to_mount(mounts[1]).name
    assert dunnage.read_compose_tmpfs("/run", context=context) == ["/run"]
    assert json.loads(dunnage.to_json(volumes))["volumes"]["ledger"]["name"] == "shop_ledger"


def test_volumes_are_named_created_and_taken_from_others():
    assert dunnage.read_volume_name("data", "podman") == "data"
    assert refusal(dunnage.read_volume_name, "../data").spec_code is SpecCode.NameInvalid
    created = dunnage.read_volume_create("local", ["type=tmpfs", "device=tmpfs", "o=size=1m"])
    assert created.driver == "local" and created.stored_options["type"] == "tmpfs" and created.needs_mount
    assert dunnage.to_volumes_from(dunnage.read_volumes_from("db:ro")) == VolumesFrom("db", read_only=True)
    refusal(dunnage.to_volumes_from, dunnage.read_volumes_from("web", Engine.Compose))
    with pytest.raises(TypeError, match="options is a list of str, not 'type=tmpfs'"):
        dunnage.read_volume_create("local", "type=tmpfs")


def test_what_this_library_cannot_mount_is_refused():
    devices = dunnage.read_podman_mount("type=devpts,dst=/i")
    assert devices.type is SpecType.Devpts
    assert refusal(dunnage.to_mount, devices).code is dunnage.errc.not_supported


def test_an_image_mount_is_one_in_the_words_of_each_engine():
    image = dunnage.read_podman_mount("type=image,src=alpine,dst=/i,subpath=/etc")
    assert image.type is SpecType.Image
    assert dunnage.to_mount(image) == ImageMount("alpine", "/i", subpath="etc")
    assert dunnage.parse_mount_flag("type=image,src=alpine,dst=/i,image-subpath=etc") == dunnage.to_mount(image)
    writable = dunnage.parse_mount_flag("type=image,src=alpine,dst=/i,rw=true", "podman")
    assert writable == ImageMount("alpine", "/i", overlay=dunnage.OverlayOptions())


def test_only_what_has_json_is_made_json():
    with pytest.raises(TypeError, match="what a read_ function returns or raises, not 5"):
        dunnage.to_json(5)


def test_the_words_of_a_flag_are_known():
    words = {word.name: word for word in dunnage.spec_words("--mount")}
    assert words["exclude"].own and words["type"].summary and not words["type"].own
    podman = {word.name for word in dunnage.spec_words("-v", "podman")}
    assert podman != {word.name for word in dunnage.spec_words("-v")}
    refusal(dunnage.spec_words, "-x")
