# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by build.sh: root file systems of Debian's or Ubuntu's packages, made by mmdebstrap(1).

# bootstrap ARGUMENT...: mmdebstrap, as root or in a user namespace.
bootstrap() {
  if [ "$(id -u)" -eq 0 ]; then
    mode=root
  elif can_make_namespaces && command -v newuidmap >/dev/null && grep -q -E "^($(id -un)|$(id -u)):" /etc/subuid &&
    grep -q -E "^($(id -un)|$(id -u)):" /etc/subgid; then
    mode=unshare
  else
    die "$(id -un) can make no root file system of packages: that needs root, or a user namespace (newuidmap) and" \
      "ids in /etc/subuid and /etc/subgid: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)"
  fi
  # A tree that is an archive in the end need not survive a power cut meanwhile, and syncs cost two thirds of the time.
  if ! mmdebstrap --mode="$mode" --verbose --dpkgopt=force-unsafe-io "$@" >"$directory/mmdebstrap.log" 2>&1; then
    grep -v '^I: ' "$directory/mmdebstrap.log" | tail -n 20 >&2
    die "mmdebstrap has failed; all it said is in $directory/mmdebstrap.log"
  fi
}

codename() {
  (. /etc/os-release && printf '%s\n' "$VERSION_CODENAME")
}

# package_sources: this machine's release of the distribution as apt knows it here, one line of sources.list each.
package_sources() {
  release=$(codename)
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    grep -E " $release(-updates|-security)? main\$" | sort -u
}

# The proxy of this machine's apt is mmdebstrap's, too.
if [ -z "${http_proxy:-}" ]; then
  proxy=""
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  [ -z "$proxy" ] || export http_proxy="$proxy"
fi
