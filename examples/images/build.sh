#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh busybox|debian|postgres DIRECTORY: makes the image DIRECTORY/IMAGE, an OCI image layout with the tag
# "latest", from nothing but packages of Debian or Ubuntu. Does nothing if it is there. busybox needs no privilege; the
# others need root, or ids in /etc/subuid.
#
#     sh examples/images/build.sh postgres ~/images && dunnage load -i ~/images/postgres --name postgres
#
# A release and its security updates are fetched from where this machine's apt fetches them. Files have no time later
# than SOURCE_DATE_EPOCH, so the same packages make the same image.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
repository=$(cd "$here/../.." && pwd -P)
. "$repository/cmake/script_functions.sh"

image=${1:-}
if [ $# -ne 2 ] || [ ! -f "$here/$image/recipe.sh" ]; then
  say "usage: sh examples/images/build.sh busybox|debian|postgres DIRECTORY"
  exit 2
fi
for tool in umoci busybox mmdebstrap; do
  command -v "$tool" >/dev/null || die "there is no $tool; install what this needs: sh cmake/install_packages.sh images"
done
mkdir -p "$2"
directory=$(cd "$2" && pwd -P)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1735689600}
export SOURCE_DATE_EPOCH
created=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)

# One at a time: the second finds what the first has made.
exec 9>"$directory/.lock"
flock 9
work=$(mktemp -d "$directory/.work.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT TERM

# deterministic_tar [ARGUMENT...]: of the same files always the same archive.
deterministic_tar() {
  tar --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime --numeric-owner --sort=name \
    --clamp-mtime --mtime="@$SOURCE_DATE_EPOCH" "$@"
}

# new_image NAME: an image without layers, in the working directory.
new_image() {
  cd "$work"  # umoci takes a colon in a path for the beginning of a tag
  umoci init --layout "$1"
  umoci new --image "$1:latest"
}

# add_layer NAME TAR WORDS: lays an archive upon the image, and says in its history where it is from.
add_layer() {
  umoci raw add-layer --image "$1:latest" --history.created "$created" --history.created_by "$3" "$2"
}

# configure_image NAME [OPTION...]: how it wants to be run; see umoci-config(1).
configure_image() {
  configured=$1
  shift
  umoci config --image "$configured:latest" --created "$created" --no-history "$@"
}

# build NAME: a layout appears as a whole, with a note of the recipe it was made by.
build() {
  base=/dev/null
  if [ "$1" = postgres ]; then
    build debian
    base=$directory/.debian.recipe
  fi
  recipe=$(cat "$here/build.sh" "$here/packages.sh" "$here/$1"/* "$base" | cksum)
  if [ -e "$directory/$1/index.json" ] && [ "$(cat "$directory/.$1.recipe" 2>/dev/null)" = "$recipe" ]; then
    return
  fi
  say "making the image $1 in $directory"
  . "$here/$1/recipe.sh"
  "build_$1"
  umoci gc --layout "$work/$1"
  chmod -R a+rX "$work/$1"
  rm -rf -- "${directory:?}/$1"
  mv -T "$work/$1" "$directory/$1"
  printf '%s\n' "$recipe" >"$directory/.$1.recipe"
}

. "$here/packages.sh"
build "$image"
