# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154  # build.sh sets them
# busybox: one static program under all of its names, which are hard links of one file as in Docker's image.

build_busybox() {
  root=$work/root
  mkdir -p "$root"
  (
    cd "$root"
    umask 022
    mkdir -p bin dev etc home proc root sys tmp usr/bin usr/sbin var/spool/mail
    chmod 0700 root
    chmod 1777 tmp
    cp "$(command -v busybox)" bin/busybox
    busybox --list | grep -v -x busybox | while IFS= read -r name; do ln bin/busybox "bin/$name"; done
    ln -s ../../bin/env usr/bin/env
    echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
    echo 'nobody:x:65534:65534:nobody:/home:/bin/false' >>etc/passwd
    printf 'root:x:0:\nnogroup:x:65534:\n' >etc/group
  )
  deterministic_tar --owner=0 --group=0 -C "$root" -cf "$work/busybox.tar" .
  new_image busybox
  add_layer busybox "$work/busybox.tar" "busybox-static $(dpkg-query -W -f='${Version}' busybox-static 2>/dev/null)"
  configure_image busybox --config.cmd sh \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}
