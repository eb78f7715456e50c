// SPDX-License-Identifier: Apache-2.0
// What the tree of a layer is like, as root and as ordinary users.

#include "container/support.hpp"
#include "image/archive.hpp"
#include "image/unpacking.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <locale.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

namespace dunnage::test {
namespace {

constexpr unsigned kMode = 07777;

std::string capability() {
  vfs_cap_data value{};
  value.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  value.data[0].permitted = 1U << CAP_NET_RAW;
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// user::rwx, user:7:r, group::r-x, mask::r-x, other::---
std::string access_control() {
  std::string text{"\2\0\0\0", 4};
  const auto add = [&](char tag, char permission, std::uint32_t id) {
    text += std::string{tag, '\0', permission, '\0'};
    for (unsigned byte = 0; byte < 4; ++byte) text += static_cast<char>(id >> (8 * byte));
  };
  add(1, 7, 0xffffffffU);
  add(2, 4, 7);
  add(4, 5, 0xffffffffU);
  add(16, 5, 0xffffffffU);
  add(32, 0, 0xffffffffU);
  return text;
}

}  // namespace

TEST_CASE("every kind of file comes out of a layer as the archive has it", "[image][unpack]") {
  Archive archive;
  archive.directory("./", {.mode = 0711, .uid = 1, .gid = 2, .seconds = 1000, .fraction = "5"})
      .directory("d/", {.mode = 01777, .uid = 3, .gid = 4, .seconds = 2000})
      .file("d/f", "content", {.mode = 0640, .uid = 5, .gid = 6, .seconds = 3000, .fraction = "000000007"})
      .hard_link("d/h", "d/f")
      .symbolic_link("d/l", "../nowhere", {.mode = 0777, .uid = 7, .gid = 8, .seconds = 4000})
      .file("set", "program", {.mode = 06755, .uid = 9, .gid = 10})
      .node("fifo", '6', {.mode = 0600, .uid = 11, .gid = 12, .seconds = 5000})
      .file("empty");
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  const auto is = [&](std::string_view name, unsigned mode, std::uint32_t uid, std::uint32_t gid,
                      std::int64_t seconds) {
    const struct stat status = layer.status(name);
    CHECK((status.st_mode & kMode) == mode);
    CHECK(status.st_uid == layer.user(uid));
    CHECK(status.st_gid == layer.group(gid));
    CHECK(status.st_mtim.tv_sec == seconds);
  };
  is("", 0711, 1, 2, 1000);
  CHECK(layer.status("").st_mtim.tv_nsec == 500'000'000);
  is("d", 01777, 3, 4, 2000);
  is("d/f", 0640, 5, 6, 3000);
  CHECK(layer.status("d/f").st_mtim.tv_nsec == 7);
  is("d/l", 0777, 7, 8, 4000);
  is("set", 06755, 9, 10, 1'600'000'000);
  is("fifo", 0600, 11, 12, 5000);
  CHECK(S_ISFIFO(layer.status("fifo").st_mode));
  CHECK(layer.status("d/h").st_ino == layer.status("d/f").st_ino);
  CHECK(std::filesystem::read_symlink(layer.path("d/l")) == "../nowhere");
  CHECK(layer.status("empty").st_size == 0);
  CHECK(outcome.losses.owners == (who() == Launcher::Single ? 6U : 0U));
  if (who() == Launcher::Root) CHECK(layer.content("d/f") == "content");
}

TEST_CASE("a layer may be packed by gzip, by zstd, or not at all, whatever its media type says", "[image][unpack]") {
  const std::string tar = Archive{}.directory("d/").file("d/f", std::string(300'000, 'x')).tar();
  std::string first;
  for (const std::string& blob : {tar, gzip(tar), zstd(tar)}) {
    Unpacking layer;
    const Unpacked outcome = layer.unpack(blob, {}, "application/vnd.oci.image.layer.v1.tar+gzip");
    INFO(outcome.cause);
    REQUIRE(outcome.done());
    CHECK(layer.content("d/f") == std::string(300'000, 'x'));
    if (first.empty()) first = outcome.diff_id;
    CHECK(outcome.diff_id == first);
  }
}

TEST_CASE("a layer that is not a tar archive, or packed by something else, is refused by name", "[image][unpack]") {
  Unpacking layer;
  Unpacked outcome = layer.unpack("BZh91AY&SY");
  CHECK(outcome.code == errc::not_supported);
  CHECK_THAT(outcome.cause, Catch::Contains("bzip2"));
  outcome = layer.unpack("anything", {}, "application/vnd.oci.image.layer.v1.tar+encrypted");
  CHECK(outcome.code == errc::not_supported);
  outcome = layer.unpack(std::string(2000, 'x'));
  CHECK(outcome.code == errc::image_invalid);
  const std::string tar = Archive{}.file("f").tar();
  CHECK(layer.unpack(gzip(gzip(tar))).code == errc::image_invalid);  // once is enough
}

TEST_CASE("an empty layer is one", "[image][unpack]") {
  for (const std::string& blob : {std::string{}, std::string(1024, '\0'), gzip(std::string(1024, '\0')), gzip("")}) {
    Unpacking layer;
    const Unpacked outcome = layer.unpack(blob);
    INFO(outcome.cause);
    CHECK(outcome.done());
    CHECK((layer.status("").st_mode & kMode) == 0755U);
  }
}

TEST_CASE("the mask of the host program is neither changed nor seen in a layer", "[image][unpack]") {
  const std::string tar = Archive{}.directory("d/", {.mode = 0777}).file("d/e/f", "", {.mode = 0666}).tar();
  for (const mode_t mask : {mode_t{0}, mode_t{0777}}) {
    Unpacking layer;
    const auto blob = layer.directory().write("blob", tar);
    const mode_t before = ::umask(mask);
    const Unpacked outcome = layer.unpack_file(blob);
    CHECK(::umask(before) == mask);
    REQUIRE(outcome.done());
    CHECK((layer.status("d").st_mode & kMode) == 0777U);
    CHECK((layer.status("d/e").st_mode & kMode) == 0755U);
    CHECK((layer.status("d/e/f").st_mode & kMode) == 0666U);
  }
}

TEST_CASE("P-70: directories nobody may enter are made, and what is in them", "[image][unpack]") {
  Archive archive;
  archive.directory("locked/", {.mode = 0})
      .directory("locked/in/", {.mode = 0})
      .file("locked/in/f", "content", {.mode = 0, .seconds = 77})
      .directory("locked/", {.mode = 0, .seconds = 88});
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  CHECK((layer.status("locked").st_mode & kMode) == 0U);
  CHECK(layer.status("locked").st_mtim.tv_sec == 88);
  if (who() == Launcher::Root) CHECK(layer.status("locked/in/f").st_mtim.tv_sec == 77);
  ::chmod(layer.path("locked").c_str(), 0700);
  ::chmod(layer.path("locked/in").c_str(), 0700);
}

TEST_CASE("P-70: directories that no entry describes are made, open to all", "[image][unpack]") {
  Unpacking layer;
  REQUIRE(layer.unpack(Archive{}.file("a/b/c/f", "content").tar()).done());
  CHECK((layer.status("a/b").st_mode & kMode) == 0755U);
  CHECK(layer.content("a/b/c/f") == "content");
}

TEST_CASE("P-70: links are followed as in a container: absolute, upwards, to what is not there yet",
          "[image][unpack]") {
  Archive archive;
  archive.directory("run/", {.mode = 0755, .seconds = 5})
      .symbolic_link("var/run", "/run")
      .file("var/run/x", "through an absolute link")
      .symbolic_link("deep/a/up", "../../../../../run")
      .file("deep/a/up/y", "through one that goes up too far")
      .symbolic_link("opt/data", "/srv/data")
      .file("opt/data/z", "through one that leads to nothing yet")
      .hard_link("hard/absolute", "/var/run/x")
      .hard_link("hard/linked", "./deep/a/up/x");
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  CHECK(layer.content("run/x") == "through an absolute link");
  CHECK(layer.content("run/y") == "through one that goes up too far");
  CHECK(layer.content("srv/data/z") == "through one that leads to nothing yet");
  CHECK(layer.status("hard/absolute").st_ino == layer.status("run/x").st_ino);
  CHECK(layer.status("hard/linked").st_ino == layer.status("run/x").st_ino);
  CHECK(layer.status("run").st_mtim.tv_sec == 5);
}

TEST_CASE("a name is bytes, whatever the locale of the host program is", "[image][unpack]") {
  const std::string composed = "caf\xc3\xa9";
  const std::string decomposed = "cafe\xcc\x81";
  const std::string broken = "\xff\xfe";
  for (const char* locale : {"C", "C.UTF-8", "en_US.ISO-8859-1"}) {
    (void)::setlocale(LC_ALL, locale);  // the last one is rarely there
    Archive archive;
    for (const std::string& name : {composed, decomposed, broken}) {
      archive.bytes(tar_header('x', "pax", "", pax_record("path", "pax/" + name).size(), {}));
      std::string record = pax_record("path", "pax/" + name);
      record.resize(512);
      archive.bytes(record).file("short", name).file("plain/" + name, name);
      archive.symbolic_link("link/" + name, name);
    }
    Unpacking layer;
    const Unpacked outcome = layer.unpack(archive.tar());
    INFO(outcome.cause);
    REQUIRE(outcome.done());
    for (const std::string& name : {composed, decomposed, broken}) {
      CHECK(layer.content("pax/" + name) == name);
      CHECK(layer.content("plain/" + name) == name);
      CHECK(std::filesystem::read_symlink(layer.path("link/" + name)).native() == name);
    }
  }
  (void)::setlocale(LC_ALL, "C");
}

TEST_CASE("a second entry of a name replaces the file and does not write to it", "[image][unpack]") {
  Archive archive;
  archive.file("f", "first").hard_link("other", "f").file("f", "second", {.uid = 3});
  archive.directory("d/").file("d/x", "x").file("d", "no directory any more");
  archive.file("e", "e").directory("e/").file("e/in", "in");
  archive.directory("same/", {.mode = 0700}).file("same/in", "stays").directory("same/", {.mode = 0750});
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  CHECK(layer.content("other") == "first");
  CHECK(layer.content("d") == "no directory any more");
  CHECK(layer.content("e/in") == "in");
  CHECK(layer.content("same/in") == "stays");
  CHECK((layer.status("same").st_mode & kMode) == 0750U);
  CHECK(layer.status("f").st_uid == layer.user(3));
  CHECK(layer.status("other").st_uid == layer.user(0));
}

TEST_CASE("a file that was replaced under one of its names keeps its owner under the other", "[image][unpack]") {
  Archive archive;
  archive.file("f", "first", {.uid = 5}).hard_link("other", "f").file("f", "second").file("g", "", {.uid = 6});
  Unpacking layer;
  REQUIRE(layer.unpack(archive.tar()).done());
  CHECK(layer.status("f").st_uid == layer.user(0));
  CHECK(layer.status("other").st_uid == layer.user(5));
  CHECK(layer.status("g").st_uid == layer.user(6));
}

TEST_CASE("whiteouts become those of overlays, and hide only what is below", "[image][unpack]") {
  Archive archive;
  archive.file(".wh.gone").file("d/.wh.gone").directory("o/").file("o/.wh..wh..opq").file("o/new", "new");
  archive.file("kept", "kept").file(".wh.kept");               // this layer has it
  archive.file(".wh.back").directory("back/").file("back/f");  // hidden below, new here
  archive.directory("was/").file("was/f").file(".wh.was");     // the same, the other way round
  archive.file(".wh.implied").file("implied/f", "f");          // and without an entry
  archive.file(".wh..wh.aufs").directory(".wh..wh.plnk/").file(".wh..wh.plnk/12.34", "aufs");
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  CHECK(layer.is_whiteout("gone"));
  CHECK(layer.is_whiteout("d/gone"));
  CHECK(layer.is_opaque("o"));
  CHECK(layer.content("o/new") == "new");
  CHECK(layer.content("kept") == "kept");
  for (const char* name : {"back", "was", "implied"}) {
    CHECK(layer.is_opaque(name));
    CHECK(layer.exists(std::string{name} + "/f"));
  }
  CHECK_FALSE(layer.is_opaque("d"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator{layer.path()}) {
    CHECK(entry.path().filename().native().substr(0, 4) != ".wh.");
  }
}

TEST_CASE("attributes that mean something outside of an image are left out and counted", "[image][unpack]") {
  const About about{.attributes = {{"user.note", std::string{"a\0b", 3}},
                                   {"user.overlay.opaque", "y"},
                                   {"trusted.overlay.redirect", "/canary"},
                                   {"trusted.x", "x"},
                                   {"security.selinux", "system_u:object_r:etc_t:s0"},
                                   {"security.ima", "x"}}};
  About directory = about;
  directory.mode = 0755;
  Unpacking layer;
  const Unpacked outcome = layer.unpack(Archive{}.file("f", "", about).directory("d/", directory).tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  for (const char* name : {"f", "d"}) {
    CHECK(layer.attribute(name, "user.note") == std::string{"a\0b", 3});
    for (const char* attribute : {"user.overlay.opaque", "trusted.overlay.redirect", "trusted.x", "security.ima"}) {
      CHECK(layer.attribute(name, attribute).empty());
    }
  }
  CHECK(outcome.losses.attributes == 10U);
}

TEST_CASE("capabilities and access control lists are kept, with ids as they are inside", "[image][unpack]") {
  Archive archive;
  archive.file("ping", "program", {.mode = 0755, .uid = 0, .attributes = {{"security.capability", capability()}}})
      .file("acl", "x", {.mode = 0750, .attributes = {{"system.posix_acl_access", access_control()}}})
      .directory("d/", {.mode = 0755, .attributes = {{"system.posix_acl_default", access_control()}}})
      .file("d/f", "x", {.mode = 0644});
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  const bool single = who() == Launcher::Single;
  // in a user namespace the kernel adds the id of its root, for whom alone they hold
  const std::size_t size = who() == Launcher::Root ? sizeof(vfs_cap_data) : sizeof(vfs_ns_cap_data);
  CHECK(layer.attribute("ping", "security.capability").size() == (single ? 0 : size));
  CHECK(layer.attribute("acl", "system.posix_acl_access").empty() == single);
  CHECK(layer.attribute("d", "system.posix_acl_default").empty() == single);
  CHECK(layer.attribute("d/f", "system.posix_acl_access").empty());  // it came before the default was set
  CHECK((layer.status("d/f").st_mode & kMode) == 0644U);
  CHECK(outcome.losses.attributes == (single ? 3U : 0U));
  if (!single) {
    const std::string list = layer.attribute("acl", "system.posix_acl_access");
    CHECK(static_cast<unsigned char>(list.at(16)) == (layer.user(7) & 0xffU));
    CHECK(static_cast<unsigned char>(list.at(17)) == (layer.user(7) >> 8U & 0xffU));
  }
}

TEST_CASE("attributes are set on files and directories nobody may write to", "[image][unpack]") {
  const std::map<std::string, std::string> attributes{{"user.k", "v"}};
  Archive archive;
  archive.file("f", "x", {.mode = 0444, .attributes = attributes})
      .file("none", "x", {.mode = 0, .uid = 3, .attributes = attributes})
      .directory("d/", {.mode = 0555, .attributes = attributes});
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  CHECK(layer.attribute("f", "user.k") == "v");
  CHECK(layer.attribute("d", "user.k") == "v");
  CHECK((layer.status("f").st_mode & kMode) == 0444U);
  CHECK((layer.status("none").st_mode & kMode) == 0U);
  CHECK((layer.status("d").st_mode & kMode) == 0555U);
}

TEST_CASE("devices are made by root, and left out and counted for ordinary users", "[image][unpack]") {
  Archive archive;
  archive.node("dev/null", '3', {.mode = 0666, .major = 1, .minor = 3}).node("dev/sda", '4', {.major = 8, .minor = 0});
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  if (who() != Launcher::Root) {
    CHECK(outcome.losses.devices == 2U);
    CHECK_FALSE(layer.exists("dev/null"));
    return;
  }
  CHECK(layer.status("dev/null").st_rdev == makedev(1, 3));
  CHECK((layer.status("dev/null").st_mode & kMode) == 0666U);
  CHECK(S_ISBLK(layer.status("dev/sda").st_mode));
}

TEST_CASE("a directory nobody described is like the one of the layers below that it covers", "[image][unpack]") {
  Unpacking lowest;
  REQUIRE(lowest
              .unpack(Archive{}
                          .directory("./", {.mode = 0751, .seconds = 9})
                          .directory("tmp/", {.mode = 01777, .uid = 3, .seconds = 7, .attributes = {{"user.k", "v"}}})
                          .directory("o/", {.mode = 0700})
                          .directory("o/in/", {.mode = 0700})
                          .directory("was/", {.mode = 0700})
                          .tar())
              .done());
  const kernel::FileDescriptor low{::open(lowest.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  Unpacking middle;
  const std::string hiding = Archive{}.file(".wh.was").file("o/.wh..wh..opq").directory("o/", {.mode = 0755}).tar();
  REQUIRE(middle.unpack_file(middle.directory().write("blob", hiding), {}, {}, {low.get()}).done());
  const kernel::FileDescriptor mid{::open(middle.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  Unpacking top;
  const auto blob = top.directory().write("blob", Archive{}.file("tmp/f").file("o/in/f").file("was/f").tar());
  const Unpacked outcome = top.unpack_file(blob, {}, {}, {mid.get(), low.get()});
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  CHECK((top.status("").st_mode & kMode) == 0751U);
  CHECK((top.status("tmp").st_mode & kMode) == 01777U);
  CHECK(top.status("tmp").st_uid == top.user(3));
  CHECK(top.status("tmp").st_mtim.tv_sec == 7);
  CHECK(top.attribute("tmp", "user.k") == "v");
  CHECK((top.status("o/in").st_mode & kMode) == 0755U);  // hidden by the opaque one above it
  CHECK((top.status("was").st_mode & kMode) == 0755U);   // deleted in between
}

}  // namespace dunnage::test
