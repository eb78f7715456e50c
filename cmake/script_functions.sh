# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by examples/quickstart.sh and tests/run.sh, which set `repository` first.

say() {
  printf '%s\n' "$*"
}

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# build_directory NAME: prints build/NAME, or a directory in this user's cache if the clone is somebody else's.
# A directory configured from another place (the clone was moved) is of no use and is emptied.
build_directory() {
  directory=$repository/build/$1
  if ! { mkdir -p "$directory" && [ -w "$directory" ] && [ -O "$directory" ]; } 2>/dev/null; then
    directory=${XDG_CACHE_HOME:-${HOME:?}/.cache}/dunnage/$1-$(printf '%s' "$repository" | cksum | cut -d ' ' -f 1)
    mkdir -p "$directory" || die "cannot make a build directory, neither below $repository nor $directory"
  fi
  cache=$directory/CMakeCache.txt
  if [ -e "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$repository" "$cache"; then
    rm -rf "$directory"
    mkdir -p "$directory"
  fi
  printf '%s\n' "$directory"
}

# run_quietly LOG COMMAND [ARGUMENT...]: shows the output only if the command fails.
run_quietly() {
  log=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    die "this has failed: $*; all of its output is in $log"
  fi
}

# configure DIRECTORY [CMAKE ARGUMENT...]: with Ninja, and with ccache if it is there.
configure() {
  configured=$1
  shift
  if command -v ccache >/dev/null 2>&1; then set -- -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"; fi
  run_quietly "$configured/configure.log" cmake -S "$repository" -B "$configured" -G Ninja "$@"
}

# An ordinary user needs a user namespace, and some systems refuse it. Explains that in words.
can_make_namespaces() {
  [ "$(id -u)" -eq 0 ] || unshare --user --map-root-user --mount mount -t tmpfs none /mnt 2>/dev/null
}

explain_namespaces() {
  say "This system does not let $(id -un) mount anything in a user namespace, and containers need that."
  if [ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null)" = 1 ]; then
    say "It is AppArmor that forbids it (the default of Ubuntu 24.04). Allow it until the next start of the machine:"
    say "    sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
  elif [ "$(cat /proc/sys/kernel/unprivileged_userns_clone 2>/dev/null)" = 0 ]; then
    say "Allow it until the next start of the machine:  sudo sysctl -w kernel.unprivileged_userns_clone=1"
  elif [ "$(cat /proc/sys/user/max_user_namespaces 2>/dev/null)" = 0 ]; then
    say "Allow it until the next start of the machine:  sudo sysctl -w user.max_user_namespaces=10000"
  else
    say "Inside a Docker container it is usually Docker's seccomp profile that forbids it: start that with --privileged."
  fi
  say "Or run this script as root."
}
