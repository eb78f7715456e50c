// SPDX-License-Identifier: Apache-2.0
#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "support/leak_guard.hpp"
#include "volume/volume_store_access.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace dunnage;
using test::entries_of;
using test::message_of;
using test::TemporaryDirectory;

namespace {

std::string open_message(const std::filesystem::path& root) {
  return message_of([&] { (void)VolumeStore::open(root); });
}

bool is_unusable(const std::filesystem::path& root) {
  try {
    (void)VolumeStore::open(root);
  } catch (const VolumeError& error) {
    return error.code() == errc::store_unusable && error.code() == std::errc::permission_denied;
  }
  return false;
}

}  // namespace

TEST_CASE("opening a store makes it, with what is missing above it", "[volume][layout]") {
  TemporaryDirectory directory;
  const auto root = directory.path() / "a" / "b" / "store";
  const VolumeStore store = VolumeStore::open(root);
  CHECK(store.root() == root);
  CHECK(entries_of(root) == std::vector<std::string>{"containers", "staging", "trash", "version", "volumes"});
  CHECK(directory.read("a/b/store/version") == "1\n");
  CHECK(VolumeStore::open(root.string() + "/").root() == root);
  CHECK(VolumeStore::open(directory.path() / "a" / "." / "b" / "store").root() == root);
}

TEST_CASE("a store may be opened, used and closed any number of times", "[volume][layout]") {
  TemporaryDirectory directory;
  (void)VolumeStore::open(directory.path() / "store");
  test::LeakGuard guard;
  for (int round = 0; round < 20; ++round) {
    VolumeStore store = VolumeStore::open(directory.path() / "store");
    VolumeStore copy = store;
    copy.create("v");
    CHECK(store.find("v"));
    store.remove("v");
  }
  guard.check();
}

TEST_CASE("looking for a store makes nothing", "[volume][layout]") {
  TemporaryDirectory directory;
  const auto root = directory.path() / "store";
  CHECK_FALSE(VolumeStoreAccess::open_existing(root));
  CHECK(entries_of(directory.path()).empty());
  (void)VolumeStore::open(root).create("v");
  REQUIRE(VolumeStoreAccess::open_existing(root));
  CHECK(VolumeStoreAccess::open_existing(root)->find("v"));
}

TEST_CASE("a store that others can enter is refused", "[volume][layout]") {
  TemporaryDirectory directory;
  const auto root = directory.make("store");
  for (const mode_t mode : {mode_t{0777}, mode_t{0755}, mode_t{0711}, mode_t{0710}, mode_t{0701}}) {
    REQUIRE(::chmod(root.c_str(), mode) == 0);
    CHECK(is_unusable(root));
  }
  REQUIRE(::chmod(root.c_str(), 0755) == 0);
  CHECK(open_message(root) == "cannot open store \"" + root.string() +
                                  "\": its mode is 0755, which is not private: the store cannot be used [EACCES]; "
                                  "chmod 700 \"" +
                                  root.string() + "\", or choose another place with DUNNAGE_STORE");
  CHECK(entries_of(root).empty());
  REQUIRE(::chmod(root.c_str(), 0700) == 0);
  (void)VolumeStore::open(root).create("v");
  for (const char* part : {"volumes", "staging", "trash", "containers"}) {
    CAPTURE(part);
    REQUIRE(::chmod((root / part).c_str(), 0777) == 0);
    CHECK(is_unusable(root));
    REQUIRE(::chmod((root / part).c_str(), 0700) == 0);
  }
  CHECK(VolumeStore::open(root).find("v"));
}

TEST_CASE("a store that is a link, or has one in its place, is refused", "[volume][layout]") {
  TemporaryDirectory directory;
  const auto root = directory.path() / "store";
  (void)VolumeStore::open(root);
  const auto link = directory.path() / "link";
  std::filesystem::create_directory_symlink(root, link);
  CHECK(open_message(link) == "cannot open store \"" + link.string() +
                                  "\": it is a symbolic link: the store cannot be used [EACCES]; name the directory it "
                                  "leads to");
  const auto dangling = directory.path() / "dangling";
  std::filesystem::create_symlink("nowhere", dangling);
  CHECK(is_unusable(dangling));
  CHECK_FALSE(std::filesystem::exists(directory.path() / "nowhere"));
  CHECK(is_unusable(directory.write("file", "")));

  const auto elsewhere = directory.make("elsewhere");
  REQUIRE(::chmod(elsewhere.c_str(), 0700) == 0);
  for (const char* part : {"volumes", "staging", "trash"}) {
    CAPTURE(part);
    std::filesystem::remove(root / part);
    std::filesystem::create_directory_symlink(elsewhere, root / part);
    CHECK(is_unusable(root));
    std::filesystem::remove(root / part);
    std::filesystem::create_directory(root / part);
    REQUIRE(::chmod((root / part).c_str(), 0700) == 0);
  }
  CHECK(entries_of(elsewhere).empty());
}

TEST_CASE("a volume that is a link is not a volume", "[volume][layout]") {
  TemporaryDirectory directory;
  VolumeStore store = VolumeStore::open(directory.path() / "store");
  VolumeStore other = VolumeStore::open(directory.path() / "other");
  other.create("v");
  std::filesystem::create_directory_symlink(directory.path() / "other/volumes/v", store.root() / "volumes/v");
  CHECK(store.list().empty());
  CHECK(store.damaged() == std::vector<std::string>{"v"});
  CHECK_THROWS_AS(store.get("v"), VolumeError);
  CHECK_THROWS_AS(store.remove("v"), VolumeError);
  CHECK(other.find("v"));
}

TEST_CASE("a store of a newer format is refused untouched", "[volume][layout]") {
  TemporaryDirectory directory;
  const auto root = directory.path() / "store";
  (void)VolumeStore::open(root);
  std::ofstream{root / "version"} << "2\n";
  CHECK(open_message(root) == "cannot open store \"" + root.string() +
                                  "\": it has format 2, this library reads 1: the store cannot be used [EACCES]; use a "
                                  "newer version of the library");
  CHECK(directory.read("store/version") == "2\n");
  for (const char* text : {"", "one", "1", "-1\n", "0\n", "1\n1\n"}) {
    CAPTURE(text);
    std::ofstream{root / "version"} << text;
    CHECK(is_unusable(root));
  }
}

TEST_CASE("a store needs a path", "[volume][layout]") {
  CHECK(open_message("") == "cannot open store: not a path: the store cannot be used [EACCES]; name a directory");
  CHECK(is_unusable(std::filesystem::path{std::string{"/tmp/a\0b", 8}}));
  TemporaryDirectory directory;
  CHECK(open_message(directory.write("file", "") / "store") ==
        "cannot open store \"" + (directory.path() / "file/store").string() +
            "\": open: not a directory [ENOTDIR]; look whether the store is intact and its disk is in order");
}
