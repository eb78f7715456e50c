// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "unit/flag_table.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using dunnage::errc;
using dunnage::test::Accepted;
using dunnage::test::Refused;

// clang-format off

const std::vector<Accepted> kAccepted{
    {"type=bind,source=/srv/ledger,target=/data", "type=bind,source=/srv/ledger,target=/data"},
    {"type=bind,src=/srv/ledger,dst=/data", "type=bind,source=/srv/ledger,target=/data"},
    {"type=bind,src=/srv/ledger,destination=/data", "type=bind,source=/srv/ledger,target=/data"},
    {"dst=/data,src=/srv/ledger,type=bind", "type=bind,source=/srv/ledger,target=/data"},
    {"type=bind,src=/srv/ledger/,dst=/data/", "type=bind,source=/srv/ledger/,target=/data"},
    {"type=bind,src=.,dst=/data", "type=bind,source=.,target=/data"},
    {"type=bind,src=../x,dst=/data", "type=bind,source=../x,target=/data"},
    {"type=bind,src=/srv/l,dst=/data,readonly", "type=bind,source=/srv/l,target=/data,readonly"},
    {"type=bind,src=/srv/l,dst=/data,ro", "type=bind,source=/srv/l,target=/data,readonly"},
    {"type=bind,src=/srv/l,dst=/data,ro=1", "type=bind,source=/srv/l,target=/data,readonly"},
    {"type=bind,src=/srv/l,dst=/data,readonly=true", "type=bind,source=/srv/l,target=/data,readonly"},
    {"type=bind,src=/srv/l,dst=/data,readonly=false", "type=bind,source=/srv/l,target=/data"},
    {"type=bind,src=/srv/l,dst=/data,ro=0", "type=bind,source=/srv/l,target=/data"},
    {"type=bind,src=/srv/l,dst=/data,bind-propagation=rshared", "type=bind,source=/srv/l,target=/data,bind-propagation=rshared"},
    {"type=bind,src=/srv/l,dst=/data,bind-recursive=enabled", "type=bind,source=/srv/l,target=/data"},
    {"type=bind,src=/srv/l,dst=/data,bind-recursive=disabled", "type=bind,source=/srv/l,target=/data,bind-recursive=disabled"},
    {"type=bind,src=/srv/l,dst=/data,readonly,bind-recursive=writable", "type=bind,source=/srv/l,target=/data,readonly,bind-recursive=writable"},
    {"type=bind,src=/srv/l,dst=/data,readonly,bind-recursive=readonly,bind-propagation=rprivate", "type=bind,source=/srv/l,target=/data,readonly,bind-propagation=rprivate,bind-recursive=readonly"},
    {"type=bind,src=/srv/missing,dst=/data,bind-create-src", "type=bind,source=/srv/missing,target=/data,bind-create-src"},
    {"type=bind,src=/srv/missing,dst=/data,bind-create-src=true", "type=bind,source=/srv/missing,target=/data,bind-create-src"},
    {"type=bind,src=/srv/l,dst=/data,consistency=delegated", "type=bind,source=/srv/l,target=/data"},
    {"src=orders-db,dst=/data", "type=volume,source=orders-db,target=/data"},
    {"type=volume,dst=/data", "type=volume,target=/data"},
    {"dst=/data", "type=volume,target=/data"},
    {"type=volume,src=orders-db,dst=/data,readonly", "type=volume,source=orders-db,target=/data,readonly"},
    {"type=volume,src=orders-db,dst=/data,volume-nocopy", "type=volume,source=orders-db,target=/data,volume-nocopy"},
    {"type=volume,src=orders-db,dst=/data,volume-nocopy=0", "type=volume,source=orders-db,target=/data"},
    {"type=volume,src=orders-db,dst=/data,volume-label=team=core,volume-label=tier=gold", "type=volume,source=orders-db,target=/data,volume-label=team=core,volume-label=tier=gold"},
    {"type=volume,src=orders-db,dst=/data,volume-label=solo", "type=volume,source=orders-db,target=/data,volume-label=solo="},
    {"type=tmpfs,dst=/scratch", "type=tmpfs,target=/scratch,tmpfs-size=67108864,tmpfs-mode=1777"},
    {"type=tmpfs,dst=/scratch,tmpfs-size=64m", "type=tmpfs,target=/scratch,tmpfs-size=67108864,tmpfs-mode=1777"},
    {"type=tmpfs,dst=/scratch,tmpfs-size=1g,tmpfs-mode=1770", "type=tmpfs,target=/scratch,tmpfs-size=1073741824,tmpfs-mode=1770"},
    {"type=tmpfs,dst=/scratch,tmpfs-mode=0700,readonly", "type=tmpfs,target=/scratch,tmpfs-size=67108864,tmpfs-mode=0700,readonly"},
    {"type=tmpfs,dst=/scratch,tmpfs-size=65537", "type=tmpfs,target=/scratch,tmpfs-size=65537,tmpfs-mode=1777"},
    {"TYPE=Bind,Source=/srv/l,TARGET=/data", "type=bind,source=/srv/l,target=/data"},
    {"  type=bind,src=/srv/l,dst=/data  ", "type=bind,source=/srv/l,target=/data"},
    {R"(type=bind,"src=/srv/a,b",dst=/data)", R"(type=bind,"source=/srv/a,b",target=/data)"},
    {"type=bind,src=/srv/a=b,dst=/data", "type=bind,source=/srv/a=b,target=/data"},
    {"type=volume,src=orders-db,dst=/x,dst=/y", "type=volume,source=orders-db,target=/y"},
    {"type=bind,src=srv/l,dst=/x", "type=bind,source=srv/l,target=/x"},
    {"type=bind,src=/srv/missing/l,dst=/x", "type=bind,source=/srv/missing/l,target=/x"},
    {"type=bind,src=/srv/missing/l,dst=/x,bind-create-src=false", "type=bind,source=/srv/missing/l,target=/x"},
    {"type=bind,src=/a,dst=/b,ro=false,suid,dev,noexec", "type=bind,source=/a,target=/b,suid,dev,noexec"},
    {R"(type=bind,"src=/a""b",dst=/b)", R"(type=bind,"source=/a""b",target=/b)"},
    {"type=tmpfs,dst=/x,tmpfs-uid=1000,tmpfs-gid=100,exec", "type=tmpfs,target=/x,tmpfs-size=67108864,tmpfs-mode=1777,tmpfs-uid=1000,tmpfs-gid=100,exec"},
    {"type=tmpfs,dst=/x,tmpfs-size=1.5g", "type=tmpfs,target=/x,tmpfs-size=1610612736,tmpfs-mode=1777"},
    {"type=bind,src=/a,dst=/b,bind-propagation=RSlave", "type=bind,source=/a,target=/b,bind-propagation=rslave"},
    {R"(type=bind,"src= /a ",dst=/b)", R"(type=bind,"source= /a ",target=/b)"},
    {R"(type=volume,src=v,dst=/b,"volume-label=a=b,c")", R"(type=volume,source=v,target=/b,"volume-label=a=b,c")"},
    {"type=volume,src=orders-db,dst=/data,volume-subpath=year/2026", "type=volume,source=orders-db,target=/data,volume-subpath=year/2026"},
    {"type=volume,src=orders-db,dst=/data,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=4m", "type=volume,source=orders-db,target=/data,volume-driver=local,volume-opt=device=tmpfs,volume-opt=o=size=4m,volume-opt=type=tmpfs"},
    {R"(type=volume,src=nfsvol,dst=/data,volume-opt=type=nfs,volume-opt=device=:/export/x,"volume-opt=o=addr=10.0.0.9,rw,nfsvers=4")", R"(type=volume,source=nfsvol,target=/data,volume-opt=device=:/export/x,"volume-opt=o=addr=10.0.0.9,rw,nfsvers=4",volume-opt=type=nfs)"},
    {"type=volume,src=orders-db,dst=/x,volume-opt=colour=red", "type=volume,source=orders-db,target=/x,volume-opt=colour=red"},
    {"type=volume,src=orders-db,dst=/x,volume-opt=type=tmpfs", "type=volume,source=orders-db,target=/x,volume-opt=type=tmpfs"},
    {"type=bind,src=/a,dst=/b,relabel=shared", "type=bind,source=/a,target=/b,relabel=shared"},
    {"type=image,src=alpine:3.22,dst=/img", "type=image,source=alpine:3.22,target=/img"},
    {"type=image,src=alpine:3.22,dst=/img,image-subpath=usr/share", "type=image,source=alpine:3.22,target=/img,image-subpath=usr/share"},
    {"type=image,src=alpine,dst=/img,readonly,suid,noexec", "type=image,source=alpine,target=/img,suid,noexec"},
    {"type=image,src=alpine,dst=/img,overlay", "type=image,source=alpine,target=/img,overlay"},
    {"type=bind,src=/srv/conf,dst=/etc/app,ro,follow=name", "type=bind,source=/srv/conf,target=/etc/app,readonly,follow=name"},
    {"type=bind,src=/mnt/s3,dst=/data,on-loss=pause", "type=bind,source=/mnt/s3,target=/data,on-loss=pause,check-interval=1000ms,check-timeout=5000ms"},
    {"type=volume,src=s3,dst=/data,on-loss=repair,check-interval=2s,check-timeout=300ms", "type=volume,source=s3,target=/data,on-loss=repair,check-interval=2000ms,check-timeout=300ms"},
    {"type=bind,src=/mnt/s3,dst=/data,on-loss=keep", "type=bind,source=/mnt/s3,target=/data"},
    {"type=bind,src=/srv/conf,dst=/etc/app,follow=inode", "type=bind,source=/srv/conf,target=/etc/app"},
    {"type=volume,src=data,dst=/data,access=exclusive,access-timeout=2m", "type=volume,source=data,target=/data,access=exclusive,access-timeout=120000ms"},
    {"type=volume,src=data,dst=/data,access=single-writer,access-timeout=0s", "type=volume,source=data,target=/data,access=single-writer"},
    {"type=volume,src=data,dst=/data,access=shared,access-timeout=7ms", "type=volume,source=data,target=/data,access-timeout=7ms"},
    {"type=image,src=alpine,dst=/img,overlay-size=1m", "type=image,source=alpine,target=/img,overlay,overlay-size=1048576"},
};

