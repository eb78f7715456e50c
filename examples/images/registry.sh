#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A registry for tests and trials, on a free port of 127.0.0.1, without TLS and passwords. Its images are in DIRECTORY.
#
#     registry.sh start DIRECTORY                prints its address, 127.0.0.1:PORT
#     registry.sh push DIRECTORY LAYOUT NAME     LAYOUT is a directory of build.sh, NAME is postgres or postgres:15
#     registry.sh stop DIRECTORY
set -eu

usage() {
  sed -n 's/^#     registry.sh/usage: registry.sh/p' "$0" >&2
  exit 2
}

die() {
  echo "registry.sh: $*" >&2
  exit 1
}

# The process of the registry in this directory, if it is running.
running() {
  pid=$(cat "$directory/pid" 2>/dev/null) && [ -n "$pid" ] &&
    [ -e "/proc/$pid/cmdline" ] && tr '\0' '\n' <"/proc/$pid/cmdline" | grep -q -x -F "$directory/config.yml"
}

start() {
  if running; then
    cat "$directory/address"
    return
  fi
  command -v docker-registry >/dev/null || die "there is no docker-registry; install the package docker-registry"
  cat >"$directory/config.yml" <<END
version: 0.1
log: {level: info}
storage:
  filesystem: {rootdirectory: $directory/data}
  delete: {enabled: true}
http: {addr: "127.0.0.1:0"}
END
  : >"$directory/log"
  # Of its own session, and with nothing open of ours, so that it outlives this script and nobody waits for it.
  setsid docker-registry serve "$directory/config.yml" </dev/null >"$directory/log" 2>&1 &
  echo $! >"$directory/pid"
  for _ in $(seq 600); do
    sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$directory/log" >"$directory/address"
    if [ -s "$directory/address" ]; then
      cat "$directory/address"
      return
    fi
    kill -0 "$(cat "$directory/pid")" 2>/dev/null || break
    sleep 0.05
  done
  cat "$directory/log" >&2
  die "docker-registry has not started"
}

stop() {
  running || return 0
  kill "$pid"
  for _ in $(seq 200); do
    running || return 0
    sleep 0.05
  done
  kill -9 "$pid"
}

push() {
  running || die "no registry is running in $directory"
  case $2 in
    *:*) name=$2 ;;
    *) name=$2:latest ;;
  esac
  # skopeo takes a colon in a path for the beginning of a tag.
  cd "$1"
  skopeo copy --quiet --insecure-policy --dest-tls-verify=false oci:.:latest \
    "docker://$(cat "$directory/address")/$name"
}

[ $# -ge 2 ] || usage
mkdir -p "$2"
directory=$(cd "$2" && pwd -P)
case $1:$# in
  start:2) start ;;
  stop:2) stop ;;
  push:4) push "$3" "$4" ;;
  *) usage ;;
esac
