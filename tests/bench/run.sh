#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh [--quick] [--json FILE] [--no-install] [--no-volumes]: installs the programs that are measured beside this
# library, makes a release build, measures everything in turn, and prints one report as Markdown. As root. What it
# measured is also written to FILE, and drawn into launch.svg beside this script. Let nothing else run meanwhile.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$repository/cmake/script_functions.sh"

quick=""
json=""
install=1
volumes=1
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=--quick ;;
    --json)
      [ $# -gt 1 ] || die "--json needs a file"
      shift
      json=$1
      ;;
    --no-install) install="" ;;
    --no-volumes) volumes="" ;;
    *)
      say "usage: sh tests/bench/run.sh [--quick] [--json FILE] [--no-install] [--no-volumes]"
      exit 2
      ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || die "run this as root: runtimes and daemons are started"

[ -z "$install" ] || sh "$repository/cmake/install_packages.sh" build bench >&2
build=$(build_directory bench)
say "Building in $build." >&2
configure "$build" -DCMAKE_BUILD_TYPE=Release -DDUNNAGE_BUILD_TESTS=OFF -DDUNNAGE_BUILD_EXAMPLES=OFF \
  -DDUNNAGE_BUILD_PYTHON=OFF -DCMAKE_UNITY_BUILD=ON
run_quietly "$build/build.log" cmake --build "$build" --parallel "$(nproc)" \
  --target dunnage_launch_bench dunnage_volume_bench dunnage_copy_bench
[ -n "$json" ] || json=$build/launch.json

# version COMMAND...: the first line a program says of itself, or nothing
version() {
  ! command -v "$1" >/dev/null 2>&1 || "$@" 2>/dev/null | head -n 1
}

say "Release build of $("${CXX:-c++}" --version | head -n 1)."
{
  version crun --version
  version runc --version
  version bwrap --version
  version podman --version
  version docker --version
  ! command -v lxc-start >/dev/null 2>&1 || say "lxc $(lxc-start --version)"
  version systemd-nspawn --version
} | paste -s -d ';' | sed 's/;/; /g; s/^/Beside it: /; s/$/./'
say
# shellcheck disable=SC2086  # a word or none
"$build/tests/bench/launch_bench" $quick --json "$json"
python3 "$repository/tests/bench/draw.py" "$json" "$repository/tests/bench/launch.svg"

if [ -n "$volumes" ]; then
  say
  say "### Volumes"
  say
  if [ -n "$quick" ]; then set -- --rounds 3; else set --; fi
  "$build/tests/bench/volume_bench" --peers "$@"
  say
  say "### Copying trees, as filling a volume does"
  say
  say '```'
  if [ -n "$quick" ]; then set -- 1; else set -- 5; fi
  "$build/tests/bench/copy_bench" "$@"
  say '```'
fi
say
say "### Instructions of the host's half of a launch, as kept in the tree"
say
sed -n 's/^\(texts\|resolve\|specification\|describe\|send\): */- \1: /p' "$repository/tests/bench/instructions.txt"
