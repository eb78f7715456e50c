# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154  # build.sh sets them
# The release of this machine, Debian or Ubuntu, with apt and without what is there to be read by people.

build_debian() {
  sources=$(package_sources)
  # Files that would differ from machine to machine, and what apt makes again when it needs it.
  # shellcheck disable=SC2016  # mmdebstrap's shell expands it
  clean='cd "$1" && rm -rf etc/resolv.conf etc/hostname var/cache/debconf/*-old var/log/*.log var/log/apt/*'
  bootstrap --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --customize-hook="$clean" "$(codename)" "$work/all.tar" "$sources"
  # A container's /dev is its own, and an ordinary user cannot make devices.
  mmtarfilter '--path-exclude=/dev/*' '--path-exclude=/proc/*' '--path-exclude=/sys/*' <"$work/all.tar" \
    >"$work/debian.tar"
  new_image debian
  add_layer debian "$work/debian.tar" "mmdebstrap --variant=minbase $(codename)"
  configure_image debian --config.cmd bash \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}
