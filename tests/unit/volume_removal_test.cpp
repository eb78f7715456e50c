// SPDX-License-Identifier: Apache-2.0
#include "unit/volume_support.hpp"

#include "kernel/file_descriptor.hpp"
#include "kernel/remove_tree.hpp"
#include "support/leak_guard.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

using namespace dunnage;
using kernel::FileDescriptor;
using test::entries_of;
using test::TemporaryDirectory;
using test::TemporaryStore;

namespace {

FileDescriptor open_directory(const std::filesystem::path& path) {
  return FileDescriptor{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

/// A chain of directories, a file here and there, as deep as no path can name.
void make_deep(const std::filesystem::path& top, int depth) {
  FileDescriptor current = open_directory(top);
  for (int level = 0; level < depth; ++level) {
    if (level % 50 == 0) {
      REQUIRE(FileDescriptor{::openat(current.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)});
    }
    REQUIRE(::mkdirat(current.get(), "directory-with-a-long-name", 0700) == 0);
    current = FileDescriptor{::openat(current.get(), "directory-with-a-long-name", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    REQUIRE(current);
  }
}

}  // namespace

TEST_CASE("a volume with directories deeper than any path is removed", "[volume][removal]") {
  TemporaryStore temporary;
  make_deep(temporary.store.create("v").mountpoint(), 1000);
  test::LeakGuard guard;
  temporary.store.remove("v");
  guard.check();
  CHECK(entries_of(temporary.root / "trash").empty());
}

TEST_CASE("removing a deep tree is content with few descriptors", "[volume][removal]") {
  TemporaryDirectory directory;
  make_deep(directory.make("tree"), 300);
  CHECK(test::wait_for(test::start_process([&] {
          const FileDescriptor parent = open_directory(directory.path());
          const rlimit few{.rlim_cur = static_cast<rlim_t>(parent.get()) + 8, .rlim_max = 1024};
          if (::setrlimit(RLIMIT_NOFILE, &few) != 0) throw std::runtime_error{"setrlimit"};
          if (const auto error = kernel::remove_tree(parent.get(), "tree")) throw std::system_error{error};
        })) == 0);
  CHECK(entries_of(directory.path()).empty());
}

TEST_CASE("removing a volume never touches what its links lead to", "[volume][removal]") {
  TemporaryStore temporary;
  const auto outside = temporary.directory.make("outside");
  temporary.directory.write("outside/file", "precious");
  temporary.directory.write("outside/sub/file", "precious");
  const auto data = temporary.store.create("v").mountpoint();
  std::filesystem::create_directory_symlink(outside, data / "absolute");
  std::filesystem::create_directory_symlink("../../../../outside", data / "relative");
  std::filesystem::create_symlink(outside / "file", data / "file");
  std::filesystem::create_symlink("/proc/self/cwd", data / "magic");
  std::filesystem::create_symlink("nowhere", data / "dangling");
  std::filesystem::create_hard_link(outside / "file", data / "hard");
  std::filesystem::create_directory(data / "sub");
  std::filesystem::create_directory_symlink("..", data / "sub" / "up");
  REQUIRE(::mkfifo((data / "fifo").c_str(), 0600) == 0);

  temporary.store.remove("v");
  CHECK(entries_of(temporary.root / "trash").empty());
  CHECK(entries_of(outside) == std::vector<std::string>{"file", "sub"});
  CHECK(temporary.directory.read("outside/file") == "precious");
  CHECK(temporary.directory.read("outside/sub/file") == "precious");
}

TEST_CASE("directories without rights for their owner are removed", "[volume][removal]") {
  TemporaryDirectory directory;
  for (const char* name : {"tree/a/b", "tree/closed/inside", "tree/readonly/inside", "tree/unsearchable/inside"}) {
    directory.make(name);
  }
  directory.write("tree/readonly/file", "x");
  directory.write("tree/closed/inside/file", "x");
  for (const auto& [name, mode] : std::map<std::string, mode_t>{
           {"tree/closed", 0}, {"tree/readonly", 0500}, {"tree/unsearchable", 0600}, {"tree", 0500}}) {
    REQUIRE(::chmod((directory.path() / name).c_str(), mode) == 0);
  }
  CHECK_FALSE(kernel::remove_tree(open_directory(directory.path()).get(), "tree"));
  CHECK(entries_of(directory.path()).empty());
}

TEST_CASE("removing what is absent, a file or a link is a removal too", "[volume][removal]") {
  TemporaryDirectory directory;
  directory.write("file", "x");
  directory.write("kept", "x");
  std::filesystem::create_symlink("kept", directory.path() / "link");
  const FileDescriptor parent = open_directory(directory.path());
  for (const char* name : {"absent", "file", "link"}) CHECK_FALSE(kernel::remove_tree(parent.get(), name));
  CHECK(entries_of(directory.path()) == std::vector<std::string>{"kept"});
}

TEST_CASE("a wide directory is removed whole", "[volume][removal]") {
  TemporaryDirectory directory;
  directory.make("tree");
  for (int index = 0; index < 600; ++index) {
    std::ofstream{directory.path() / "tree" / ("a-file-with-a-longer-name-" + std::to_string(index))} << 'x';
  }
  CHECK_FALSE(kernel::remove_tree(open_directory(directory.path()).get(), "tree"));
  CHECK(entries_of(directory.path()).empty());
}

TEST_CASE("what killed processes left is swept when the store is opened", "[volume][removal]") {
  TemporaryStore temporary;
  temporary.directory.write("store/staging/0123/_data/file", "x");
  temporary.directory.make("store/staging/4567");
  temporary.directory.write("store/staging/4567.lock", "");
  temporary.directory.write("store/staging/89ab/lock", "");
  temporary.directory.write("store/staging/cdef.lock", "");
  temporary.directory.write("store/trash/89ab/_data/file", "x");
  temporary.store.create("v");
  (void)VolumeStore::open(temporary.root);
  CHECK(entries_of(temporary.root / "staging").empty());
  CHECK(entries_of(temporary.root / "trash").empty());
  CHECK(temporary.store.find("v"));
}

TEST_CASE("what needs more rights is kept for the layer that has them", "[volume][removal]") {
  TemporaryStore temporary;
  temporary.directory.write("store/trash/0123.kept/_data/file", "x");
  (void)VolumeStore::open(temporary.root);
  const FileDescriptor root = open_directory(temporary.root);
  CHECK(volume::sweep_trash(root.get()) == 1);

  std::vector<std::string> offered;
  const auto left = volume::sweep_trash(root.get(), [&](int trash_fd, const std::string& name) {
    offered.push_back(name);
    CHECK_FALSE(kernel::remove_tree(trash_fd, name));
  });
  CHECK(left == 0);
  CHECK(offered == std::vector<std::string>{"0123.kept"});
  CHECK(entries_of(temporary.root / "trash").empty());
}
