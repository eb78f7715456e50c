// SPDX-License-Identifier: Apache-2.0
// Layers that want to get out of their tree. Each is refused or harmless; what lies beside the tree is looked at after
// every one of them. The numbers are those of the catalogue of attacks.

#include "container/support.hpp"
#include "image/archive.hpp"
#include "image/unpacking.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

/// The layer must be refused as malformed.
void refuse(const Archive& archive, const char* why = "") {
  Unpacking layer;
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  CHECK(outcome.code == errc::image_invalid);
  CHECK_THAT(outcome.cause, Catch::Contains(why));
  CHECK(S_ISDIR(layer.status("").st_mode));
}

/// Names by which archives ask for `file` in the canary, which lies beside the tree.
std::vector<std::string> ways_to_canary(const Unpacking& layer) {
  const std::string absolute = layer.canary().native();
  return {absolute, absolute.substr(1), "../canary", "./../canary", "a/../../canary", "//" + absolute};
}

}  // namespace

TEST_CASE("P-43: the root of a layer is a directory and nothing else", "[image][attack]") {
  for (const char* name : {".", "/", "./", "//", "./.", "/./"}) {
    for (const char type : {'0', '1', '2', '3', '6'}) {
      if (type == '0' && std::string_view{name}.back() == '/') continue;  // by tar's oldest rule, a directory
      INFO(name << " of type " << type);
      refuse(Archive{}.directory("d/").entry(type, name, "/", "", {}));
    }
    Unpacking layer;
    CHECK(layer.unpack(Archive{}.directory(name, {.mode = 0700}).file("f").tar()).done());
  }
  for (const char type : {'0', '1', '2', '5'}) refuse(Archive{}.entry(type, "", "/", "", {}), "without a name");
}

TEST_CASE("P-44: no name leads out of the tree", "[image][attack]") {
  const Unpacking ground;
  for (const char* name : {"..", "../x", "a/../../x", "/../x", "a/..", "./../canary/f", "a/b/../../../canary/f"}) {
    for (const char type : {'0', '2', '5', '6'}) refuse(Archive{}.entry(type, name, "x", "", {}), "upwards");
    refuse(Archive{}.file("x").hard_link("y", name), "upwards");
    refuse(Archive{}.file("x").hard_link(name, "x"), "upwards");
  }
}

TEST_CASE("P-44: a file that is put through a link made earlier lands in the tree", "[image][attack]") {
  const Unpacking ground;
  for (const std::string& target : ways_to_canary(ground)) {
    Unpacking layer;
    Archive archive;
    archive.symbolic_link("a", "/").symbolic_link("b", target).symbolic_link("c", "a/../../../..");
    archive.file("a" + layer.canary().native() + "/f", "evil").file("b/f", "evil").file("c/canary/f", "evil");
    archive.directory("b/d/", {.mode = 0777}).file("c/dest-evil/s", "evil", {.mode = 06777});
    const Unpacked outcome = layer.unpack(archive.tar());
    INFO(target << ": " << outcome.cause);
    CHECK((outcome.done() || outcome.code == errc::image_invalid));
  }
}

TEST_CASE("P-44: entries for a link that is there change the link, not what it leads to", "[image][attack]") {
  const Unpacking ground;
  for (const std::string& target : ways_to_canary(ground)) {
    for (const char type : {'0', '2', '5', '6'}) {
      Unpacking layer;
      const About about{.mode = 06777, .uid = 0, .seconds = 1, .attributes = {{"user.evil", "evil"}}};
      const Unpacked outcome = layer.unpack(Archive{}
                                                .symbolic_link("l", target + "/f")
                                                .symbolic_link("l", target)
                                                .entry(type, "l", "x", "", about)
                                                .tar());
      INFO(target << " " << type << ": " << outcome.cause);
      CHECK(outcome.done());
    }
  }
}

TEST_CASE("P-44: hard links lead to files of the layer only", "[image][attack]") {
  const Unpacking ground;
  std::vector<std::string> targets = ways_to_canary(ground);
  for (std::string& target : targets) {
    refuse(Archive{}.hard_link("h", target + "/f"));
    refuse(Archive{}.symbolic_link("l", target).hard_link("h", "l/f").file("h", "evil"));
    refuse(Archive{}.symbolic_link("x", "/").symbolic_link("l", "x" + target).hard_link("h", "l/f"));
  }
  refuse(Archive{}.hard_link("h", "../dest-evil/s"));
  refuse(Archive{}.hard_link("h", "h"));
  refuse(Archive{}.hard_link("h", ""));
  refuse(Archive{}.hard_link("h", "nothing"), "not a file of this layer");
  refuse(Archive{}.directory("d/").hard_link("h", "d"), "not a file of this layer");
  refuse(Archive{}.file("f").entry('1', "h", "f", "body", {}));
  refuse(Archive{}.directory("d/").file("d/f").hard_link("d", "d/f"));
}

