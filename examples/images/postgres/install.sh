# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154  # recipe.sh sets the version
# Run by mmdebstrap with the root file system as $1: installs PostgreSQL there, and leaves what that has changed in
# /layer.tar: new and changed files, and whiteouts for those that are gone.
set -eu
cd "$1"
chmod 0755 usr/local/bin/postgres-entrypoint

# list: every path of the root file system, without what is mounted there.
list() {
  find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./etc/resolv.conf \
    -o -path ./etc/hostname -o -path './layer*' \) -prune -o "$@" -print | LC_ALL=C sort
}

list >layer.before
sleep 0.05  # what the clock of files cannot tell apart
touch layer.marker
sleep 0.05
touch usr/local/bin/postgres-entrypoint  # the only one that is here already

# The same number everywhere, so that data can move; a cluster is made by the entry point, not by the package.
chroot . groupadd --system --gid 999 postgres
chroot . useradd --system --uid 999 --gid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres
mkdir -p etc/postgresql-common
echo 'create_main_cluster = false' >etc/postgresql-common/createcluster.conf
# Compiling queries needs LLVM, which is as large as all the rest; the server does without when it is not there.
printf 'path-exclude=%s\n' "/usr/lib/postgresql/$version/lib/bitcode/*" \
  "/usr/lib/postgresql/$version/lib/llvmjit*" '/usr/lib/*/libLLVM*' '/usr/lib/llvm-*' '/usr/lib/*/libz3.so*' \
  >etc/dpkg/dpkg.cfg.d/postgres
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
chroot . apt-get update -q
chroot . apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold "postgresql-$version"
chroot . apt-get clean
rm -rf var/lib/apt/lists/* var/cache/debconf/*-old var/log/*.log var/log/apt/* run/adduser var/cache/ldconfig/*
sed -i 's|^ NEW = /tmp/.*| NEW =|' var/cache/debconf/config.dat  # the name of a temporary file
rm -rf usr/share/postgresql/*/man
find etc/alternatives -name '*.gz' -delete  # of those manual pages
# A certificate made for this machine alone, with its key, is nobody else's.
find etc/ssl/certs -lname ssl-cert-snakeoil.pem -delete
rm -f etc/ssl/certs/ssl-cert-snakeoil.pem etc/ssl/private/ssl-cert-snakeoil.key

install -d -o 999 -g 999 -m 0700 var/lib/postgresql/data
install -d -o 999 -g 999 -m 3777 run/postgresql

list >layer.after
LC_ALL=C comm -23 layer.before layer.after | while IFS= read -r gone; do
  parent=$(dirname "$gone")
  [ ! -d "$parent" ] || : >"$parent/.wh.$(basename "$gone")"
done
list -cnewer layer.marker >layer.changed
tar --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime --numeric-owner \
  --clamp-mtime --mtime="@$SOURCE_DATE_EPOCH" --xattrs --xattrs-include='*' \
  --no-recursion --files-from=layer.changed -cf layer.tar
