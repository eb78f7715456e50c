# SPDX-License-Identifier: Apache-2.0
"""Every public case of tests/cases, asked through Python: the answer of the engine, and the JSON of the C++ API."""

import json
import os
import subprocess
from pathlib import Path

import dunnage
from dunnage import SpecContext, SpecFlags

FILE = Path(__file__).parents[4] / "tests" / "cases" / "cases_public.jsonl"
CASES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
ASSETS = {"name": "shared-assets", "external": True}
FLAGS = {"-v": "volumes", "--mount": "mounts", "--tmpfs": "tmpfs"}
ONE_FLAG = {"docker -v": dunnage.read_docker_volume, "docker --mount": dunnage.read_docker_mount,
            "podman -v": dunnage.read_podman_volume, "podman --mount": dunnage.read_podman_mount}


def text_of(value):
    """As YAML: a text is YAML as it stands, anything else is JSON, which is YAML, too."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def context_of(case):
    """The reference machine (tests/cases/README.md), and what differs from it."""
    ctx = case["ctx"]
    environment = {name: text_of(value) for name, value in ctx.get("env", {}).items()}
    context = SpecContext(working_directory="/srv/app", home="/home/dev", project_name="shop",
                          environment=environment, project_quota=ctx.get("quota", False),
                          exists=lambda path: "missing" not in path.split("/"))
    declared = json.dumps({"volumes": {"ledger": None, "cache": None, "assets": ASSETS}})
    return context.replace(volumes=dunnage.read_compose_top_level(declared, context))


def many(mounts):
    return {"ok": True, "mounts": [json.loads(dunnage.to_json(mount)) for mount in mounts]}


def answer_of_tmpfs(case, context):
    if case["engine"] == "compose":
        volumes = text_of(case["ctx"]["volumes"]) if "volumes" in case["ctx"] else ""
        return {"ok": True, "tmpfs": dunnage.read_compose_tmpfs(text_of(case["input"]), volumes, context)}
    return json.loads(dunnage.to_json(dunnage.read_tmpfs(case["input"], case["engine"], context)))


def answer_of_volume_name(case):
    name = dunnage.read_volume_name(case["input"], case["engine"])
    return {"ok": True, "type": "volume", "source": name, "options": {} if name else {"anonymous": True}}


def answer(case):
    surface, value, engine, context = case["surface"], case["input"], case["engine"], context_of(case)
    if surface in ONE_FLAG and isinstance(value, dict):
        return many(dunnage.read_flags(SpecFlags(**{FLAGS[name]: texts for name, texts in value.items()}), engine,
                                       context))
    if surface in ("compose-short", "compose-long") and isinstance(value, list):
        return many(dunnage.read_compose_volumes(text_of(value), "", context))
    if surface == "--tmpfs":
        return answer_of_tmpfs(case, context)
    if surface == "volume-name":
        return answer_of_volume_name(case)
    read = {
        **{name: lambda read=read: read(value, context) for name, read in ONE_FLAG.items()},
        "volumes-from": lambda: dunnage.read_volumes_from(value, engine),
        "volume-create-opts": lambda: dunnage.read_volume_create(value["driver"], value["opts"], engine, context),
        "compose-short": lambda: dunnage.read_compose_short(value, context),
        "compose-long": lambda: dunnage.read_compose_long(text_of(value), context),
        "compose-toplevel": lambda: dunnage.read_compose_top_level(text_of(value), context),
    }[surface]
    return json.loads(dunnage.to_json(read()))


def answer_or_refusal(case):
    try:
        return answer(case)
    except dunnage.SpecError as error:
        refusal = json.loads(dunnage.to_json(error))
        assert (error.spec_code.value, error.spec_stage.value) == (refusal["code"], refusal["stage"])
        assert (error.line, error.column, error.length) == (refusal["line"], refusal["column"], refusal["length"])
        assert error.engine_words == refusal["engine_message"] and str(error) == refusal["message"]
        return refusal


def differences(case, got):
    expected = {name: value for name, value in case["expect"].items() if name != "reason"}
    if not expected["ok"]:
        expected["stage"] = case["stage"]
    parts = {"error_contains": "engine_message", "engine_error": "engine_error"}
    return [(name, value, got.get(parts.get(name, name))) for name, value in expected.items()
            if not (value in (got.get(parts[name]) or "") if name in parts else got.get(name) == value)]


def test_all_cases_are_there():
    assert len(CASES) >= 517


def test_every_case_is_answered_as_the_engine_does():
    wrong = {case["id"]: differences(case, answer_or_refusal(case)) for case in CASES}
    assert {name: found for name, found in wrong.items() if found} == {}


if "DUNNAGE" in os.environ:  # the command line answers by the C++ API
    def test_the_json_is_that_of_the_cpp_api():
        lines = "".join(json.dumps(case) + "\n" for case in CASES)
        done = subprocess.run([os.environ["DUNNAGE"], "spec", "parse", "--jsonl"], input=lines, stdout=subprocess.PIPE,
                              text=True, encoding="utf-8", check=False, timeout=60)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(CASES)
        wrong = [(case["id"], got, expected) for case, expected in zip(CASES, answers)
                 for got in [answer_or_refusal(case)] if got != expected]
        assert wrong == []
