#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install_packages.sh [SET...]: installs what is missing on Debian 12 or Ubuntu 24.04, and nothing if nothing is.
#   build     what the library and the examples are built with; the default
#   python    what the wheel for Python is built with, besides
#   postgres  PostgreSQL's server programs, for the database example; no database is created or started
#   images    what pulls images, and what examples/images makes them with
#   tests     what tests/run.sh needs besides
#   bench     what tests/bench/run.sh measures this library beside; their services are not started
set -eu

missing=""

# need_command COMMAND PACKAGE: the command may come from anywhere.
need_command() {
  command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"
}

need_package() {
  case $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) in
    *"ok installed"*) ;;
    *) missing="$missing $1" ;;
  esac
}

distribution=$(. /etc/os-release && printf '%s %s' "$ID" "${VERSION_ID:-}")
case $distribution in
  "debian 12") boost=1.81 postgres=postgresql-15 clang=14 ;;
  "ubuntu 24.04") boost=1.83 postgres=postgresql-16 clang=18 ;;
  *)
    echo "These scripts know Debian 12 and Ubuntu 24.04, and this is $distribution. Nothing is installed; if the build"
    echo "misses something, it is one of: g++ (12), cmake (3.25), ninja, pkg-config, Boost (1.80), fmt, yaml-cpp, nlohmann-json,"
    echo "libarchive, libseccomp, OpenSSL, Microsoft GSL, CLI11, Catch2, Google Benchmark, newuidmap/newgidmap, PostgreSQL."
    exit 0
    ;;
esac

[ $# -gt 0 ] || set -- build
for set in "$@"; do
  case $set in
    build)
      need_command c++ g++
      need_command cmake cmake
      need_command ninja ninja-build
      need_command pkg-config pkg-config
      # The distribution's default Boost may be older (Debian: 1.74), and -dev packages of two versions exclude each other.
      need_package libboost$boost-dev
      need_package libboost-filesystem$boost-dev
      need_package libfmt-dev
      need_package libyaml-cpp-dev
      need_package nlohmann-json3-dev
      need_package libmsgsl-dev
      need_package libarchive-dev
      need_package libseccomp-dev
      need_package libssl-dev
      need_package libcli11-dev
      need_command newuidmap uidmap
      ;;
    python)
      need_command python3 python3
      need_package python3-dev
      need_package python3-venv
      ;;
    postgres)
      ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing $postgres"
      ;;
    images)
      need_command skopeo skopeo
      need_command umoci umoci
      need_command mmdebstrap mmdebstrap
      need_command busybox busybox-static
      ;;
    tests)
      need_package catch2
      need_package libbenchmark-dev
      need_command python3 python3
      need_package python3-dev
      need_package python3-venv
      need_package pybind11-dev
      need_package python3-pytest
      need_package python3-pytest-xdist
      need_package python3-sphinx
      need_package python3-uvloop
      need_package libglib2.0-dev  # event loops that wait for containers
      need_package libuv1-dev
      need_package qtbase5-dev
      need_command clang++ clang
      need_package libclang-rt-$clang-dev  # its sanitizers
      need_command clang-tidy clang-tidy
      need_command clang-format clang-format
      need_command docker-registry docker-registry
      need_command crun crun
      need_command runc runc
      need_command bwrap bubblewrap
      need_command strace strace
      need_command valgrind valgrind
      need_command buildah buildah
      need_command podman podman
      need_command conmon conmon
      need_command setpriv util-linux
      need_command mkfs.ext4 e2fsprogs  # disks whose power is cut
      need_command mkfs.xfs xfsprogs
      need_command mkfs.btrfs btrfs-progs
      need_command useradd passwd
      ;;
    bench)
      need_package libbenchmark-dev
      need_command python3 python3
      need_command crun crun
      need_command runc runc
      need_command bwrap bubblewrap
      need_command podman podman
      need_command conmon conmon
      need_command docker docker.io
      need_command dockerd docker.io
      need_command containerd containerd
      need_command lxc-start lxc
      need_command systemd-nspawn systemd-container
      ;;
    *)
      echo "install_packages.sh: there is no set \"$set\"; the sets are build, python, postgres, images, tests and bench" >&2
      exit 2
      ;;
  esac
done

[ -n "$missing" ] || exit 0

echo "These packages are missing and will be installed:$missing"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "install_packages.sh: there is no sudo; run this as root, then start again:" >&2
    echo "    apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  echo "Only root can do that, so sudo may ask for your password."
  as_root=sudo
fi

# apt_get ARGUMENT...: never removes a package that is there (another version of Boost, say), never asks.
apt_get() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends --no-remove "$@"
}

install() {
  # shellcheck disable=SC2086  # a list of names
  apt_get install $1 && return
  echo "The package lists may be old; updating them."
  apt_get update
  # shellcheck disable=SC2086
  if ! apt_get install $1; then
    echo "install_packages.sh: apt-get cannot install:$1" >&2
    echo "If it says that packages would have to be removed (an older Boost), decide about that yourself:" >&2
    echo "    apt-get install --no-install-recommends$1" >&2
    exit 1
  fi
}

case $missing in
  *postgresql-*)
    # Its installation would create and start a database cluster, which nobody has asked for.
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
      install " postgresql-common"
      $as_root sed -i 's/^#* *create_main_cluster *=.*/create_main_cluster = false/' \
        /etc/postgresql-common/createcluster.conf
    fi
    ;;
esac
case $missing in
  *docker-registry*)
    # It would be started as a service that listens on every address; the tests start one of their own.
    if [ -d /run/systemd/system ]; then
      $as_root systemctl mask docker-registry.service
    fi
    ;;
esac
for service in docker.io:docker.socket docker.io:docker.service containerd:containerd.service lxc:lxc.service \
  lxc:lxc-net.service; do
  # A benchmark starts daemons of its own, and ends them.
  case "$missing " in
    *" ${service%%:*} "*) [ ! -d /run/systemd/system ] || $as_root systemctl mask "${service#*:}" ;;
  esac
done
install "$missing"
