#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that can be tested here: installs what is missing, builds, runs every ring, then what makes sense under
# the sanitizers. Run it as root to have all of it tested: the root ring as root, the rootless ring as two ordinary
# users made for it. An ordinary user tests the rootless ring as oneself; the root ring is left out then, loudly.
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd -P)
. "$repository/cmake/script_functions.sh"

# Sanitizers take a quarter of an hour on two cores: begun later, all of it would not be over in 25 minutes.
latest_sanitizers=720
if [ "$*" = --sanitizers ]; then
  latest_sanitizers=86400
elif [ $# -ne 0 ]; then
  say "usage: sh tests/run.sh [--sanitizers]   with it they run however long everything takes"
  exit 2
fi

jobs=$(nproc)
started=$(date +%s)
failures=""

# heading TEXT: with the minutes gone by.
heading() {
  say
  say "== $* ($((($(date +%s) - started) / 60)) min) =="
}

# rings BUILD RING...: runs the tests with one of these labels, writes BUILD/results.xml and checks that they did run.
rings() {
  build=$1
  shift
  pattern=$(printf '%s\n' "$@" | tr -d '?' | paste -s -d '|')
  # Twice as many as there are processors: many tests wait for a program, a lock or a deadline.
  ctest --test-dir "$build" --label-regex "^($pattern)\$" --parallel "$((jobs * 2))" --output-on-failure \
    --output-junit "$build/results.xml" --test-output-size-passed 4096 >"$build/ctest.log" 2>&1 || :
  # The passed ones in numbers, the others in full.
  grep -v -E '^ *[0-9]+/[0-9]+ Test +#.* Passed |^ *Start +[0-9]+:' "$build/ctest.log" || :
  if ! python3 "$repository/tests/support/check_rings.py" "$build/results.xml" "$@"; then
    failures="$failures $(basename "$build")"
  fi
}

heading "Packages"
sh "$repository/cmake/install_packages.sh" build python postgres images tests
say "Everything is there."

if [ "$(id -u)" -eq 0 ]; then
  root_ring=root
  sh "$repository/tests/support/make_users.sh"
  restriction=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
  if [ "$(cat "$restriction" 2>/dev/null)" = 1 ]; then
    say "AppArmor forbids ordinary users what the rootless ring tests; it is allowed until this script ends."
    trap 'echo 1 >"$restriction"' EXIT
    trap 'exit 130' INT TERM
    echo 0 >"$restriction"
  fi
else
  root_ring="root?"
  if ! can_make_namespaces; then
    explain_namespaces
    exit 1
  fi
fi

heading "Building"
images=$(build_directory images)
{
  sh "$repository/examples/images/build.sh" busybox "$images" &&
    sh "$repository/examples/images/build.sh" postgres "$images"
} >"$images/build.log" 2>&1 &
images_building=$!
tests=$(build_directory tests)
# Optimised as for users, with no more debug information than a backtrace needs, which takes a third of the time; with
# the sources of a folder joined, which takes a fifth of the time.
configure "$tests" -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 -g1 -DNDEBUG" \
  -DCMAKE_UNITY_BUILD=ON -DDUNNAGE_WERROR=ON "-DDUNNAGE_TEST_IMAGES=$images"
run_quietly "$tests/build.log" cmake --build "$tests" --parallel "$jobs"
if ! wait "$images_building"; then
  say "*** There are no images of Debian and PostgreSQL, so what needs them is not tested: ***"
  tail -n 20 "$images/build.log"
  [ "$root_ring" != root ] || failures="$failures images"
fi

heading "All rings"
rings "$tests" unit rootless "$root_ring" crash package

if [ "$root_ring" = root ]; then
  heading "What every mount option does"
  python3 "$repository/tests/support/option_table.py" "$tests" || failures="$failures options"
fi

# sanitized NAME SANITIZERS RING...: builds these rings only, with as much optimisation and debug information as a
# finding needs to be read, and with clang++, so that both compilers read everything without a warning. Left out, loudly,
# on a machine too slow for all of it.
sanitized() {
  name=$1
  sanitizers=$2
  shift 2
  if [ $(($(date +%s) - started)) -gt "$latest_sanitizers" ]; then
    say
    say "*** LEFT OUT because $((latest_sanitizers / 60)) minutes are over: the tests under $sanitizers. ***"
    say "*** To run them all the same: sh tests/run.sh --sanitizers ***"
    return
  fi
  heading "Built by clang++, under $sanitizers: $*"
  directory=$(build_directory "$name")
  configure "$directory" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DDUNNAGE_WERROR=ON \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1 -DNDEBUG" \
    "-DDUNNAGE_SANITIZE=$sanitizers" -DDUNNAGE_BUILD_EXAMPLES=OFF -DDUNNAGE_BUILD_BENCHMARKS=OFF
  # shellcheck disable=SC2046  # one word for each ring
  run_quietly "$directory/build.log" cmake --build "$directory" --parallel "$jobs" \
    --target $(printf 'dunnage_%s_tests ' "$@" | tr -d '?')
  rings "$directory" "$@"
}

sanitized clang-asan address,undefined unit rootless "$root_ring"
if [ "$root_ring" = root ]; then
  sanitized clang-tsan thread unit root
else
  sanitized clang-tsan thread unit rootless
fi

heading "Done"
if [ -n "$failures" ]; then
  say "FAILED in:$failures"
  exit 1
fi
say "Everything that ran is good."
[ "$root_ring" = root ] || say "*** The root ring was not tested: run this as root to test it. ***"
