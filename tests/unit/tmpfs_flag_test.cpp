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
    {"/run", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777"},
    {"/run:size=64m", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777"},
    {"/run:rw,exec,size=8192k", "type=tmpfs,target=/run,tmpfs-size=8388608,tmpfs-mode=1777,exec"},
    {"/run:ro", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777,readonly"},
    {"/run:mode=1777,uid=1000,gid=1000", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777,tmpfs-uid=1000,tmpfs-gid=1000"},
    {"/run:size=1m,size=2m", "type=tmpfs,target=/run,tmpfs-size=2097152,tmpfs-mode=1777"},
    {"/run:exec,noexec", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777"},
    {"/run:", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777"},
    {"/run:defaults,suid", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777,suid"},
    {"/run:private", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777"},
    {"/run:nr_inodes=100,noswap", "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777,tmpfs-inodes=100,noswap"},
    {"/run/../tmp/", "type=tmpfs,target=/tmp,tmpfs-size=67108864,tmpfs-mode=1777"},
};

const std::vector<Refused> kRefused{
    {"/run:shared", 6, 6, errc::not_supported, R"(option "shared" is not supported; leave it out; a tmpfs is private to its container)"},
    {"/run:nr_inodes=100,mpol=default", 20, 4, errc::not_supported, R"(option "mpol" is not supported; leave it out; size, mode, uid, gid and nr_inodes can be set)"},
    {"/", 1, 1, errc::invalid_spec, R"(the target is the root of the container; choose a directory below "/", or another rootfs)"},
    {"run", 1, 3, errc::invalid_spec, R"(the target is not an absolute path; begin it with "/")"},
    {"/run:turbo", 6, 5, errc::invalid_spec, R"(unknown option "turbo" for type "tmpfs"; use one of ro, rw, exec, noexec, suid, nosuid, dev, nodev and so on, or leave it out)"},
    {"/run:size", 6, 4, errc::invalid_spec, R"("size" needs a value; write "size=...")"},
    {"/run:huge=always", 6, 4, errc::not_supported, R"(option "huge" is not supported; leave it out; size, mode, uid, gid and nr_inodes can be set)"},
    {"", 1, 1, errc::invalid_spec, "the target is empty; give an absolute path in the container"},
    {"/run:size=50%", 11, 3, errc::invalid_spec, R"("50%" is not a size; write bytes, or a number with k, m, g or t, like "64m")"},
    {"/run:mode=0o755", 11, 5, errc::invalid_spec, R"("0o755" is not a mode; write permission bits in octal, like "0755" or "1777")"},
    {"/run:tmpfs-size=1m", 6, 10, errc::invalid_spec, R"("tmpfs-size" is not an option of --tmpfs for type "tmpfs"; write "size")"},
    {"/run:siez=1m", 6, 4, errc::invalid_spec, R"(unknown option "siez" for type "tmpfs"; did you mean "size"?)"},
    {"/run:readonly", 6, 8, errc::invalid_spec, R"("readonly" is not an option of --tmpfs for type "tmpfs"; write "ro")"},
    {"/run:ro=1", 6, 4, errc::invalid_spec, R"("ro" takes no value; write "ro")"},
    {"/run:size=", 6, 5, errc::invalid_spec, R"(the value of "size" is empty; give it a value, or leave "size" out)"},
    {"/run:uid=root", 10, 4, errc::invalid_spec, R"("root" is not a user or group id; write a number from 0 to 4294967294)"},
    {"/run:size=1m,", 14, 1, errc::invalid_spec, "an empty option; remove the extra comma or name the option"},
    {"/run:noatime", 6, 7, errc::not_supported, R"(option "noatime" is not supported; leave it out; size, mode, uid, gid and nr_inodes can be set)"},
};

// clang-format on

TEST_CASE("the flag --tmpfs accepts what Docker and Podman accept", "[spec][tmpfs-flag]") {
  dunnage::test::check_accepted(kAccepted, dunnage::parse_tmpfs_flag);
}

TEST_CASE("the flag --tmpfs refuses the rest with a place and a cause and a remedy", "[spec][tmpfs-flag]") {
  dunnage::test::check_refused(kRefused, dunnage::parse_tmpfs_flag);
}

}  // namespace
