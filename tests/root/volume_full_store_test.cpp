// SPDX-License-Identifier: Apache-2.0
// Stores in places that only root can set up: full disks, mounts below the data, files of other users.

#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "kernel/file_descriptor.hpp"
#include "kernel/remove_tree.hpp"
#include "support/requires.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>
#include <stdexcept>

using namespace dunnage;
using test::entries_of;
using test::TemporaryDirectory;

namespace {

constexpr uid_t kOrdinaryUser = 31007;

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error{what};
}

/// Runs `work` with mounts that nobody else sees and that end with it.
int run_with_own_mounts(const std::function<void()>& work) {
  return test::wait_for(test::start_process([&] {
    require(::unshare(CLONE_NEWNS) == 0, "unshare");
    require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
    work();
  }));
}

void mount_memory(const std::filesystem::path& path, const char* options) {
  require(::mount("none", path.c_str(), "tmpfs", 0, options) == 0, "mount");
}

int run_as_ordinary_user(const std::function<void()>& work) {
  return test::wait_for(test::start_process([&] {
    require(::setresgid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) == 0, "setresgid");
    require(::setresuid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) == 0, "setresuid");
    work();
  }));
}

/// Creates volumes until the disk is full.
int fill(VolumeStore& store, const std::string& prefix) {
  for (int made = 0;; ++made) {
    try {
      store.create(prefix + std::to_string(made));
    } catch (const VolumeError& error) {
      require(error.code() == std::errc::no_space_on_device, error.what());
      require(error.remedy() == "free space or inodes on the disk of the store", error.remedy());
      return made;
    }
  }
}

}  // namespace

TEST_CASE("a full disk fails the creation, leaves nothing half made, and volumes can be removed", "[volume]") {
  if (!test::requires_root()) return;
  // First the space runs out at each step of a creation in turn, then the inodes.
  for (int size = 96; size <= 128; size += 4) {
    for (const std::string& options :
         {"mode=700,size=" + std::to_string(size) + "k", "mode=700,nr_inodes=" + std::to_string(size)}) {
      CAPTURE(options);
      TemporaryDirectory directory;
      CHECK(run_with_own_mounts([&] {
              mount_memory(directory.path(), options.c_str());
              VolumeStore store = VolumeStore::open(directory.path() / "store");
              const int made = fill(store, "v");
              require(made > 2, "the disk was full too early");
              require(entries_of(store.root() / "staging").empty(), "something was left in staging");
              require(store.damaged().empty(), "a volume is damaged");
              require(store.list().size() == static_cast<std::size_t>(made), "a volume is missing");
              store.remove("v1");
              require(!store.find("v1"), "it was not removed");
              store.create("again");
              require(entries_of(store.root() / "trash").empty(), "something was left in the trash");
            }) == 0);
    }
  }
}

TEST_CASE("removing a volume does not enter what is mounted below its data", "[volume]") {
  if (!test::requires_root()) return;
  TemporaryDirectory directory;
  CHECK(run_with_own_mounts([&] {
          VolumeStore store = VolumeStore::open(directory.path() / "store");
          const auto disk = directory.make("disk");
          mount_memory(disk, "mode=755");
          std::ofstream{disk / "precious"} << "data";
          const auto data = store.create("v").mountpoint();
          std::filesystem::create_directory(data / "mounted");
          std::ofstream{data / "file"} << "x";
          require(::mount(disk.c_str(), (data / "mounted").c_str(), nullptr, MS_BIND, nullptr) == 0, "bind");

          store.remove("v");
          require(std::filesystem::exists(disk / "precious"), "it deleted what was mounted");
          const auto left = entries_of(store.root() / "trash");
          require(left.size() == 1, "the mount's directory should be all that is left");
          const auto mounted = store.root() / "trash" / left.front() / "_data" / "mounted";
          require(entries_of(mounted.parent_path()) == std::vector<std::string>{"mounted"}, "files were left");
          require(::umount(mounted.c_str()) == 0, "umount");
          (void)VolumeStore::open(store.root());
          require(entries_of(store.root() / "trash").empty(), "the trash was not swept");
        }) == 0);
}

