// SPDX-License-Identifier: Apache-2.0
#include "image/changes.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

using namespace dunnage;
using image::Changes;

namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

struct Place {
  test::TemporaryDirectory directory{};
  fs::path path = directory.make("changes");
  kernel::FileDescriptor changes{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  kernel::FileDescriptor trash{::open(directory.make("trash").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

  [[nodiscard]] Changes open(const std::string& id, image::ChangesOptions options = {}) const {
    return Changes::open(changes.get(), {.container_id = id, .container_name = "the-" + id, .image_id = "sha256:1"},
                         options);
  }
  [[nodiscard]] Names users() const { return image::users_of(changes.get(), "sha256:1"); }
  void sweep() const { image::sweep_changes(changes.get(), trash.get()); }
};

}  // namespace

TEST_CASE("changes are in use as long as their lock is held, and swept then", "[image][changes]") {
  const Place place;
  {
    const Changes first = place.open("a");
    CHECK(first.fresh());
    CHECK(fs::is_directory(place.path / "a/upper"));
    CHECK(fs::is_directory(place.path / "a/work"));
    const Changes second = place.open("b", {.upper = false});
    CHECK_FALSE(fs::exists(place.path / "b/upper"));
    CHECK(place.users() == Names{"the-a", "the-b"});
    CHECK(image::users_of(place.changes.get(), "sha256:2").empty());
    place.sweep();
    CHECK(fs::exists(place.path / "a/upper"));
  }
  CHECK(place.users().empty());
  place.sweep();
  CHECK(fs::is_empty(place.path));
  CHECK(fs::is_empty(place.directory.path() / "trash"));
}

TEST_CASE("changes that are kept are in use, are found again, and go when they are removed", "[image][changes]") {
  const Place place;
  {
    const Changes changes = place.open("a");
    changes.keep(true);
    std::ofstream{place.path / "a/upper/file"} << "text";
    fs::create_directory(place.path / "a/work/work");  // as the kernel does when it mounts
  }
  place.sweep();
  CHECK(place.users() == Names{"the-a"});
  {
    const Changes again = place.open("a");
    CHECK_FALSE(again.fresh());
    CHECK(fs::exists(place.path / "a/upper/file"));
  }
  image::remove_changes(place.changes.get(), "a", place.trash.get());
  image::remove_changes(place.changes.get(), "a", place.trash.get());
  CHECK(place.users().empty());
  CHECK(fs::is_empty(place.path));
}

TEST_CASE("one container at a time has its changes", "[image][changes]") {
  const Place place;
  const Changes first = place.open("a");
  try {
    (void)place.open("a");
    FAIL("it has been opened twice");
  } catch (const kernel::CallError& error) {
    CHECK(error.code() == std::errc::device_or_resource_busy);
  }
}

TEST_CASE("changes that were never synced are good for one run of the machine", "[image][changes]") {
  const Place place;
  (void)place.open("a", {.upper = true, .is_volatile = true});
  (void)place.open("a", {.upper = true, .is_volatile = true});
  std::ofstream{place.path / "a/lock"} << R"({"Image": "sha256:1", "Container": "the-a", "Boot": "another"})";
  try {
    (void)place.open("a", {.upper = true, .is_volatile = true});
    FAIL("what may be lost was taken for whole");
  } catch (const kernel::CallError& error) {
    CHECK(error.code() == std::errc::io_error);
  }
}

TEST_CASE("what a process killed at any point left is swept, and in nobody's way", "[image][changes]") {
  const Place place;
  fs::create_directory(place.path / "a");
  fs::create_directories(place.path / "b/upper/deep");
  std::ofstream{place.path / "b/lock"} << R"({"Image": "sha)";
  CHECK(place.users().empty());
  const Changes taken = place.open("a");
  place.sweep();
  CHECK(fs::exists(place.path / "a"));
  CHECK_FALSE(fs::exists(place.path / "b"));
}
