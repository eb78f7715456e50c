// SPDX-License-Identifier: Apache-2.0
// What only root can do to a transaction's source: mount something in it, in a process with mounts of its own.

#include "container/transaction_support.hpp"
#include "root/own_mounts.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

}  // namespace

TEST_CASE("mounts below the source are named, not shown, and nothing is applied to what they cover",
          "[root][transaction]") {
  if (!requires_root()) return;
  const TransactionGround ground;
  ground.write("disk/below", "covered");
  ground.write("file", "old");
  CHECK(with_own_mounts(MS_PRIVATE, [&] {
    mount_memory(ground.source() / "disk");
    std::ofstream{ground.source() / "disk/on-it"} << "mounted";
    const Transaction transaction = ground.store().begin(ground.source(), "try");
    const MountPlan plan =
        MountSet{transaction.at("/app")}.resolve({.store = ground.ground().store_path(), .current_directory = {}});
    require(plan.to_string().find("/disk\" is not shown") != std::string::npos, plan.to_string());
    expect(ground.run(transaction, "cat disk/below; ls disk; echo x > disk/new; echo new > file"), "coveredbelow\n");
    expect(joined(lines_of(transaction.changes())), "added disk\nadded disk/new\nmodified file: content, time\n");
    expect(joined(lines_of(transaction.conflicts())), "added disk: mounted\nadded disk/new: mounted\n");
    require(code_of([&] { (void)transaction.apply({.overwrite = true}); }) == errc::transaction_conflict, "conflict");
    (void)transaction.apply({.filter = {.exclude = {"disk"}}});
    expect(ground.read("file"), "new\n");
    expect(ground.read("disk/on-it"), "mounted");
    require(!fs::exists(ground.source() / "disk/new"), "nothing is applied to a mount");
  }));
}

TEST_CASE("a mount below the source that nothing touches is told among the changes", "[root][transaction]") {
  if (!requires_root()) return;
  const TransactionGround ground;
  CHECK(with_own_mounts(MS_PRIVATE, [&] {
    mount_memory(ground.source() / "disk");
    const Transaction transaction = ground.store().begin(ground.source(), "try");
    expect(joined(lines_of(transaction.changes())), "nested-mount disk\n");
    require(transaction.apply().changes.empty(), "nothing is applied");
  }));
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
