#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints every key of the Compose specification with the object it stands in.

    python3 tests/compose/schema_keys.py < compose-spec.json > tests/compose/schema_keys.txt

A "*" is any name, "[]" an item of a list.
"""

import json
import sys


def walk(schema, node, path, keys):
    """Adds what stands below `path`."""
    if "$ref" in node:
        return walk(schema, schema["definitions"][node["$ref"].rsplit("/", 1)[1]], path, keys)
    for variant in node.get("oneOf", []) + node.get("anyOf", []):
        walk(schema, variant, path, keys)
    for name, inner in node.get("properties", {}).items():
        keys.add((path, name))
        walk(schema, inner, f"{path}.{name}".lstrip("."), keys)
    for pattern, inner in node.get("patternProperties", {}).items():
        if not pattern.startswith("^x-"):
            walk(schema, inner, path + ".*", keys)
    if isinstance(node.get("items"), dict):
        walk(schema, node["items"], path + ".[]", keys)


def main():
    schema = json.load(sys.stdin)
    keys = set()
    walk(schema, schema, "", keys)
    for path, name in sorted(keys):
        print(path or ".", name)


main()
