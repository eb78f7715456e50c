// SPDX-License-Identifier: Apache-2.0
// What only root can do to a transaction's source: mount something in it.

#include "container/transaction_support.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

class Mounted {
 public:
  explicit Mounted(fs::path path) : path_{std::move(path)} {
    REQUIRE(::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m") == 0);
  }
  ~Mounted() { (void)::umount2(path_.c_str(), MNT_DETACH); }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("mounts below the source are named, not shown, and nothing is applied to what they cover",
          "[root][transaction]") {
  const TransactionGround ground;
  ground.write("disk/below", "covered");
  ground.write("file", "old");
  const Mounted disk{ground.source() / "disk"};
  std::ofstream{ground.source() / "disk/on-it"} << "mounted";
  const Transaction transaction = ground.store().begin(ground.source(), "try");
  const MountPlan plan =
      MountSet{transaction.at("/app")}.resolve({.store = ground.ground().store_path(), .current_directory = {}});
  CHECK_THAT(plan.to_string(), Catch::Contains("/disk\" is not shown"));
  CHECK(ground.run(transaction, "cat disk/below; ls disk; echo x > disk/new; echo new > file") == "coveredbelow\n");
  const Lines changes = lines_of(transaction.changes());
  CHECK(changes == Lines{"added disk", "added disk/new", "modified file: content, time"});
  CHECK(lines_of(transaction.conflicts()) == Lines{"added disk: mounted", "added disk/new: mounted"});
  CHECK(code_of([&] { (void)transaction.apply({.overwrite = true}); }) == errc::transaction_conflict);
  (void)transaction.apply({.filter = {.exclude = {"disk"}}});
  CHECK(ground.read("file") == "new\n");
  CHECK(ground.read("disk/on-it") == "mounted");
  CHECK_FALSE(fs::exists(ground.source() / "disk/new"));
}

TEST_CASE("a mount below the source that nothing touches is told among the changes", "[root][transaction]") {
  const TransactionGround ground;
  fs::create_directory(ground.source() / "disk");
  const Mounted disk{ground.source() / "disk"};
  const Transaction transaction = ground.store().begin(ground.source(), "try");
  CHECK(lines_of(transaction.changes()) == Lines{"nested-mount disk"});
  CHECK(transaction.apply().changes.empty());
}

TEST_CASE("marks of an overlay are read in both of their forms", "[root][transaction]") {
  const TransactionGround ground;
  ground.write("gone", "old");
  ground.write("gone-too", "old");
  ground.write("d/inside", "old");
  const Transaction transaction = ground.store().begin(ground.source(), "try");
  const fs::path upper = transaction.info().upper;
  REQUIRE(::mknod((upper / "gone").c_str(), S_IFCHR, 0) == 0);
  std::ofstream{upper / "gone-too"} << "";
  REQUIRE(::setxattr((upper / "gone-too").c_str(), "trusted.overlay.whiteout", "y", 1, 0) == 0);
  fs::create_directory(upper / "d");
  REQUIRE(::setxattr((upper / "d").c_str(), "trusted.overlay.opaque", "y", 1, 0) == 0);
  CHECK(lines_of(transaction.changes()) == Lines{"deleted d/inside", "deleted gone", "deleted gone-too"});
  (void)transaction.apply();
  CHECK(fs::is_empty(ground.source() / "d"));
  CHECK_FALSE(fs::exists(ground.source() / "gone"));
  CHECK_FALSE(fs::exists(ground.source() / "gone-too"));
  CHECK(lines_of(transaction.changes()) == Lines{});
}
