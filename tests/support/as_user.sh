#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# as_user.sh USER PROGRAM [ARGUMENT...]: root runs a test program as an ordinary user, with a clean environment and
# with a home and a temporary directory of its own, which are removed afterwards whoever owns what is in them.
set -eu
user=$1
shift

if ! id -u "$user" >/dev/null 2>&1; then
  echo "SKIPPED: there is no user $user; make it with: sudo sh tests/support/make_users.sh"
  exit 77
fi

as_user() {
  setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --inh-caps=-all --reset-env -- "$@"
}

# A clone below /root, say, is nothing an ordinary user can reach: they get copies of the files a test is made of.
copies=/var/lib/dunnage-tests/copies

# copy_of FILE: makes or renews the copy, and prints its path. Tests run side by side, so it appears as a whole.
copy_of() {
  directory=$copies/$(dirname "$1" | cksum | cut -d ' ' -f 1)
  copy=$directory/$(basename "$1")
  mkdir -p "$directory"
  chmod 0755 /var/lib/dunnage-tests "$copies" "$directory"
  if [ ! -e "$copy" ] || [ "$1" -nt "$copy" ]; then
    cp "$1" "$copy.$$"
    chmod 0755 "$copy.$$"
    mv -f "$copy.$$" "$copy"
  fi
  printf '%s\n' "$copy"
}

# copy_of_directory DIRECTORY: likewise. A directory cannot be replaced as a whole, so each state of it has a copy of its
# own; those that no test can be using any more are removed.
copy_of_directory() {
  directory=$copies/$(printf '%s' "$1" | cksum | cut -d ' ' -f 1)
  copy=$directory/$(find -L "$1" -printf '%P %s %T@\n' | sort | cksum | cut -d ' ' -f 1)
  mkdir -p "$directory"
  chmod 0755 /var/lib/dunnage-tests "$copies" "$directory"
  if [ ! -e "$copy" ]; then
    cp -RL "$1" "$copy.$$"
    chmod -R a+rX "$copy.$$"
    mv -T "$copy.$$" "$copy" 2>/dev/null || rm -rf -- "$copy.$$"  # another test was faster
    find "$directory" -mindepth 1 -maxdepth 1 ! -path "$copy*" -mmin +60 -exec rm -rf -- {} +
  fi
  touch "$copy"
  printf '%s\n' "$copy"
}

# reachable WORD: the word, or the path of a copy if it is a file or a directory that the user cannot read.
reachable() {
  if [ "${1#/}" = "$1" ] || { [ ! -f "$1" ] && [ ! -d "$1" ]; } || as_user test -r "$1"; then
    printf '%s\n' "$1"
    return
  fi
  if [ -d "$1" ]; then
    copy_of_directory "$1"
    return
  fi
  # The libraries of this build that a program wants lie beside it then.
  libraries=$(ldd "$1" 2>/dev/null | sed -n 's/.*libdunnage[^ ]* => \([^ ]*\) .*/\1/p')
  for library in $libraries; do
    copy_of "$library" >>"$scratch/libraries"
  done
  copy_of "$1"
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/dunnage.XXXXXX")
# A launcher may still be deleting there what its containers threw away.
sweep() {
  for _ in $(seq 200); do
    rm -rf -- "$scratch" 2>/dev/null && return
    sleep 0.1
  done
  rm -rf -- "$scratch"
}
trap sweep EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 0755 "$scratch"
mkdir "$scratch/home" "$scratch/tmp"
: >"$scratch/libraries"

# Rotates through the words of the command, replacing each by what the user can reach.
count=$#
while [ "$count" -gt 0 ]; do
  word=$(reachable "$1")
  shift
  set -- "$@" "$word"
  count=$((count - 1))
done
set -- env HOME="$scratch/home" TMPDIR="$scratch/tmp" "$@"
for variable in ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS LSAN_OPTIONS DUNNAGE PYTHONPATH PYTHONDONTWRITEBYTECODE \
  DUNNAGE_TEST_IMAGES DUNNAGE_IMAGE_SCRIPTS DUNNAGE_COMPOSE_EXAMPLES DUNNAGE_PYTHON_EXAMPLES \
  DUNNAGE_ATTACK_SECONDS; do
  eval "value=\${$variable:-}"
  # shellcheck disable=SC2154  # eval sets it
  if [ -n "$value" ]; then
    value=$(reachable "$value")
    shift
    set -- env "$variable=$value" "$@"
  fi
done
if [ -s "$scratch/libraries" ]; then
  shift
  set -- env LD_LIBRARY_PATH="$(dirname "$(head -n 1 "$scratch/libraries")")" "$@"
fi

chown -R "$user:" "$scratch"
cd "$scratch"
status=0
as_user "$@" || status=$?
exit "$status"