TEST_CASE("a volume with files of other users is removed by its owner, and deleted by who may", "[volume]") {
  if (!test::requires_root()) return;
  TemporaryDirectory directory;
  REQUIRE(::chown(directory.path().c_str(), kOrdinaryUser, kOrdinaryUser) == 0);
  const auto root = directory.path() / "store";
  REQUIRE(run_as_ordinary_user([&] { (void)VolumeStore::open(root).create("v"); }) == 0);
  directory.write("store/volumes/v/_data/foreign/file", "x");  // below a directory of root
  REQUIRE(run_as_ordinary_user([&] {
            VolumeStore store = VolumeStore::open(root);
            store.remove("v");
            require(!store.find("v"), "it was not removed");
            store.create("v");  // the name is free at once
            (void)VolumeStore::open(root);
          }) == 0);
  const auto left = entries_of(root / "trash");
  REQUIRE(left.size() == 1);
  CHECK(left.front().substr(32) == ".kept");
  CHECK(directory.read("store/trash/" + left.front() + "/_data/foreign/file") == "x");

  const kernel::FileDescriptor store{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  CHECK(volume::sweep_trash(store.get(), [](int trash_fd, const std::string& name) {
          CHECK_FALSE(kernel::remove_tree(trash_fd, name));
        }) == 0);
  CHECK(entries_of(root / "trash").empty());
}

TEST_CASE("a store of another user is refused", "[volume]") {
  if (!test::requires_root()) return;
  TemporaryDirectory directory;
  REQUIRE(::chown(directory.path().c_str(), kOrdinaryUser, kOrdinaryUser) == 0);
  const auto root = directory.path() / "store";
  REQUIRE(run_as_ordinary_user([&] { (void)VolumeStore::open(root).create("v"); }) == 0);
  CHECK(test::message_of([&] { (void)VolumeStore::open(root); }) ==
        "cannot open store \"" + root.string() +
            "\": it belongs to user 31007, this process runs as 0: the store cannot be used [EACCES]; run as its "
            "owner, or choose another place with DUNNAGE_STORE");
  const TemporaryDirectory closed;  // 0700, of root
  CHECK(run_as_ordinary_user([&] {
          try {
            (void)VolumeStore::open(closed.path() / "store" / "below");
          } catch (const VolumeError& error) {
            require(error.code() == std::errc::permission_denied, error.what());
            return;
          }
          require(false, "it made a store where it may not");
        }) == 0);
}

TEST_CASE("a store on a read-only file system is listed, with an index or without", "[volume][index]") {
  if (!test::requires_root()) return;
  for (const bool with_index : {false, true}) {
    CAPTURE(with_index);
    TemporaryDirectory directory;
    CHECK(run_with_own_mounts([&] {
            mount_memory(directory.path(), "mode=700");
            const auto root = directory.path() / "store";
            VolumeStore store = VolumeStore::open(root);
            store.create("one");
            store.create("two");
            const auto list = root / "volume-index" / "list";
            while (with_index && !std::filesystem::exists(list)) (void)store.list();
            require(::mount(nullptr, directory.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0,
                    "remount");
            require(VolumeStore::open(root).list().size() == 2, "a volume is missing");
            require(store.list({.labels = {{"none", std::nullopt}}}).empty(), "a volume too many");
            require(std::filesystem::exists(list) == with_index, "the index changed");
            bool failed = false;
            try {
              store.remove("one");
            } catch (const VolumeError& error) {
              failed = error.code() == std::errc::read_only_file_system;
            }
            require(failed && store.list().size() == 2, "it was removed");
          }) == 0);
  }
}

TEST_CASE("a full disk lets a volume be removed when its name cannot be noted beside the index", "[volume][index]") {
  if (!test::requires_root()) return;
  TemporaryDirectory directory;
  CHECK(run_with_own_mounts([&] {
          mount_memory(directory.path(), "mode=700,size=160k");
          VolumeStore store = VolumeStore::open(directory.path() / "store");
          store.create("one");
          while (!std::filesystem::exists(store.root() / "volume-index" / "list")) (void)store.list();
          const auto log = store.root() / "volume-index" / "changed";
          std::filesystem::resize_file(log, 4096);  // the next byte needs a page
          std::ofstream{directory.path() / "rest"} << std::string(1U << 20U, 'x');
          store.remove("one");
          require(!std::filesystem::exists(log), "there was room for it");
          require(!store.find("one") && store.list().empty(), "it was not removed");
        }) == 0);
}
