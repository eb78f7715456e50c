#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the two ordinary users as whom root runs the rootless tests: dunnage-range has 65536 subordinate ids,
# dunnage-single has none. Says what it does; does nothing a second time.
set -eu

if [ "$(id -u)" -ne 0 ]; then
  echo "make_users.sh: only root can make users" >&2
  exit 1
fi

for user in dunnage-range dunnage-single; do
  if ! id -u "$user" >/dev/null 2>&1; then
    echo "making the user $user for the rootless tests"
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /bin/sh "$user"
  fi
done

# first_free FILE: the first id after every range in FILE.
first_free() {
  [ -e "$1" ] || : >"$1"
  awk -F : 'BEGIN { free = 100000 } NF >= 3 && $2 + $3 > free { free = $2 + $3 } END { print free }' "$1"
}

for file in /etc/subuid /etc/subgid; do
  if ! grep -q '^dunnage-range:' "$file" 2>/dev/null; then
    free=$(first_free "$file")
    echo "giving dunnage-range the ids from $free on, 65536 of them, in $file"
    printf 'dunnage-range:%s:65536\n' "$free" >>"$file"
  fi
  if grep -q '^dunnage-single:' "$file"; then
    echo "make_users.sh: dunnage-single has a range in $file, but is there for having none; remove that line" >&2
    exit 1
  fi
done
