#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to containers with persistent storage: installs what is missing, builds, and shows two scenarios.
# Debian 12 and Ubuntu 24.04. Needs no root but for installing packages that are missing.
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd -P)
. "$repository/cmake/script_functions.sh"

case ${1:-} in
  "") ;;
  *)
    say "usage: sh examples/quickstart.sh"
    exit 2
    ;;
esac

say "== 1. What is needed =="
sh "$repository/cmake/install_packages.sh" build postgres
say "Everything is there."
if ! can_make_namespaces; then
  explain_namespaces
  exit 1
fi

say
say "== 2. Building the library, the examples and the command line (a few minutes the first time) =="
build=$(build_directory quickstart)
configure "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=ON -DDUNNAGE_BUILD_TESTS=OFF \
  -DDUNNAGE_BUILD_BENCHMARKS=OFF -DDUNNAGE_BUILD_PYTHON=OFF
run_quietly "$build/build.log" cmake --build "$build" --parallel "$(nproc)"
examples=$build/examples/cpp
say "Built in $build."

# scenario NAME [ARGUMENT...]: runs an example; 77 is its way of saying that something is not there.
scenario() {
  status=0
  name=$1
  shift
  "$examples/$name" "$@" || status=$?
  case $status in
    0) ;;
    77) say "(left out, see above)" ;;
    *) die "the example $name has failed with $status" ;;
  esac
}

say
say "== 3. A back-end's logs outlive its container =="
say "What a container writes is gone with the container, unless the place it writes to lies outside."
say
say "-- a bind mount: a directory of this machine is seen in the container (docker run -v /host/logs:/app/logs)"
scenario logs_bind_mount
say
say "-- a volume: a directory that the library keeps under a name (docker volume create logs-volume)"
scenario logs_volume

say
say "== 4. A database outlives its container =="
say "PostgreSQL runs in a container with its data on a volume. The container is killed in the middle of its work,"
say "and a new container finds every row whose insertion was acknowledged."
images=$(build_directory images)
if [ -e "$images/postgres/index.json" ]; then
  say
  say "-- from an image (docker run -v db-data:/var/lib/postgresql/data postgres)"
  scenario postgres_image "$images/postgres"
  say
  say "-- from this machine's own PostgreSQL"
fi
scenario postgres_volume

say
say "== All of it worked. Where to go from here =="
say "  what this machine can do:      $build/examples/cli/dunnage support"
say "  a shell in a container:        $build/examples/cli/dunnage run -it --host -v \"\$PWD:/work\" sh"
say "  an image, here PostgreSQL:     sh examples/images/build.sh postgres $images  (then start this again)"
say "  the same in your own program:  examples/consumer, README.md"
say "  the code of what you have seen: examples/cpp/logs_bind_mount.cpp, logs_volume.cpp, postgres_volume.cpp"
