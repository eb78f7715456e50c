#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`dunnage spec parse` answers the cases of tests/cases as the engines do.

    DUNNAGE=build/examples/cli/dunnage python3 tests/cli/spec_test.py CASES
"""

import collections
import json
import os
import subprocess
import sys

DUNNAGE = os.environ.get("DUNNAGE", "dunnage")


def difference(case, answer):
    """What the answer says otherwise than the case; nothing if it is right."""
    expected = case["expect"]
    for name, value in expected.items():
        if name == "reason":
            continue
        if name == "error_contains":
            if value not in answer.get("engine_message", ""):
                return f"the engine's words are {answer.get('engine_message')!r}"
        elif name == "engine_error":
            if value not in answer.get(name, ""):
                return f"{name} is {answer.get(name)!r}"
        elif name not in answer or answer[name] != value:
            return f"{name} is {json.dumps(answer.get(name))}"
    if not expected["ok"] and answer["stage"] != case["stage"]:
        return f"stage is {answer['stage']}"
    return None


def ask_all(cases):
    lines = "".join(json.dumps({key: case[key] for key in ("surface", "engine", "input", "ctx")}) + "\n"
                    for case in cases)
    result = subprocess.run([DUNNAGE, "spec", "parse", "--jsonl"], input=lines, capture_output=True, text=True,
                            timeout=60, check=True)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    if len(answers) != len(cases):
        sys.exit(f"{len(cases)} questions got {len(answers)} answers")
    return answers


def ask_one(case):
    words = [DUNNAGE, "spec", "parse", "--surface", case["surface"], "--engine", case["engine"]]
    if case["ctx"]:
        words += ["--ctx", json.dumps(case["ctx"])]
    text = case["input"] if isinstance(case["input"], str) else json.dumps(case["input"])
    result = subprocess.run([*words, "--", text], capture_output=True, text=True, timeout=60, check=False)
    answer = json.loads(result.stdout)
    if result.returncode != (0 if answer["ok"] else 1):
        sys.exit(f"{case['id']}: exit code {result.returncode}")
    return answer


def main(path):
    with open(path, encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    counts = collections.defaultdict(lambda: [0, 0])
    failed = 0
    for case, answer in zip(cases, ask_all(cases)):
        wrong = difference(case, answer)
        count = counts[f"{case['engine']}: {case['surface']}"]
        count[1] += 1
        if wrong is None:
            count[0] += 1
        else:
            failed += 1
            print(f"{case['id']} {case['surface']} {case['engine']} {json.dumps(case['input'])}: {wrong}\n"
                  f"  expected {json.dumps(case['expect'])} at {case['stage']}\n  got      {json.dumps(answer)}")
    for case in cases[::16]:
        if wrong := difference(case, ask_one(case)):
            failed += 1
            print(f"{case['id']} asked alone: {wrong}")
    for surface, (right, total) in sorted(counts.items()):
        print(f"{surface}: {right} of {total}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
