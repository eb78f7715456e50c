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
    {"/srv/ledger:/var/lib/ledger", "type=bind,source=/srv/ledger,target=/var/lib/ledger,bind-create-src"},
    {"/srv/ledger:/var/lib/ledger:ro", "type=bind,source=/srv/ledger,target=/var/lib/ledger,readonly,bind-create-src"},
    {"/srv/ledger:/var/lib/ledger:rw", "type=bind,source=/srv/ledger,target=/var/lib/ledger,bind-create-src"},
    {"/srv/ledger/:/var/lib/ledger/", "type=bind,source=/srv/ledger/,target=/var/lib/ledger,bind-create-src"},
    {"/srv/./ledger/../audit:/opt//audit/./log", "type=bind,source=/srv/./ledger/../audit,target=/opt/audit/log,bind-create-src"},
    {"/:/hostfs:ro", "type=bind,source=/,target=/hostfs,readonly,bind-create-src"},
    {"./conf:/etc/ledger", "type=bind,source=./conf,target=/etc/ledger,bind-create-src"},
    {"../shared:/mnt/shared:ro", "type=bind,source=../shared,target=/mnt/shared,readonly,bind-create-src"},
    {".:/workspace", "type=bind,source=.,target=/workspace,bind-create-src"},
    {"..:/up", "type=bind,source=..,target=/up,bind-create-src"},
    {".secrets:/run/sec", "type=bind,source=.secrets,target=/run/sec,bind-create-src"},
    {"/srv/media:/media:private", "type=bind,source=/srv/media,target=/media,bind-propagation=private,bind-create-src"},
    {"/srv/media:/media:rprivate", "type=bind,source=/srv/media,target=/media,bind-create-src"},
    {"/srv/media:/media:shared", "type=bind,source=/srv/media,target=/media,bind-propagation=shared,bind-create-src"},
    {"/srv/media:/media:rshared", "type=bind,source=/srv/media,target=/media,bind-propagation=rshared,bind-create-src"},
    {"/srv/media:/media:slave", "type=bind,source=/srv/media,target=/media,bind-propagation=slave,bind-create-src"},
    {"/srv/media:/media:rslave", "type=bind,source=/srv/media,target=/media,bind-propagation=rslave,bind-create-src"},
    {"/srv/media:/media:ro,rslave", "type=bind,source=/srv/media,target=/media,readonly,bind-propagation=rslave,bind-create-src"},
    {"/srv/media:/media:rslave,ro", "type=bind,source=/srv/media,target=/media,readonly,bind-propagation=rslave,bind-create-src"},
    {"/srv/media:/media:cached", "type=bind,source=/srv/media,target=/media,bind-create-src"},
    {"/srv/media:/media:delegated,ro", "type=bind,source=/srv/media,target=/media,readonly,bind-create-src"},
    {"/srv/media:/media:consistent", "type=bind,source=/srv/media,target=/media,bind-create-src"},
    {"/srv/with space:/data dir", "type=bind,source=/srv/with space,target=/data dir,bind-create-src"},
    {"/srv/missing/new:/data", "type=bind,source=/srv/missing/new,target=/data,bind-create-src"},
    {"/srv/a/b/c.sock:/run/c.sock", "type=bind,source=/srv/a/b/c.sock,target=/run/c.sock,bind-create-src"},
    {"orders-db:/var/lib/orders", "type=volume,source=orders-db,target=/var/lib/orders"},
    {"orders-db:/var/lib/orders:ro", "type=volume,source=orders-db,target=/var/lib/orders,readonly"},
    {"orders-db:/var/lib/orders:nocopy", "type=volume,source=orders-db,target=/var/lib/orders,volume-nocopy"},
    {"orders_db.v2:/o", "type=volume,source=orders_db.v2,target=/o"},
    {"9lives:/o", "type=volume,source=9lives,target=/o"},
    {"/var/cache/build", "type=volume,target=/var/cache/build"},
    {"/var/cache/build/", "type=volume,target=/var/cache/build"},
    {"ro:/data", "type=volume,source=ro,target=/data"},
    {"/srv/x:/y:noexec", "type=bind,source=/srv/x,target=/y,bind-create-src,noexec"},
    {"7:/o", "type=volume,source=7,target=/o"},
    {"q:/o", "type=volume,source=q,target=/o"},
    {"c:/data", "type=volume,source=c,target=/data"},
    {"ledger:/data:exec,suid,dev", "type=volume,source=ledger,target=/data,suid,dev"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:/d", "type=volume,source=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,target=/d"},
    {"../x:/y:rshared,ro,noexec,dev", "type=bind,source=../x,target=/y,readonly,bind-propagation=rshared,bind-create-src,dev,noexec"},
    {"/srv/media:/media:z", "type=bind,source=/srv/media,target=/media,bind-create-src,relabel=shared"},
    {"/srv/media:/media:Z", "type=bind,source=/srv/media,target=/media,bind-create-src,relabel=private"},
    {"/srv/media:/media:ro,Z,shared", "type=bind,source=/srv/media,target=/media,readonly,bind-propagation=shared,bind-create-src,relabel=private"},
    {"orders-db:/var/lib/orders:nocopy,ro,z", "type=volume,source=orders-db,target=/var/lib/orders,readonly,volume-nocopy,relabel=shared"},
    {"/srv/x:/y:U", "type=bind,source=/srv/x,target=/y,bind-create-src,chown"},
    {"/srv/x:/y:ro,Z", "type=bind,source=/srv/x,target=/y,readonly,bind-create-src,relabel=private"},
    {"/srv/l:/data:O", "type=bind,source=/srv/l,target=/data,bind-create-src,overlay"},
    {"ledger:/data:nocreate", "type=volume,source=ledger,target=/data,nocreate"},
};

