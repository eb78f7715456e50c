# SPDX-License-Identifier: Apache-2.0
"""The plugin for pytest: each test here runs a session of pytest of its own, as users have it."""

import sys
from pathlib import Path

import pytest

import dunnage
from dunnage import BindMount, pytest_plugin

from plugin_session import PLUGIN, assert_nothing_is_left, session  # noqa: F401  a fixture

pytest_plugins = ["pytester"]


def test_the_lines_of_its_manual_run(session, pytester):
    example = pytest_plugin.__doc__.split("\n\n")[1]
    result = session("\n".join(line[4:] for line in example.splitlines()))
    result.assert_outcomes(passed=1)
    assert_nothing_is_left(pytester.path)


def test_a_volume_is_fresh_and_goes_with_its_test(session, pytester):
    session("""
        import dunnage, pytest

        @pytest.mark.parametrize("word", ["one/1", "zwei ü", "...", "x" * 200])
        def test_fresh(volume, volume_store, word):
            assert volume_store.list() == [volume]
            assert dunnage.run(["sh", "-c", "ls -A /d; touch /d/file"], mounts=volume.at("/d")).stdout == b""

        def test_removed_by_the_test_itself(volume, volume_store):
            volume_store.remove(volume.name)
    """).assert_outcomes(passed=5)
    assert_nothing_is_left(pytester.path)


@pytest.mark.parametrize("fixtures", ["container, volume", "volume, container"])
def test_containers_end_with_their_test_and_before_its_volume(session, pytester, fixtures):
    (pytester.path / "pids").mkdir()
    session(f"""
        from pathlib import Path

        import dunnage

        def test_many({fixtures}):
            kinds = {{"name": "web"}}, {{"lifetime": "detached"}}, {{"restart": "always"}}, {{"terminal": True}}
            for options in kinds:
                running = container(["sleep", "infinity"], mounts=volume.at("/data"), **options)
                Path("pids", str(running.pid)).touch()
            container(["sleep", "infinity"]).close()
            container(["true"], remove_on_exit=True).wait()

        def test_the_name_is_free_again(container, volume_store):
            assert dunnage.ContainerStore.open(volume_store.root).list() == []
            container(["true"], name="web")
    """).assert_outcomes(passed=2)
    assert len(list(pytester.path.glob("pids/*"))) == 4
    assert_nothing_is_left(pytester.path)


def test_a_failing_test_shows_what_its_containers_have_written(session, pytester):
    result = session("""
        import pytest

        @pytest.fixture
        def server(container):
            server = container(["sh", "-c", "echo server says no >&2; exit 3"], name="server")
            assert server.wait().success
            return server

        def test_fixture_fails(server):
            pass

        def test_fails(container):
            done = container(["sh", "-c", "echo ahoy; echo storm >&2"])
            done.wait()
            container(["sleep", "infinity"], name="silent")
            assert container.output(done) == "calm"

        def test_teardown_fails(container, request):
            request.addfinalizer(lambda: 1 / 0)
            container(["sh", "-c", "echo last words; exit 5"]).wait()

        def test_passes(container):
            container(["echo", "all is well"]).wait()
    """)
    result.assert_outcomes(passed=2, failed=1, errors=2)
    text = result.stdout.str()
    result.stdout.fnmatch_lines_random([
        "*container server: sh -c 'echo server says no >&2; exit 3': exited with 3*", "server says no",
        "*container *: sh -c 'echo ahoy; echo storm >&2': exited with 0*", "ahoy", "storm",
        "*container silent: sleep infinity: running*", "*nothing in its log*",
        "*container *: sh -c 'echo last words; exit 5': exited with 5*", "last words",
    ])
    assert "all is well" not in text
    assert_nothing_is_left(pytester.path)


def test_files_of_other_ids_are_removed_as_well(session, pytester):
    session("""
        import dunnage

        GIVE_AWAY = "mkdir /data/a; touch /data/a/b; chown -R 33:33 /data || true; chmod -R 700 /data"

        def test_volume(container, volume):
            assert container(["sh", "-c", GIVE_AWAY], mounts=volume.at("/data")).wait().success

        def test_left_in_the_store(container, volume_store):
            assert container(["sh", "-c", GIVE_AWAY], mounts="-v kept:/data").wait().success
            assert "kept" in volume_store
    """).assert_outcomes(passed=2)
    assert_nothing_is_left(pytester.path)


def test_a_container_that_a_test_forgets_is_told(session):
    result = session("""
        import dunnage

        forgotten = []

        def test_it(volume):
            forgotten.append(dunnage.Container.launch(["sleep", "infinity"], mounts=volume.at("/data")))
    """)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*VolumeInUse: cannot remove volume \"test-it-1\": used by container*"])


def test_a_fixture_of_ones_own_can_share_a_container(session, pytester):
    session("""
        import dunnage, pytest

        @pytest.fixture(scope="module")
        def server(volume_store):
            with dunnage.Container.launch(["sleep", "infinity"], name="server", store=volume_store.root) as container:
                yield container

        @pytest.mark.parametrize("number", range(3))
        def test_it(server, container, number):
            assert server.exec(["true"]).wait().success
            with pytest.raises(dunnage.ContainerExists):
                container(["true"], name="server")
            with pytest.raises(ValueError, match="not launched by this fixture"):
                container.output(server)
    """).assert_outcomes(passed=3)
    assert_nothing_is_left(pytester.path)


WANTS_CONTAINERS = """
    import dunnage, pytest

    def test_fixture(container, volume):
        container(["true"])

    @pytest.mark.dunnage
    def test_marker():
        dunnage.run(["true"])

    def test_needs_no_container(volume):
        assert volume.mountpoint.is_dir()
"""


def in_a_container(pytester, *arguments):
    """A session where nothing can be launched: in a container, which may not make further ones."""
    pytester.makepyfile(test_it=WANTS_CONTAINERS)
    package = Path(dunnage.__file__).parent.parent
    interpreter = {path for path in (sys.prefix, sys.base_prefix) if not path.startswith("/usr")}
    done = dunnage.run([sys.executable, "-m", "pytest", *PLUGIN, "-rs", "--strict-markers", *arguments, "/tests"],
                       mounts=[BindMount(pytester.path, "/tests", read_only=True),
                               BindMount(package, "/package", read_only=True), dunnage.Tmpfs("/tmp"),
                               *(BindMount(path, path, read_only=True) for path in interpreter)],
                       env={"PYTHONPATH": "/package", "PYTHONDONTWRITEBYTECODE": "1"}, text=True)
    assert not done.stderr, done.stderr
    return done


def test_where_nothing_can_be_launched_tests_are_skipped_and_say_why(pytester):
    done = in_a_container(pytester)
    assert done.returncode == 0 and "1 passed, 2 skipped" in done.stdout, done.stdout
    assert "no container can be launched here (mode: none): launcher: cannot start the launcher" in done.stdout


def test_or_they_fail_if_containers_are_required(pytester):
    done = in_a_container(pytester, "-o", "dunnage_required=true")
    assert done.returncode == 1 and "1 passed, 2 errors" in done.stdout, done.stdout
    assert "(dunnage_required is set)" in done.stdout