const std::vector<Refused> kRefused{
    {"", 1, 1, errc::invalid_spec, R"(the text is empty; write "type=bind,source=/on/host,target=/in/container")"},
    {"   ", 1, 1, errc::invalid_spec, R"(the text is empty; write "type=bind,source=/on/host,target=/in/container")"},
    {"type=bind,src=/srv/l,dst=/data,speed=fast", 32, 5, errc::invalid_spec, R"(unknown option "speed" for type "bind"; use one of type, target, dst, destination, source, src, readonly, ro and so on, or leave it out)"},
    {"type=bind,src=/srv/l,dst=/data,dest=/d", 32, 4, errc::invalid_spec, R"("dest" is not an option of --mount for type "bind"; write "destination")"},
    {"type=bind,src=/srv/l,dst=/data,rw", 32, 2, errc::invalid_spec, R"("rw" is not an option of --mount for type "bind"; leave it out; this is the default)"},
    {"type=bind,src=/srv/l,dst=/data,", 32, 1, errc::invalid_spec, "an empty option; remove the extra comma or name the option"},
    {"type=bind,src,dst=/data", 11, 3, errc::invalid_spec, R"("src" needs a value; write "src=...")"},
    {"type=bind, src=/srv/l,dst=/data", 11, 4, errc::invalid_spec, "there is white space round the option; remove it"},
    {"type=bind,src= /srv/l,dst=/data", 15, 7, errc::invalid_spec, "there is white space round the value; remove it, or put the whole field in quotes if it is meant"},
    {"type=bind,src=,dst=/data", 11, 4, errc::invalid_spec, R"(the value of "src" is empty; give it a value, or leave "src" out)"},
    {"type=volume,src=orders-db,dst=", 27, 4, errc::invalid_spec, R"(the value of "dst" is empty; give it a value, or leave "dst" out)"},
    {"type=bind,src=/srv/l,dst=/data,readonly=yes", 41, 3, errc::invalid_spec, R"("yes" is not a boolean; write "true" or "false")"},
    {"type=bind,src=/srv/l,dst=/data,readonly=True", 41, 4, errc::invalid_spec, R"("True" is not a boolean; write "true" or "false")"},
    {"type=volume,src=orders-db,dst=/x,volume-nocopy=t", 48, 1, errc::invalid_spec, R"("t" is not a boolean; write "true" or "false")"},
    {"type=bind,src=/srv/l,dst=/data,bind-nonrecursive", 32, 17, errc::invalid_spec, R"("bind-nonrecursive" is not an option of --mount for type "bind"; write "bind-recursive=disabled")"},
    {"type=bind,src=/srv/l,dst=/data,bind-recursive=on", 47, 2, errc::invalid_spec, R"("on" is not a value of "bind-recursive"; write "enabled", "disabled", "writable" or "readonly")"},
    {"type=bind,src=/srv/l,dst=/data,bind-recursive=writable", 47, 8, errc::invalid_spec, R"("bind-recursive=writable" means nothing without "readonly"; add "readonly")"},
    {"type=bind,src=/srv/l,dst=/data,bind-recursive=readonly", 47, 8, errc::invalid_spec, R"("bind-recursive=readonly" means nothing without "readonly"; add "readonly")"},
    {"type=bind,src=/srv/l,dst=/data,ro,bind-recursive=readonly", 50, 8, errc::invalid_spec, R"("bind-recursive=readonly" needs mounts that no one can add to from outside; add "bind-propagation=rprivate")"},
    {"type=volume,src=orders-db,dst=/x,bind-propagation=rprivate", 34, 16, errc::invalid_spec, R"("bind-propagation" is an option of bind mounts, and this is type "volume"; leave it out or change the type)"},
    {"type=bind,src=/srv/l,dst=/x,volume-nocopy", 29, 13, errc::invalid_spec, R"("volume-nocopy" is an option of volumes, and this is type "bind"; leave it out or change the type)"},
    {"type=bind,src=/srv/l,dst=/x,tmpfs-size=1m", 29, 10, errc::invalid_spec, R"("tmpfs-size" is an option of a tmpfs, and this is type "bind"; leave it out or change the type)"},
    {"type=volume,src=orders-db,dst=/x,image-subpath=a", 34, 13, errc::invalid_spec, R"("image-subpath" is an option of images, and this is type "volume"; leave it out or change the type)"},
    {"type=bind,src=/srv/l,dst=/x,on-loss=me", 37, 2, errc::invalid_spec, R"("me" is not a policy; write "keep", "repair", "pause" or "stop")"},
    {"type=bind,src=/srv/l,dst=/x,follow=me", 36, 2, errc::invalid_spec, R"("me" is not a way to follow; write "name" or "inode")"},
    {"type=volume,src=data,dst=/x,follow=name", 29, 6, errc::invalid_spec, R"("follow" is an option of bind mounts, and this is type "volume"; leave it out or change the type)"},
    {"type=volume,src=data,dst=/x,access=sole", 36, 4, errc::invalid_spec, R"("sole" is not an access mode; write "shared", "single-writer" or "exclusive")"},
    {"type=volume,src=data,dst=/x,access-timeout=5", 44, 1, errc::invalid_spec, R"("5" is not a time; write a number with ms, s, m or h, like "30s")"},
    {"type=volume,src=data,dst=/x,access-timeout=2000h", 44, 5, errc::invalid_spec, R"("2000h" is not a time; write a number with ms, s, m or h, like "30s")"},
    {"type=bind,src=/srv/l,dst=/x,access=shared", 29, 6, errc::invalid_spec, R"("access" is an option of volumes, and this is type "bind"; leave it out or change the type)"},
    {"type=tmpfs,dst=/x,tmpfs-size=lots", 30, 4, errc::invalid_spec, R"("lots" is not a size; write bytes, or a number with k, m, g or t, like "64m")"},
    {"type=tmpfs,dst=/x,tmpfs-size=-5m", 30, 3, errc::invalid_spec, R"("-5m" is not a size; write bytes, or a number with k, m, g or t, like "64m")"},
    {"type=tmpfs,dst=/x,tmpfs-size=50%", 30, 3, errc::invalid_spec, R"("50%" is not a size; write bytes, or a number with k, m, g or t, like "64m")"},
    {"type=tmpfs,dst=/x,tmpfs-mode=0o700", 30, 5, errc::invalid_spec, R"("0o700" is not a mode; write permission bits in octal, like "0755" or "1777")"},
    {"type=tmpfs,dst=/x,tmpfs-mode=789", 30, 3, errc::invalid_spec, R"("789" is not a mode; write permission bits in octal, like "0755" or "1777")"},
    {"type=tmpfs,src=any,dst=/x", 12, 3, errc::invalid_spec, R"("src" is not an option of --mount for type "tmpfs"; leave it out; a tmpfs has no source)"},
    {"type=bind,dst=/x", 17, 1, errc::invalid_spec, R"(no source; add "source=/path/on/host")"},
    {"type=image,dst=/x", 18, 1, errc::invalid_spec, R"(no source; add "source=IMAGE")"},
    {"type=image,src=alpine,dst=/x,overlay-upper=/u,overlay-work=/w", 30, 13, errc::invalid_spec, R"("overlay-upper" is an option of bind mounts and volumes, and this is type "image"; leave it out or change the type)"},
    {"type=tmpfs,dst=/x,overlay", 19, 7, errc::invalid_spec, R"("overlay" is an option of bind mounts, volumes and images, and this is type "tmpfs"; leave it out or change the type)"},
    {"type=bind,src=/srv/l", 21, 1, errc::invalid_spec, R"(no target; add "target=/path/in/container")"},
    {"type=volume", 12, 1, errc::invalid_spec, R"(no target; add "target=/path/in/container")"},
    {"type=bind,src=/srv/l,dst=/", 26, 1, errc::invalid_spec, R"(the target is the root of the container; choose a directory below "/", or another rootfs)"},
    {"type=tmpfs,dst=/", 16, 1, errc::invalid_spec, R"(the target is the root of the container; choose a directory below "/", or another rootfs)"},
    {"type=volume,src=orders-db,dst=x/y", 31, 3, errc::invalid_spec, R"(the target is not an absolute path; begin it with "/")"},
    {"type=bind,src=~/l,dst=/x", 15, 3, errc::invalid_spec, R"("~" is not expanded here, only by a shell; write the full path, or "./~" for that name)"},
    {"type=bind,src=/srv/l,dst=/x,bind-propagation=weird", 46, 5, errc::invalid_spec, R"("weird" is not a propagation; write "private", "rprivate", "shared", "rshared", "slave" or "rslave")"},
    {"type=overlay,src=/srv/l,dst=/x", 6, 7, errc::not_supported, R"(mount type "overlay" is not supported; use "bind", "volume", "tmpfs" or "image")"},
    {"type=npipe,src=//./pipe/x,dst=/x", 6, 5, errc::not_supported, R"(mount type "npipe" is not supported; use "bind", "volume", "tmpfs" or "image")"},
    {"type=volume,dst=/x,volume-subpath=sub", 35, 3, errc::invalid_spec, R"(an anonymous volume is empty and has no directory to show; name the volume with "source=")"},
    {"type=volume,src=orders-db,dst=/x,volume-subpath=../up", 49, 5, errc::invalid_spec, R"("../up" is not a path inside of it; write a relative path that does not leave it, like "year/2026")"},
    {"type=volume,src=orders-db,dst=/x,volume-subpath=/abs", 49, 4, errc::invalid_spec, R"("/abs" is not a path inside of it; write a relative path that does not leave it, like "year/2026")"},
    {"type=image,src=alpine,dst=/x,image-subpath=/etc", 44, 4, errc::invalid_spec, R"("/etc" is not a path inside of it; write a relative path that does not leave it, like "year/2026")"},
    {"type=volume,src=/srv/l,dst=/x", 17, 6, errc::invalid_spec, R"("/srv/l" is not a name of a volume; write "type=bind" for a directory of the host)"},
    {"type=bnd,src=/a,dst=/b", 6, 3, errc::invalid_spec, R"(unknown mount type "bnd"; did you mean "bind"?)"},
    {"type=bind,readonyl,src=/a,dst=/b", 11, 8, errc::invalid_spec, R"(unknown option "readonyl" for type "bind"; did you mean "readonly"?)"},
    {R"(type=bind,src="/a",dst=/b)", 15, 1, errc::invalid_spec, R"(a quote in the middle of a field; put the quotes round the whole field, like "source=/a,b")"},
    {R"(type=bind,"src=/a"x,dst=/b)", 19, 1, errc::invalid_spec, "there is text after the closing quote; put the quotes round the whole field"},
    {R"(type=bind,"src=/a,dst=/b)", 11, 1, errc::invalid_spec, "a quote is not closed; end the field with a second quote"},
    {"type=tmpfs,dst=/x,tmpfs-uid=4294967295", 29, 10, errc::invalid_spec, R"("4294967295" is not a user or group id; write a number from 0 to 4294967294)"},
    {"type=tmpfs,dst=/x,tmpfs-size=0", 30, 1, errc::invalid_spec, R"("0" is not a size a tmpfs can have; give it a limit, like "64m")"},
    {"type=tmpfs,dst=/x,tmpfs-size=17000000000000000000k", 30, 21, errc::invalid_spec, R"("17000000000000000000k" is not a size; write bytes, or a number with k, m, g or t, like "64m")"},
    {"type=tmpfs,dst=/x,size=1m", 19, 4, errc::invalid_spec, R"("size" is not an option of --mount for type "tmpfs"; write "tmpfs-size")"},
    {"type=tmpfs,dst=/x,tmpfs-mode=10000", 30, 5, errc::invalid_spec, R"("10000" is not a mode; write permission bits in octal, like "0755" or "1777")"},
    {R"(type=bind,src=C:\x,dst=/b)", 15, 4, errc::not_supported, R"(the source is a path of Windows; give a path of this host, which begins with "/")"},
    {"type=bind,src=/a,dst=/b,z", 25, 1, errc::invalid_spec, R"("z" is not an option of --mount for type "bind"; write "relabel=shared")"},
    {"type=bind,src=/a,dst=/b,exec,noexec", 30, 6, errc::invalid_spec, R"("noexec" contradicts "exec"; leave one of the two out)"},
    {"type=bind,src=/a,dst=/b,bind-propagation=rslav", 42, 5, errc::invalid_spec, R"("rslav" is not a propagation; did you mean "rslave"?)"},
    {"type=volume,src=v,dst=/b,volume-label==x", 39, 2, errc::invalid_spec, R"("=x" is not a label; write "key=value")"},
    {"type=,dst=/b", 1, 5, errc::invalid_spec, R"(the value of "type" is empty; give it a value, or leave "type" out)"},
    {"type=bind,src=/a,dst=/b\ntype=bind", 24, 1, errc::invalid_spec, "there is more than one line; give each mount a text of its own"},
    {"=x", 1, 2, errc::invalid_spec, "an empty option; remove the extra comma or name the option"},
    {"type=volume,dst=/b,volume-lable=a=b", 20, 12, errc::invalid_spec, R"(unknown option "volume-lable" for type "volume"; did you mean "volume-label"?)"},
};

// clang-format on

TEST_CASE("the flag --mount accepts what Docker and Podman accept", "[spec][mount-flag]") {
  dunnage::test::check_accepted(kAccepted, dunnage::parse_mount_flag);
}

TEST_CASE("the flag --mount refuses the rest with a place and a cause and a remedy", "[spec][mount-flag]") {
  dunnage::test::check_refused(kRefused, dunnage::parse_mount_flag);
}

}  // namespace