TEST_CASE("P-70: hard links with absolute names, and over links to directories, are second names of what they lead to",
          "[image]") {
  Unpacking layer;
  Archive archive;
  archive.directory("usr/").directory("usr/lib/").file("usr/lib/f", "content").symbolic_link("lib", "usr/lib");
  archive.symbolic_link("absolute", "/usr/lib").symbolic_link("up", "usr/../../../usr/lib");
  for (const char* target : {"/usr/lib/f", "lib/f", "/lib/f", "absolute/f", "up/f"}) {
    archive.hard_link(std::string{"to-"} + std::to_string(std::string_view{target}.size()) + target[0], target);
  }
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause << listing(layer.path()));
  REQUIRE(outcome.done());
  CHECK(layer.status("usr/lib/f").st_nlink == 6);
}

TEST_CASE("P-44: a hard link to a symbolic link is a second name of the link", "[image][attack]") {
  Unpacking layer;
  Archive archive;
  archive.symbolic_link("l", layer.canary().native() + "/f").hard_link("h", "l").file("h", "evil").file("l", "evil");
  const Unpacked outcome = layer.unpack(archive.tar());
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  CHECK(layer.content("h") == "evil");
}

TEST_CASE("P-44: a directory that becomes a link takes along who was in it", "[image][attack]") {
  const Unpacking ground;
  for (const std::string& target : ways_to_canary(ground)) {
    Unpacking layer;
    Archive archive;
    archive.directory("d/").file("d/f", "first").directory("d/d/");
    archive.symbolic_link("d", target);  // "d" is known as a directory by now
    archive.file("d/f", "evil").directory("d/d/", {.mode = 0777}).file("d/d/f", "evil");
    const Unpacked outcome = layer.unpack(archive.tar());
    INFO(target << ": " << outcome.cause);
    CHECK((outcome.done() || outcome.code == errc::image_invalid));
    CHECK(S_ISLNK(layer.status("d").st_mode));
  }
}

TEST_CASE("P-45: names that come again never change what kind of thing the root is", "[image][attack]") {
  for (const char* name : {"rootfs", "a/b"}) {
    Unpacking layer;
    Archive archive;
    archive.directory(name).file(std::string{name} + "/f", "1");
    archive.symbolic_link(name, "/").file(std::string{name} + "/canary/f", "evil");
    archive.file(name, "a file").symbolic_link(name, layer.canary().native()).directory(name);
    archive.file(std::string{name} + "/f", "2");
    const Unpacked outcome = layer.unpack(archive.tar());
    INFO(outcome.cause);
    REQUIRE(outcome.done());
    CHECK(S_ISDIR(layer.status("").st_mode));
    CHECK(S_ISDIR(layer.status(name).st_mode));
    CHECK(layer.content(std::string{name} + "/f") == "2");
  }
}

TEST_CASE("P-46: a whiteout that is none is refused, and what is beside it stays", "[image][attack]") {
  for (const char* name :
       {".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh..", "d/.wh...", ".wh.x/f", "d/.wh.x/y/z", ".wh..wh..opq/f"}) {
    Unpacking layer;
    const Unpacked outcome = layer.unpack(Archive{}.directory("d/").file("d/sibling", "s").file(name).tar());
    INFO(name << ": " << outcome.cause);
    CHECK(outcome.code == errc::image_invalid);
    CHECK(layer.content("d/sibling") == "s");
  }
  for (const char type : {'2', '3', '5', '6'}) refuse(Archive{}.entry(type, ".wh.x", "y", "", {}), "whiteout");
  for (const char* name : {"l/.wh.f", "l/.wh..wh..opq", "m/.wh.d"}) {
    Unpacking layer;
    Archive archive;
    archive.directory("d/").file("d/f", "stays").symbolic_link("l", "d").symbolic_link("m", ".").file(name);
    const Unpacked outcome = layer.unpack(archive.tar());
    INFO(name << ": " << outcome.cause);
    CHECK(outcome.code == errc::image_invalid);
    CHECK(layer.content("d/f") == "stays");
    CHECK_FALSE(layer.is_opaque("d"));
  }
}