const std::vector<Refused> kRefused{
    {"", 1, 1, errc::invalid_spec, R"(the text is empty; write "SOURCE:TARGET", like "db-data:/data")"},
    {":/var/x", 1, 1, errc::invalid_spec, "the source is empty; remove the colon or fill it in"},
    {"/srv/x:", 8, 1, errc::invalid_spec, "the target is empty; remove the colon or fill it in"},
    {"orders-db:", 11, 1, errc::invalid_spec, "the target is empty; remove the colon or fill it in"},
    {"/srv/x::ro", 8, 1, errc::invalid_spec, "the target is empty; remove the colon or fill it in"},
    {"orders-db:/x:", 14, 1, errc::invalid_spec, "the list of options is empty; remove the colon or fill it in"},
    {":::", 1, 1, errc::invalid_spec, "the source is empty; remove the colon or fill it in"},
    {"/srv/x:/y:ro:z", 13, 2, errc::invalid_spec, R"(too many colons; write "SOURCE:TARGET:OPTIONS"; a path with a colon in it needs "--mount")"},
    {"orders-db:/y:ro:", 16, 1, errc::invalid_spec, R"(too many colons; write "SOURCE:TARGET:OPTIONS"; a path with a colon in it needs "--mount")"},
    {"/srv/x:ro", 8, 2, errc::invalid_spec, R"("ro" is an option and not a target; put the target before it, like "SOURCE:TARGET:ro")"},
    {"orders-db:rw", 11, 2, errc::invalid_spec, R"("rw" is an option and not a target; put the target before it, like "SOURCE:TARGET:ro")"},
    {"orders-db:Z", 11, 1, errc::invalid_spec, R"("Z" is an option and not a target; put the target before it, like "SOURCE:TARGET:ro")"},
    {"/srv/x:rslave", 8, 6, errc::invalid_spec, R"("rslave" is an option and not a target; put the target before it, like "SOURCE:TARGET:ro")"},
    {"/srv/x:cached,ro", 8, 9, errc::invalid_spec, R"("cached,ro" is an option and not a target; put the target before it, like "SOURCE:TARGET:ro")"},
    {"orders-db:nocopy", 11, 6, errc::invalid_spec, R"("nocopy" is an option and not a target; put the target before it, like "SOURCE:TARGET:ro")"},
    {"/srv/x:/y:readonly", 11, 8, errc::invalid_spec, R"("readonly" is not an option of -v for type "bind"; write "ro")"},
    {"orders-db:/y:volume-nocopy", 14, 13, errc::invalid_spec, R"("volume-nocopy" is not an option of -v for type "volume"; write "nocopy")"},
    {"orders-db:/y:copy", 14, 4, errc::invalid_spec, R"("copy" is not an option of -v for type "volume"; leave it out; this is the default)"},
    {"/srv/x:/y:RO", 11, 2, errc::invalid_spec, R"(unknown option "RO" for type "bind"; write "ro")"},
    {"/srv/x:/y:ro,ro", 14, 2, errc::invalid_spec, R"("ro" is given twice; leave one of the two out)"},
    {"/srv/x:/y:ro,rw", 14, 2, errc::invalid_spec, R"("rw" contradicts "ro"; leave one of the two out)"},
    {"/srv/x:/y:z,Z", 13, 1, errc::invalid_spec, R"("Z" contradicts "z"; leave one of the two out)"},
    {"/srv/x:/y:shared,slave", 18, 5, errc::invalid_spec, R"("slave" contradicts "shared"; leave one of the two out)"},
    {"/srv/x:/y:cached,delegated", 18, 9, errc::invalid_spec, R"("delegated" contradicts "cached"; leave one of the two out)"},
    {"/srv/x:/y:default", 11, 7, errc::invalid_spec, R"("default" is not an option of -v for type "bind"; leave it out; this is the default)"},
    {"/srv/x:/y:unbindable", 11, 10, errc::not_supported, R"(option "unbindable" is not supported; use "private")"},
    {"/srv/x:/y:ro,", 14, 1, errc::invalid_spec, "an empty option; remove the extra comma or name the option"},
    {"/srv/x:/y:nocopy", 11, 6, errc::invalid_spec, R"("nocopy" is an option of volumes, and this is type "bind"; leave it out)"},
    {"orders-db:/y:rprivate", 14, 8, errc::invalid_spec, R"("rprivate" is an option of bind mounts, and this is type "volume"; leave it out)"},
    {"/srv/x:/", 8, 1, errc::invalid_spec, R"(the target is the root of the container; choose a directory below "/", or another rootfs)"},
    {"orders-db:/", 11, 1, errc::invalid_spec, R"(the target is the root of the container; choose a directory below "/", or another rootfs)"},
    {"/srv/x:/y/..", 8, 5, errc::invalid_spec, R"(the target is the root of the container; choose a directory below "/", or another rootfs)"},
    {"/srv/x:data", 8, 4, errc::invalid_spec, R"(the target is not an absolute path; begin it with "/")"},
    {"orders-db:./data", 11, 6, errc::invalid_spec, R"(the target is not an absolute path; begin it with "/")"},
    {"orders-db:../data:ro", 11, 7, errc::invalid_spec, R"(the target is not an absolute path; begin it with "/")"},
    {"conf/nginx:/etc/nginx", 1, 10, errc::invalid_spec, R"("conf/nginx" is not a name of a volume; write "./conf/nginx" for a directory of the host)"},
    {"~/conf:/etc/app", 1, 6, errc::invalid_spec, R"("~" is not expanded here, only by a shell; write the full path)"},
    {"-orders:/o", 1, 7, errc::invalid_spec, R"("-orders" is not a name of a volume; use letters, digits, "_", "." and "-", at most 128, a letter or digit first)"},
    {R"(C:\data:/data)", 1, 7, errc::not_supported, R"(this is a path of Windows; give a path of this host, which begins with "/")"},
    {"C:/Users/me:/data", 1, 11, errc::not_supported, R"(this is a path of Windows; give a path of this host, which begins with "/")"},
    {R"(\\server\share:/data)", 1, 14, errc::not_supported, R"(this is a path of Windows; give a path of this host, which begins with "/")"},
    {"~:/data", 1, 1, errc::invalid_spec, R"("~" is not expanded here, only by a shell; write the full path)"},
    {"/srv/x:/y:nosuid,suid", 18, 4, errc::invalid_spec, R"("suid" contradicts "nosuid"; leave one of the two out)"},
    {"/srv/x:/y:rprviate", 11, 8, errc::invalid_spec, R"(unknown option "rprviate" for type "bind"; did you mean "rprivate"?)"},
    {"data", 1, 4, errc::invalid_spec, R"(the target is not an absolute path; begin it with "/")"},
    {"/srv/l:/data:ro=1", 14, 4, errc::invalid_spec, R"("ro" takes no value; write "ro")"},
    {"./x:/y:idmap=uids=0-1-10", 8, 5, errc::not_supported, R"(option "idmap" is not supported; write "owner=match-user" with --mount)"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:/d", 1, 129, errc::invalid_spec, R"("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" is not a name of a volume; use letters, digits, "_", "." and "-", at most 128, a letter or digit first)"},
};

// clang-format on

TEST_CASE("the flag -v accepts what Docker and Podman accept", "[spec][volume-flag]") {
  dunnage::test::check_accepted(kAccepted, dunnage::parse_volume_flag);
}

TEST_CASE("the flag -v refuses the rest with a place and a cause and a remedy", "[spec][volume-flag]") {
  dunnage::test::check_refused(kRefused, dunnage::parse_volume_flag);
}

}  // namespace
