// SPDX-License-Identifier: Apache-2.0
// Archives nobody vouches for, and files that are made to be in the way of archives.

#include <dunnage/tmpfs.hpp>

#include "container/archive_place.hpp"
#include "image/archive.hpp"

#include <fcntl.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>

namespace dunnage::test {

TEST_CASE("P-57: a link from an earlier archive, or from a container, is replaced and never written through",
          "[cp][archive][attack]") {
  Place place;
  place.ground().directory().write("canary/file", "CANARY");
  const std::string canary = place.host("canary").string();
  place.unpack(Archive{}.symbolic_link("d", canary).symbolic_link("l", canary + "/file").tar());
  CHECK(code_of([&] { place.unpack(Archive{}.file("d/f", "evil").tar()); }) == std::errc::not_a_directory);
  place.unpack(Archive{}.file("l", "mine").tar());
  CHECK(place.sh("cat l; readlink d") == "mine" + canary + "\n");
  // a path through the link is one in the volume
  CHECK_FALSE(code_of([&] { place.unpack(Archive{}.file("f", "evil").tar(), "/d"); }) == std::error_code{});
  CHECK(place.read("canary/file") == "CANARY");
  CHECK(std::distance(std::filesystem::directory_iterator{canary}, {}) == 1);
}

TEST_CASE("what an archive may not bring is refused, and nothing of it comes", "[cp][archive][attack]") {
  Place place;
  const auto refused = [&](const Archive& archive, std::error_code code, const char* why) {
    INFO(why);
    const std::string tar = Archive{archive}.tar();
    CHECK(code_of([&] { place.unpack(tar); }) == code);
    CHECK_THAT(message_of([&] { place.unpack(tar); }), Catch::Contains(why));
  };
  const Archive good = Archive{}.file("good", "x");
  refused(Archive{good}.file("../up"), errc::image_invalid, "leads upwards");
  refused(Archive{good}.node("null", '3', {.major = 1, .minor = 3}), errc::not_supported, "\"null\" is a device");
  refused(Archive{good}.node("disk", '4', {.major = 8}), errc::not_supported, "\"disk\" is a device");
  refused(Archive{good}.file("a/.wh.b"), errc::image_invalid, "has a meaning in a layer of an image only");
  refused(Archive{good}.file(".wh..wh..opq"), errc::image_invalid, "has a meaning in a layer of an image only");
  refused(Archive{good}.hard_link("x", "/etc/passwd"), errc::image_invalid, "is not there");
  refused(Archive{good}.bytes("not a header"), errc::image_invalid, "tar archive");
  CHECK(code_of([&] { place.unpack(std::string(3000, 'x')); }) == errc::image_invalid);
  CHECK(code_of([&] {
          place.unpack(Archive{}.file("big", std::string(10'000, 'x')).tar(), "/", {.most_bytes = 5000, .watch = {}});
        }) == errc::limit_exceeded);
  CHECK(code_of([&] {
          place.unpack(Archive{}.file("a").file("b").file("c").tar(), "/", {.most_entries = 2, .watch = {}});
        }) == errc::limit_exceeded);
  CHECK(place.sh("ls -A") == "");
  CHECK(std::filesystem::is_empty(place.ground().store_path() / "staging"));
}

TEST_CASE("a link in an archive leads to places in the archive", "[cp][archive][attack]") {
  Place place;
  place.sh("mkdir to");
  place.unpack(Archive{}.symbolic_link("d", "/etc").file("d/x", "inside").symbolic_link("u", "../..").file("u/y").tar(),
               "/to");
  CHECK(place.sh("cat to/etc/x; ls to | tr '\\n' ' '; ls | tr '\\n' ' '") == "insided etc u y to ");
}

TEST_CASE("an archive that claims to be huge, or becomes so, is refused before it takes the room",
          "[cp][archive][attack]") {
  Place place;
  const auto refused = [&](const std::string& tar, const CopyOptions& options = {}) {
    CHECK(code_of([&] { place.unpack(tar, "/", options); }) == errc::limit_exceeded);
  };
  const std::string size = pax_record("size", std::to_string(std::uint64_t{1} << 62U));
  refused(Archive{}.entry('x', "pax", "", size, {}).file("big", "x").tar());
  const std::string bomb = gzip(Archive{}.file("zeros", std::string(std::size_t{32} << 20U, '\0')).tar());
  refused(bomb, {.most_bytes = 1 << 20, .watch = {}});
  CHECK(place.sh("ls -A").empty());
  CHECK(std::filesystem::is_empty(place.ground().store_path() / "staging"));
}

TEST_CASE("a file of nothing but a huge hole does not keep who makes an archive of it busy", "[cp][archive][attack]") {
  const Place place;
  const Container container =
      Container::launch(place.ground().shell("truncate -s 7E /memory/hole; exec sleep 1000", {Tmpfs{"/memory"}}));
  REQUIRE(eventually([&] { return outcome_of(container, {.argv = {"test", "-s", "/memory/hole"}}).status.success(); }));
  const auto begin = std::chrono::steady_clock::now();
  const auto file = place.ground().directory().write("packed", "");
  const kernel::FileDescriptor archive{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
  CHECK(code_of([&] { copy_out(container, "/memory", archive.get()); }) == errc::limit_exceeded);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{10});
}

}  // namespace dunnage::test
