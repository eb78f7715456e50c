// SPDX-License-Identifier: Apache-2.0
// The store's own directories and its version.

#include "unit/store_check_support.hpp"

#include <dunnage/error.hpp>

#include "kernel/file_descriptor.hpp"
#include "kernel/lock.hpp"
#include "support/requires.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

using namespace dunnage;
using test::message_of;
using test::overwrite;
using test::TemporaryStore;
using Names = std::vector<std::string>;
using Kind = StoreFinding::Kind;

namespace {

struct WholeStore : TemporaryStore {
  WholeStore() {
    test::make_volume(store, "data");
    test::make_volume(store, "more");
  }
};

/// Makes what is below `path` read-only for this process alone.
void make_read_only(const std::filesystem::path& path) {
  const auto require = [](bool done, const char* what) {
    if (!done) throw std::system_error{errno, std::generic_category(), what};
  };
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  const bool is_root = ::geteuid() == 0;
  require(::unshare(CLONE_NEWNS | (is_root ? 0 : CLONE_NEWUSER)) == 0, "unshare");
  if (!is_root) {
    overwrite("/proc/self/setgroups", "deny");
    overwrite("/proc/self/uid_map", user + " " + user + " 1");
    overwrite("/proc/self/gid_map", group + " " + group + " 1");
  }
  struct statvfs status {};
  require(::statvfs(path.c_str(), &status) == 0, "statvfs");
  const unsigned long locked = (status.f_flag & ST_NOSUID ? MS_NOSUID : 0) | (status.f_flag & ST_NODEV ? MS_NODEV : 0) |
                               (status.f_flag & ST_NOEXEC ? MS_NOEXEC : 0) |
                               (status.f_flag & ST_RELATIME ? MS_RELATIME : 0) |
                               (status.f_flag & ST_NOATIME ? MS_NOATIME : 0);
  require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount /");
  require(::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0, "bind");
  require(::mount(nullptr, path.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | locked, nullptr) == 0, "remount");
}

}  // namespace

TEST_CASE("a store on a read-only disk is checked and opened, and refuses a repair", "[volume][check]") {
  if (!test::requires_user_namespace()) return;
  const WholeStore temporary;
  std::filesystem::create_directory(temporary.root / "staging/left-over");
  std::filesystem::create_directory(temporary.root / "trash/left-over");
  overwrite(temporary.root / "volumes/data/metadata", "damaged");
  const std::string before = test::tree_of(temporary.root);
  const pid_t process = test::start_process([&] {
    make_read_only(temporary.root);
    if (check_store(temporary.root, test::kAtOnce).findings.size() != 3) throw std::runtime_error{"check"};
    const VolumeStore opened = VolumeStore::open(temporary.root);
    if (opened.list().size() != 1) throw std::runtime_error{"list"};
    try {
      (void)repair_store(temporary.root);
    } catch (const VolumeError& error) {
      if (error.code() == std::errc::read_only_file_system) return;
    }
    throw std::runtime_error{"it was repaired"};
  });
  CHECK(test::wait_for(process) == 0);
  CHECK(test::tree_of(temporary.root) == before);
}

TEST_CASE("directories of a store that others can enter are told, and closed by a repair", "[volume][check]") {
  for (const char* part : {"", "volumes", "staging", "trash", "containers"}) {
    for (const int mode : {0755, 0701, 0770}) {
      CAPTURE(part, mode);
      const WholeStore temporary;
      const auto path = *part == '\0' ? temporary.root : temporary.root / part;
      std::filesystem::permissions(path, std::filesystem::perms(mode));
      const std::string before = test::tree_of(temporary.root);
      const StoreReport report = check_store(temporary.root);
      REQUIRE(report.findings.size() == 1);
      CHECK(report.findings.front().part == StoreFinding::Part::Store);
      CHECK(report.findings.front().path == path);
      CHECK_THAT(report.findings.front().problem, Catch::Contains("so that other users may enter it"));
      CHECK(test::tree_of(temporary.root) == before);
      CHECK(repair_store(temporary.root).is_clean());
      CHECK(check_store(temporary.root).findings.empty());
      CHECK(VolumeStore::open(temporary.root).list().size() == 2);
    }
  }
}

TEST_CASE("directories of a store that are links or files are told and left", "[volume][check]") {
  for (const char* part : {"staging", "trash", "containers"}) {
    for (const char* kind : {"link to a directory", "file", "fifo"}) {
      CAPTURE(part, kind);
      const WholeStore temporary;
      test::replace_by(temporary.root / part, kind);
      const std::string before = test::tree_of(temporary.root);
      const StoreReport report = check_store(temporary.root);
      REQUIRE(report.findings.size() == 1);
      CHECK(report.findings.front().path == temporary.root / part);
      CHECK_FALSE(report.findings.front().repairable);
      CHECK(test::tree_of(temporary.root) == before);
      CHECK_FALSE(repair_store(temporary.root).is_clean());
      CHECK(std::filesystem::symlink_status(temporary.root / part).type() != std::filesystem::file_type::directory);
    }
  }
}

