#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom.

    check_layers.py REPOSITORY      prints every include that goes the wrong way; fails if there is one
    check_layers.py --self-test     checks the checker with a tree of wrong includes
"""

import re
import sys
import tempfile
from pathlib import Path

# From the bottom up. A folder may include itself and the folders of earlier lines.
LAYERS = [{"error"}, {"kernel"}, {"seccomp"}, {"launcher"}, {"model"}, {"spec", "volume"}, {"transaction"}, {"cgroup"}, {"image"}, {"transfer"}, {"plan"}, {"prepare"}, {"container"},
          {"launch"}, {"compose"}, {"project"}]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# C++ headers that need no library behind them. C headers are fine too: the launcher program takes constants and types
# from them, and as it is linked with no library at all, it cannot take more.
FREESTANDING = {"array", "atomic", "bit", "compare", "concepts", "cstdarg", "cstddef", "cstdint", "initializer_list",
                "limits", "new", "type_traits", "utility", "version"}
# What the library and the launcher program share, beside src/launcher/*.hpp.
SHARED_WITH_PROGRAM = {
    "kernel/raw_syscall.hpp",
    "kernel/calls.hpp",
    "kernel/clone.hpp",
    "kernel/descriptor_path.hpp",
    "kernel/read_back.hpp",
}


def includes(file):
    return [(kind == "<", name) for kind, name in INCLUDE.findall(file.read_text(encoding="utf-8"))]


def sources(folder):
    return sorted(file for file in folder.rglob("*") if file.suffix in (".hpp", ".cpp", ".h", ".S") and file.is_file())


def check_public_header(repository, file):
    for angled, name in includes(file):
        if not angled:
            yield f'includes "{name}"; public headers are included as <dunnage/...>'
        elif "/" in name and not name.startswith("dunnage/"):
            yield f"includes <{name}>; a public header includes the standard library and <dunnage/...> only"
        elif name.endswith(".h"):
            yield f"includes <{name}>; a public header includes no header of the system"
        elif name.startswith("dunnage/") and not (repository / "include" / name).exists() \
                and not (repository / "include" / (name + ".in")).exists():
            yield f"includes <{name}>, which is not a public header"


def check_layer(source_root, file):
    layer = file.relative_to(source_root).parts[0]
    if layer not in RANK:
        yield f'lies in src/{layer}, which is no layer; the layers are {", ".join(RANK)}'
        return
    for angled, name in includes(file):
        if angled:
            continue
        other = name.split("/")[0]
        if other not in RANK or not (source_root / name).exists():
            yield f'includes "{name}"; includes within src are written from src, as "layer/file.hpp"'
        elif name.startswith("launcher/program/"):
            yield f'includes "{name}"; the launcher program is another program'
        elif other != layer and RANK[other] >= RANK[layer]:
            yield f'includes "{name}"; {layer} may include {layer} and {", ".join(below(layer)) or "nothing else"}'


def below(layer):
    return [name for name in RANK if RANK[name] < RANK[layer]]


def check_program(source_root, file, seen):
    """Follows includes: what the launcher program reaches must all be fit for a program without a C library."""
    if file in seen:
        return
    seen.add(file)
    for angled, name in includes(file):
        if angled:
            if name not in FREESTANDING and not name.endswith(".h"):
                yield file, f"includes <{name}>; the launcher program has no library"
            continue
        shared = name in SHARED_WITH_PROGRAM or re.fullmatch(r"launcher/(program/)?[^/]+\.hpp", name)
        if not shared or not (source_root / name).exists():
            yield file, f'includes "{name}"; the launcher program shares {", ".join(sorted(SHARED_WITH_PROGRAM))} ' \
                        "and launcher/*.hpp with the library, nothing else"
        else:
            yield from check_program(source_root, source_root / name, seen)


def check_example(repository, file):
    for angled, name in includes(file):
        if not angled and not (file.parent / name).exists() and (repository / "src" / name).exists():
            yield f'includes "{name}"; examples use the public headers only'


def check(repository):
    source_root = repository / "src"
    program = source_root / "launcher" / "program"
    for file in sources(repository / "include" / "dunnage"):
        yield from ((file, text) for text in check_public_header(repository, file))
    for file in sources(source_root):
        if program not in file.parents:
            yield from ((file, text) for text in check_layer(source_root, file))
    seen = set()
    for file in sources(program):
        yield from check_program(source_root, file, seen)
    for file in sources(repository / "examples"):
        yield from ((file, text) for text in check_example(repository, file))


WRONG = {
    "include/dunnage/a.hpp": "#include <fmt/core.h>",
    "include/dunnage/b.hpp": "#include <unistd.h>",
    "include/dunnage/c.hpp": '#include "kernel/right.hpp"',
    "src/kernel/upwards.cpp": '#include "plan/right.hpp"',
    "src/volume/sideways.cpp": '#include "spec/right.hpp"',
    "src/plan/relative.cpp": '#include "right.hpp"',
    "src/plan/inside.cpp": '#include "launcher/program/right.hpp"',
    "src/stray/file.cpp": "",
    "src/launcher/program/library.cpp": "#include <string>",
    "src/launcher/program/layer.cpp": '#include "kernel/right.hpp"',
    "src/launcher/indirect.hpp": "#  include <vector>",
    "src/launcher/program/through.cpp": '#include "launcher/indirect.hpp"',
    "examples/cpp/inside.cpp": '#include "kernel/right.hpp"',
}
RIGHT = {
    "include/dunnage/right.hpp": "#include <string>\n#include <dunnage/a.hpp>",
    "src/kernel/right.hpp": "#include <unistd.h>",
    "src/spec/right.hpp": '#include "kernel/right.hpp"\n#include "spec/right.hpp"\n#include <dunnage/right.hpp>',
    "src/plan/right.hpp": '#include "spec/right.hpp"\n#include <fmt/core.h>',
    "src/launcher/program/right.hpp": "#include <linux/mount.h>\n#include <stdint.h>",
    "examples/cpp/right.cpp": "#include <dunnage/right.hpp>",
}


def self_test():
    with tempfile.TemporaryDirectory() as name:
        repository = Path(name)
        for path, text in {**WRONG, **RIGHT}.items():
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_text(text + "\n", encoding="utf-8")
        found = {str(file.relative_to(repository)) for file, _ in check(repository)}
    # The include is wrong in indirect.hpp; through.cpp is only the way there.
    expected = set(WRONG) - {"src/launcher/program/through.cpp"}
    for path in sorted(expected - found):
        print(f"not found to be wrong: {path}")
    for path in sorted(found - expected):
        print(f"wrongly found to be wrong: {path}")
    return 0 if found == expected else 1


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    repository = Path(arguments[0])
    findings = list(check(repository))
    for file, text in findings:
        print(f"{file.relative_to(repository)}: {text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
