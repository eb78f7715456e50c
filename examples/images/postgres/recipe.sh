# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154  # build.sh sets them
# The distribution's PostgreSQL as a second layer upon the image debian, which they share; run as the official image is:
# its user, its places, its variables.

build_postgres() {
  sources=$(package_sources)
  version=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
  cp -a "$directory/debian" "$work/postgres"
  lowest=$(umoci stat --json --image "$work/postgres:latest" |
    sed -n 's/.*"layer":{[^}]*"digest":"sha256:\([0-9a-f]*\)".*/\1/p')
  gzip -dc "$work/postgres/blobs/sha256/$lowest" >"$work/debian.tar"

  # In a user namespace the hooks can read nothing of this user's, so they are given as text.
  bootstrap --variant=custom --skip=update,cleanup \
    --setup-hook="tar-in '$work/debian.tar' /" \
    --setup-hook="mkdir -p \"\$1/usr/local/bin\"" \
    --setup-hook="upload '$here/postgres/postgres-entrypoint' /usr/local/bin/postgres-entrypoint" \
    --customize-hook="version=$version; $(cat "$here/postgres/install.sh")" \
    --customize-hook="copy-out /layer.tar '$work'" "$(codename)" /dev/null "$sources"

  cd "$work"
  add_layer postgres "$work/layer.tar" "apt-get install postgresql-$version"
  configure_image postgres --clear config.cmd --clear config.env \
    --config.entrypoint postgres-entrypoint --config.cmd postgres --config.user postgres \
    --config.env "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/$version/bin" \
    --config.env PGDATA=/var/lib/postgresql/data --config.env LANG=C.UTF-8 --config.env "PG_MAJOR=$version" \
    --config.volume /var/lib/postgresql/data --config.exposedports 5432/tcp --config.stopsignal SIGINT
}
