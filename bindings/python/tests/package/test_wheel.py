# SPDX-License-Identifier: Apache-2.0
"""What a user of the wheel meets: its contents, and the lines of the READMEs in a fresh virtual environment."""

import os
import tarfile
import zipfile
from email import message_from_string

import dunnage

import pytest

from environments import PROJECT, READMES, REPOSITORY, USERS, run, run_readme


def files_below(directory, suffixes):
    return {path.relative_to(REPOSITORY).as_posix() for path in directory.rglob("*") if path.suffix in suffixes}


def test_an_sdist_has_all_sources(sdist):
    with tarfile.open(sdist) as archive:
        top = sdist.name[:-len(".tar.gz")]
        names = {member.name[len(top) + 1:] for member in archive if member.isfile()}
    sources = {".cpp", ".hpp", ".in", ".S", ".s", ".map", ".cmake", ".txt", ".sh", ".py", ".pyi", ".typed", ".md"}
    wanted = {"CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml", "PKG-INFO"}
    for directory in ("src", "include", "cmake", "bindings/python/src", "bindings/python/dunnage"):
        wanted |= files_below(REPOSITORY / directory, sources)
    assert wanted - names == set()
    assert not [name for name in names if "__pycache__" in name or name.startswith("build/")]


def test_a_wheel_has_the_package_its_types_and_its_licence_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = next(name for name in names if name.endswith(".dist-info/METADATA")).rpartition("/")[0]
        package = {f"dunnage/{path.relative_to(PROJECT / 'dunnage').as_posix()}"
                   for path in (PROJECT / "dunnage").rglob("*") if path.suffix in (".py", ".pyi", ".typed")}
        package.add(f"dunnage/{os.path.basename(dunnage._dunnage.__file__)}")
        assert names == package | {f"{about}/{name}" for name in (
            "METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
        assert archive.read(f"{about}/licenses/LICENSE") == (REPOSITORY / "LICENSE").read_bytes()
        metadata = message_from_string(archive.read(f"{about}/METADATA").decode())
    assert metadata["Name"] == "dunnage" and metadata["Version"] == dunnage.__version__
    assert metadata["Requires-Python"] == ">=3.9" and metadata["License-Expression"] == "Apache-2.0"
    assert "Typing :: Typed" in metadata.get_all("Classifier") and "Requires-Dist" not in metadata


def test_the_package_is_the_one_of_the_environment(python):
    run(python, "-W", "error", "-c", f"""
import dunnage, importlib.metadata, sys
assert dunnage.__file__.startswith(sys.prefix), dunnage.__file__
assert importlib.metadata.version("dunnage") == dunnage.__version__ == {dunnage.__version__!r}
assert "libdunnage" not in open("/proc/self/maps").read(), "the module wants the library beside it"
""")


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.parametrize("user", USERS)
def test_the_lines_of_the_readme_run(python, place, user, readme):
    print(run_readme(python, place, user, readme))


def test_pytest_finds_the_plugin(python, place):
    run(python, "-m", "pip", "install", "-q", "pytest")
    test = place / "test_plugin.py"
    test.write_text("def test_a_container_ends_well(container):\n    assert container(['true']).wait().success\n")
    assert "1 passed" in run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", test, cwd=place)