TEST_CASE("parts of a store that are missing are told and made", "[volume][check]") {
  for (const char* part : {"staging", "trash", "containers", "version"}) {
    CAPTURE(part);
    const WholeStore temporary;
    std::filesystem::remove_all(temporary.root / part);
    const StoreReport report = check_store(temporary.root, test::kAtOnce);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings.front().path == temporary.root / part);
    CHECK(repair_store(temporary.root, test::kRepairAtOnce).is_clean());
    CHECK(check_store(temporary.root, test::kAtOnce).findings.empty());
    CHECK(VolumeStore::open(temporary.root).list().size() == 2);
  }
}

TEST_CASE("a store of another user, or a link to one, is told and left", "[volume][check]") {
  const WholeStore temporary;
  const auto link = temporary.directory.path() / "link";
  std::filesystem::create_directory_symlink(temporary.root, link);
  CHECK(test::problems_of(check_store(link)) == Names{"link: it is a symbolic link, not a directory"});
  CHECK_FALSE(repair_store(link).is_clean());
  if (::geteuid() != 0) return;
  REQUIRE(::chown((temporary.root / "trash").c_str(), 1, 1) == 0);
  const StoreReport report = check_store(temporary.root);
  CHECK(test::problems_of(report) == Names{"trash: it belongs to user 1, this process runs as 0"});
  CHECK(repair_store(temporary.root) == report);
}

TEST_CASE("a damaged version is written anew if the volumes show which it was", "[volume][check]") {
  for (const char* text : {"", "x", "1", "0\n", "1\nmore", "99999999999999999999\n"}) {
    CAPTURE(text);
    const WholeStore temporary;
    overwrite(temporary.root / "version", text);
    CHECK_THROWS_AS(VolumeStore::open(temporary.root), VolumeError);
    REQUIRE(check_store(temporary.root).findings.size() == 1);
    CHECK(repair_store(temporary.root).is_clean());
    CHECK(test::content_of(temporary.root / "version") == "1\n");
    CHECK(test::content_of(temporary.root / "version.damaged-1") == text);
    CHECK(VolumeStore::open(temporary.root).list().size() == 2);
  }
  const WholeStore unknown;
  overwrite(unknown.root / "version", "x");
  for (const char* name : {"data", "more"}) overwrite(unknown.root / "volumes" / name / "metadata", "y");
  const std::string before = test::tree_of(unknown.root / "volumes");
  CHECK_FALSE(repair_store(unknown.root).is_clean());
  CHECK(test::content_of(unknown.root / "version") == "x");
  CHECK(test::tree_of(unknown.root / "volumes") == before);  // nobody knows what they should be
}

TEST_CASE("a version that is a link or a FIFO is replaced and never followed", "[volume][check]") {
  for (const char* kind : {"link", "fifo", "directory"}) {
    CAPTURE(kind);
    const WholeStore temporary;
    test::replace_by(temporary.root / "version", kind);
    REQUIRE(check_store(temporary.root).findings.size() == 1);
    CHECK(repair_store(temporary.root).is_clean());
    CHECK(test::content_of(temporary.root / "version") == "1\n");
    CHECK(VolumeStore::open(temporary.root).list().size() == 2);
  }
}

TEST_CASE("whoever holds the lock of a version that is repaired still holds it", "[volume][check]") {
  const WholeStore temporary;
  overwrite(temporary.root / "version", "x");
  const kernel::FileDescriptor held{::open((temporary.root / "version").c_str(), O_RDWR | O_CLOEXEC)};
  REQUIRE(kernel::try_lock(held.get(), kernel::LockKind::Shared));
  CHECK(repair_store(temporary.root).is_clean());
  const kernel::FileDescriptor other{::open((temporary.root / "version").c_str(), O_RDWR | O_CLOEXEC)};
  CHECK(kernel::is_locked_by_another(other.get(), kernel::LockKind::Exclusive));
}

TEST_CASE("a store of a newer format is refused cleanly, and left alone", "[volume][check]") {
  const WholeStore temporary;
  overwrite(temporary.root / "version", "2\n");
  overwrite(temporary.root / "volumes/data/metadata", "what a newer version writes");
  const std::string before = test::tree_of(temporary.root);
  const StoreReport report = check_store(temporary.root);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().kind == Kind::Newer);
  CHECK(report.findings.front().problem == "the store has format 2, this library reads 1");
  CHECK(repair_store(temporary.root) == report);
  CHECK(test::tree_of(temporary.root) == before);
  CHECK_THAT(message_of([&] { (void)VolumeStore::open(temporary.root); }),
             Catch::Contains("it has format 2, this library reads 1") &&
                 Catch::Contains("use a newer version of the library"));
}