TEST_CASE("P-57: a layer does not write through a link of the layer below", "[image][attack]") {
  Unpacking low;
  const std::string canary = low.canary().native();
  REQUIRE(low.unpack(Archive{}.symbolic_link("d", canary).symbolic_link("e", "/").tar()).done());
  const kernel::FileDescriptor tree{::open(low.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  Unpacking top;
  Archive archive;
  archive.file("d/f", "evil").directory("d/d/", {.mode = 0777}).file("e" + canary + "/f", "evil").file("d/.wh.f2");
  const Unpacked outcome = top.unpack_file(top.directory().write("blob", archive.tar()), {}, {}, {tree.get()});
  INFO(outcome.cause);
  REQUIRE(outcome.done());
  CHECK(S_ISDIR(top.status("d").st_mode));
  CHECK(top.content("d/f") == "evil");
  CHECK((top.status("d").st_mode & 07777U) == 0755U);  // not as the directory the link of the layer below leads to
}

TEST_CASE("P-58: names a hundred thousand directories deep are refused with little stack", "[image][attack]") {
  std::string name;
  for (int level = 0; level < 100'000; ++level) name += "d/";
  std::string links;
  for (int level = 0; level < 1000; ++level) links += "../";
  const std::function<void()> work = [&] {
    Unpacking layer;
    CHECK(layer.unpack(Archive{}.file(name + "f").tar()).code == errc::limit_exceeded);
    CHECK(layer.unpack(Archive{}.hard_link("h", name + "f").tar()).code == errc::limit_exceeded);
    CHECK(layer.unpack(Archive{}.symbolic_link("l", name).tar()).code == errc::limit_exceeded);
    CHECK(layer.unpack(Archive{}.symbolic_link("l", name.substr(0, 4000)).file("l/f").tar()).code ==
          errc::limit_exceeded);
    layer.clear();
    // As deep as may be, by way of a link, and with every directory of its own.
    std::string deep = "f";
    for (int level = 1; level < 256; ++level) deep = "d/" + deep;
    CHECK(layer.unpack(Archive{}.file(deep).symbolic_link("up", links).file("up/up/up/g").tar()).done());
    CHECK(layer.exists("g"));
    layer.clear();
    CHECK(layer.unpack(Archive{}.file("x/" + deep).tar()).code == errc::limit_exceeded);
    CHECK(layer.unpack(Archive{}.file(std::string(256, 'n')).tar()).code == errc::limit_exceeded);
    std::string loop = "a";
    CHECK(layer.unpack(Archive{}.symbolic_link("a", "b").symbolic_link("b", "a").file("a/f").tar()).code ==
          errc::image_invalid);
  };
  pthread_attr_t attributes;
  REQUIRE(::pthread_attr_init(&attributes) == 0);
  REQUIRE(::pthread_attr_setstacksize(&attributes, std::size_t{256} << 10U) == 0);
  pthread_t thread{};
  REQUIRE(::pthread_create(
              &thread, &attributes,
              [](void* argument) -> void* {
                (*static_cast<const std::function<void()>*>(argument))();
                return nullptr;
              },
              const_cast<std::function<void()>*>(&work)) == 0);
  (void)::pthread_join(thread, nullptr);
  (void)::pthread_attr_destroy(&attributes);
}

TEST_CASE("headers that contradict themselves, or that nobody can read, are errors", "[image][attack]") {
  const About about;
  const std::string file = tar_header('0', "f", "", 5, about);
  const auto bytes = [&](const std::string& text) { return Archive{}.bytes(text); };
  std::string wrong_sum = file;
  wrong_sum[0] = 'g';
  refuse(bytes(wrong_sum));
  std::string negative = tar_header('0', "f", "", 0, about);
  refuse(bytes(tar_header('x', "p", "", 512, about) + "99 path=too short\n" + std::string(494, '\0') + negative));
  refuse(bytes(tar_header('x', "p", "", 20, about) + "20 GNU.sparse.map=1" + std::string(493, '\0') + file));
  refuse(bytes(tar_header('M', "f", "", 0, about)), "nobody knows");
  for (const char* text : {"uid=4294967295", "uid=-1", "gid=99999999999", "size=-1"}) {
    const std::string record = std::to_string(std::string{text}.size() + 4) + " " + text + "\n";
    std::string block = record;
    block.resize(512);
    INFO(text);
    refuse(bytes(tar_header('x', "p", "", record.size(), about) + block + tar_header('0', "f", "", 0, about)));
  }
  refuse(Archive{}.node("n", '3', {.major = 4096}));
  refuse(Archive{}.symbolic_link("l", ""));
  refuse(Archive{}.file("f").file("f/g"), "not a directory");
  refuse(Archive{}.file("f", "", {.attributes = {{"system.posix_acl_access", "nonsense"}}}));
}

TEST_CASE("what comes behind an archive is refused, zeros are not", "[image][attack]") {
  Unpacking layer;
  const std::string tar = Archive{}.file("f").tar();
  CHECK(layer.unpack(tar + std::string(20'000, '\0')).done());
  layer.clear();
  CHECK(layer.unpack(Archive{}.file("f").unfinished()).done());  // and without an end, as some write them
  layer.clear();
  CHECK(layer.unpack(tar + Archive{}.file("hidden").tar()).code == errc::image_invalid);
  layer.clear();
  CHECK(layer.unpack(gzip(tar) + "x").code == errc::image_invalid);
  layer.clear();
  CHECK(layer.unpack(gzip(tar.substr(0, 700)) + gzip(tar.substr(700))).done());  // two members are one file
}

}  // namespace dunnage::test
