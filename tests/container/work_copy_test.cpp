// SPDX-License-Identifier: Apache-2.0
// Copying trees by the launcher: what is copied is as it was, and whatever a source does, nothing else is copied.

#include "container/support.hpp"
#include "kernel/remove_tree.hpp"
#include "launcher/copy_tree.hpp"
#include "launcher/identity.hpp"
#include "launcher/own_list.hpp"
#include "support/tree.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>

namespace dunnage::test {
namespace {

using kernel::FileDescriptor;
using launcher::OwnList;
using launcher::TreeCopy;
using launcher::WorkOutcome;

FileDescriptor opened(const std::filesystem::path& path, int flags = O_RDONLY | O_DIRECTORY) {
  FileDescriptor fd{::open(path.c_str(), flags | O_CLOEXEC)};
  INFO(path.string());
  REQUIRE(fd);
  return fd;
}

class Copying {
 public:
  Copying() : connection_{launcher::Connection::get(launcher::identity_for(0, 0))} {
    (void)ground_.directory().make("from");
    (void)ground_.directory().make("to");
  }
  ~Copying() {
    // its files may belong to ids this user cannot remove, and be too deep for the standard library
    const FileDescriptor top = opened(ground_.directory().path());
    (void)kernel::remove_tree(top.get(), "from");
    if (who() == Launcher::Range) {
      (void)connection_->remove_tree(top.get(), "from", std::chrono::steady_clock::now() + 60s);
      (void)connection_->remove_tree(top.get(), "to", std::chrono::steady_clock::now() + 60s);
    }
  }
  Copying(const Copying&) = delete;
  Copying& operator=(const Copying&) = delete;

  [[nodiscard]] const TemporaryDirectory& directory() const { return ground_.directory(); }
  [[nodiscard]] std::filesystem::path from(std::string_view path = {}) const { return ground_.path("from") / path; }
  [[nodiscard]] std::filesystem::path to(std::string_view path = {}) const { return ground_.path("to") / path; }
  [[nodiscard]] const launcher::Connection& connection() const { return *connection_; }

  WorkOutcome copy(TreeCopy how = {}, const Watch& watch = {}) const {
    const FileDescriptor from_fd = opened(from());
    const FileDescriptor to_fd = opened(to());
    how.from = how.from >= 0 ? how.from : from_fd.get();
    how.to = how.to >= 0 ? how.to : to_fd.get();
    return launcher::copy_tree(*connection_, how, watch);
  }
  void must_copy(TreeCopy how = {}) const {
    const WorkOutcome outcome = copy(std::move(how));
    INFO(outcome.cause() << ": " << outcome.code().message());
    REQUIRE(outcome.done());
  }
  /// Gives the source's entries to somebody.
  void own(std::string_view path, std::uint32_t uid, std::uint32_t gid, std::optional<std::uint32_t> mode = {},
           std::string_view capability = {}) const {
    OwnList list;
    list.add(
        path,
        {.uid = uid, .gid = gid, .mode = mode, .modified = std::timespec{1'000'000, 123}, .capability = capability});
    const FileDescriptor top = opened(from());
    REQUIRE(list.apply(*connection_, top.get(), {}).done());
  }

 private:
  Ground ground_;
  std::shared_ptr<launcher::Connection> connection_;
};

void write_sparse(const std::filesystem::path& path) {
  const FileDescriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  REQUIRE(::pwrite(file.get(), "middle", 6, 5 << 20U) == 6);
  REQUIRE(::ftruncate(file.get(), 16 << 20U) == 0);
}

std::uint64_t blocks_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks);
}

/// An access list that lets uid 1 (of containers) read.
std::string access_list(std::uint32_t uid) {
  struct Entry {
    std::uint16_t tag, permissions;
    std::uint32_t id;
  };
  const Entry entries[] = {
      {0x01, 6, UINT32_MAX}, {0x02, 4, uid}, {0x04, 4, UINT32_MAX}, {0x10, 4, UINT32_MAX}, {0x20, 4, UINT32_MAX}};
  const std::uint32_t version = 2;
  std::string text(reinterpret_cast<const char*>(&version), sizeof version);
  return text.append(reinterpret_cast<const char*>(entries), sizeof entries);
}

void make_everything(const Copying& copying) {
  const TemporaryDirectory& files = copying.directory();
  files.write("from/etc/passwd", "root:x:0:0");
  files.write("from/etc/empty", "");
  files.write("from/bin/su", "a program");
  files.write("from/big", std::string(3'000'000, 'b'));
  files.write("from/name with \n newline", "x");
  (void)files.make("from/empty directory");
  (void)files.make("from/closed/in");
  write_sparse(copying.from("sparse"));
  std::filesystem::create_hard_link(copying.from("etc/passwd"), copying.from("bin/passwd-too"));
  std::filesystem::create_hard_link(copying.from("etc/passwd"), copying.from("etc/passwd-"));
  std::filesystem::create_symlink("/etc/passwd", copying.from("absolute"));
  std::filesystem::create_symlink("nowhere/../x", copying.from("dangling"));
  std::filesystem::create_hard_link(copying.from("dangling"), copying.from("etc/dangling-too"));
  REQUIRE(::mkfifo(copying.from("fifo").c_str(), 0640) == 0);
  (void)::setxattr(copying.from("etc/passwd").c_str(), "user.note", "kept", 4, 0);
  (void)::setxattr(copying.from("etc").c_str(), "user.note", "kept too", 8, 0);
  const std::string list = access_list(::geteuid());
  REQUIRE(::setxattr(copying.from("big").c_str(), "system.posix_acl_access", list.data(), list.size(), 0) == 0);
  REQUIRE(::setxattr(copying.from("etc").c_str(), "system.posix_acl_default", list.data(), list.size(), 0) == 0);
  REQUIRE(::chmod(copying.from("bin/su").c_str(), 04755) == 0);
  REQUIRE(::chmod(copying.from("etc").c_str(), 03775) == 0);
}

}  // namespace

TEST_CASE("a copied tree is as the original, in every kind of entry and everything about them", "[copy]") {
  const Copying copying;
  make_everything(copying);
  if (who() != Launcher::Single) {
    copying.own("etc/passwd", 42, 43, 0644);
    copying.own("bin/su", 42, 0, 06755);
    copying.own("absolute", 7, 8);
    copying.own("fifo", 9, 9, 0666);
    copying.own("empty directory", 999, 999, 01770);
  }
  if (who() == Launcher::Root) {
    REQUIRE(::mknod(copying.from("null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0);
    REQUIRE(::mknod(copying.from("disk").c_str(), S_IFBLK | 0600, makedev(259, 300'000)) == 0);
  }
  vfs_cap_data capability{};
  capability.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  capability.data[0].permitted = 1U << CAP_NET_RAW;
  copying.own("etc/empty", 0, 0, 0755, {reinterpret_cast<const char*>(&capability), sizeof capability});
  copying.own(".", 0, 0, 02751);
  copying.must_copy({.sync = true});
  CHECK(tree_of(copying.to()) == tree_of(copying.from()));
  CHECK(blocks_of(copying.to("sparse")) * 512 < 1U << 20U);
  struct stat passwd {};
  REQUIRE(::lstat(copying.to("etc/passwd").c_str(), &passwd) == 0);
  CHECK(passwd.st_nlink == 3);
}

TEST_CASE("an empty directory gives its owner, mode and times too", "[copy]") {
  const Copying copying;
  const std::uint32_t owner = who() == Launcher::Single ? 0 : 999;
  copying.own(".", owner, owner, 01755);
  copying.must_copy();
  struct stat status {};
  REQUIRE(::stat(copying.to().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 01755U);
  CHECK(status.st_mtim.tv_sec == 1'000'000);
  struct stat original {};
  REQUIRE(::stat(copying.from().c_str(), &original) == 0);
  CHECK(status.st_uid == original.st_uid);
}

TEST_CASE("one huge directory and many small ones are copied by all threads, and keep their times",
          "[copy][one-user]") {
  const Copying copying;
  for (int number = 0; number < 4000; ++number) {
    copying.directory().write("from/huge/file" + std::to_string(number), std::to_string(number));
  }
  for (int number = 0; number < 600; ++number) {
    const std::string name = "from/d" + std::to_string(number % 7) + "/e" + std::to_string(number);
    copying.directory().write(name + "/file", name);
    std::filesystem::create_hard_link(copying.directory().path() / (name + "/file"),
                                      copying.from("huge/link" + std::to_string(number)));
  }
  copying.must_copy();
  CHECK(tree_of(copying.to()) == tree_of(copying.from()));
}

TEST_CASE("access lists that a store's place gives to all that is made there do not reach the copy", "[copy]") {
  const Copying copying;
  copying.directory().write("from/d/file", "x");
  const std::string list = access_list(::geteuid());
  REQUIRE(::setxattr(copying.to().c_str(), "system.posix_acl_default", list.data(), list.size(), 0) == 0);
  copying.must_copy();
  CHECK(tree_of(copying.to()) == tree_of(copying.from()));
}

TEST_CASE("marks of overlays and labels of the machine are not copied", "[copy]") {
  const Copying copying;
  copying.directory().write("from/d/file", "x");
  REQUIRE(::setxattr(copying.from("d").c_str(), "user.overlay.opaque", "y", 1, 0) == 0);
  if (who() == Launcher::Root) {
    REQUIRE(::setxattr(copying.from("d").c_str(), "trusted.overlay.opaque", "y", 1, 0) == 0);
    REQUIRE(::setxattr(copying.from("d").c_str(), "trusted.own", "y", 1, 0) == 0);
  }
  copying.must_copy();
  CHECK(::getxattr(copying.to("d").c_str(), "user.overlay.opaque", nullptr, 0) < 0);
  CHECK(::getxattr(copying.to("d").c_str(), "trusted.overlay.opaque", nullptr, 0) < 0);
  CHECK((::getxattr(copying.to("d").c_str(), "trusted.own", nullptr, 0) == 1) == (who() == Launcher::Root));
}

TEST_CASE("a tree deeper than may be is refused by name, and harms nobody", "[copy][one-user]") {
  const Copying copying;
  FileDescriptor directory = opened(copying.from());
  const int depth = GENERATE(900, 5'000);
  for (int level = 0; level < depth; ++level) {
    (void)::mkdirat(directory.get(), "d", 0755);
    directory.reset(::openat(directory.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  REQUIRE(directory);
  const WorkOutcome outcome = copying.copy();
  if (depth < 1000) {
    INFO(outcome.cause() << ": " << outcome.code().message());
    CHECK(outcome.done());
    CHECK(outcome.entries == 900);
  } else {
    CHECK(outcome.failure.step == launcher::Step::BoundDepth);
    CHECK(outcome.path.ends_with("/d/d/d"));
  }
}

TEST_CASE("a copy is bounded in entries and bytes", "[copy]") {
  const Copying copying;
  for (int number = 0; number < 20; ++number) copying.directory().write("from/f" + std::to_string(number), "12345");
  CHECK(copying.copy({.most_entries = 10}).failure.step == launcher::Step::BoundEntries);
  std::filesystem::remove_all(copying.to());
  std::filesystem::create_directory(copying.to());
  const WorkOutcome outcome = copying.copy({.most_bytes = 99});
  CHECK(outcome.failure.step == launcher::Step::BoundBytes);
  CHECK(outcome.code() == std::errc::file_too_large);
  std::filesystem::remove_all(copying.to());
  std::filesystem::create_directory(copying.to());
  CHECK(copying.copy({.most_entries = 20, .most_bytes = 100}).done());
}

TEST_CASE("what is there already is not overwritten, and the error says what", "[copy]") {
  const Copying copying;
  copying.directory().write("from/a/b/file", "new");
  copying.directory().write("to/a/b/file", "old");
  const WorkOutcome outcome = copying.copy();
  CHECK(outcome.code() == std::errc::file_exists);
  CHECK(outcome.cause() == "make \"a\"");
  CHECK(copying.directory().read("to/a/b/file") == "old");
}

TEST_CASE("a copy into what is there replaces names, never what they lead to", "[copy]") {
  const Copying copying;
  copying.directory().write("canary", "untouched");
  copying.directory().write("from/d/file", "new");
  copying.directory().write("from/d/fresh/file", "new");
  copying.directory().write("to/d/other", "stays");
  std::filesystem::create_symlink("../../canary", copying.to("d/file"));
  const auto before = std::filesystem::last_write_time(copying.to());
  copying.must_copy({.merge = true});
  CHECK(copying.directory().read("canary") == "untouched");
  CHECK_FALSE(std::filesystem::is_symlink(copying.to("d/file")));
  CHECK(copying.directory().read("to/d/file") == "new");
  CHECK(copying.directory().read("to/d/fresh/file") == "new");
  CHECK(copying.directory().read("to/d/other") == "stays");
  CHECK(std::filesystem::last_write_time(copying.to()) == before);

  std::filesystem::remove_all(copying.to("d"));
  std::filesystem::create_directory_symlink("../elsewhere", copying.to("d"));
  (void)copying.directory().make("elsewhere");
  const WorkOutcome led = copying.copy({.merge = true});
  CHECK(led.code() == std::errc::not_a_directory);
  CHECK(led.cause() == "replace \"d\"");
  CHECK(std::filesystem::is_empty(copying.directory().path() / "elsewhere"));

  std::filesystem::remove(copying.to("d"));
  copying.directory().write("to/d/file/in", "a directory where a file is to be");
  CHECK(copying.copy({.merge = true}).code() == std::errc::is_a_directory);
}

TEST_CASE("an entry of any kind is copied under the name it is given", "[copy]") {
  const Copying copying;
  make_everything(copying);
  for (const char* name : {"absolute", "bin", "etc/passwd", "fifo", "sparse"}) {
    INFO(name);
    const FileDescriptor entry = opened(copying.from(name), O_PATH | O_NOFOLLOW);
    copying.must_copy({.from = entry.get(), .name = "copy"});
    CHECK(std::filesystem::symlink_status(copying.to("copy")).type() ==
          std::filesystem::symlink_status(copying.from(name)).type());
    if (std::filesystem::is_directory(copying.from(name))) {
      CHECK(std::filesystem::exists(copying.to("copy/su")));
    }
    std::filesystem::remove_all(copying.to("copy"));
  }
  const FileDescriptor entry = opened(copying.from("etc/empty"), O_PATH);
  for (const char* name : {"..", ".", "a/b"}) {
    INFO(name);
    CHECK_FALSE(copying.copy({.from = entry.get(), .name = name}).done());
  }
}

TEST_CASE("copies belong to whom they are to belong to", "[copy]") {
  if (!requires_many_ids()) return;
  const Copying copying;
  copying.directory().write("from/d/file", "x");
  copying.own("d/file", 42, 42, 0644);
  copying.own("d", 7, 7, 0755);
  copying.must_copy({.uid = 0, .gid = 0});
  struct stat file {};
  REQUIRE(::stat(copying.to("d/file").c_str(), &file) == 0);
  CHECK(file.st_uid == ::geteuid());
  CHECK(file.st_gid == ::getegid());
}

TEST_CASE("a directory is not copied into itself without end", "[copy]") {
  const Copying copying;
  copying.directory().write("from/a/file", "x");
  const auto inside = copying.directory().make("from/b/c");
  const FileDescriptor to = opened(inside);
  const WorkOutcome outcome = copying.copy({.to = to.get()});
  CHECK(outcome.failure.step == launcher::Step::IntoItself);
  CHECK(outcome.path == "b/c");
}

TEST_CASE("a source whose files become links, FIFOs and devices meanwhile never leads out, and nothing hangs",
          "[copy]") {
  const Copying copying;
  copying.directory().write("canary/file", "CANARY");
  for (int number = 0; number < 40; ++number) {
    copying.directory().write("from/d" + std::to_string(number) + "/file", "harmless");
  }
  std::atomic<bool> stop{false};
  std::thread swapper{[&] {
    for (unsigned turn = 0; !stop; ++turn) {
      const std::string name = "d" + std::to_string(turn % 40);
      const auto file = copying.from(name + "/file");
      ::unlink(file.c_str());
      if (turn % 3 == 0) {
        (void)::symlink("../../canary/file", file.c_str());
      } else if (turn % 3 == 1) {
        (void)::mkfifo(file.c_str(), 0644);
      } else {
        std::ofstream{file} << "harmless";
      }
      const auto directory = copying.from(name);
      const auto aside = copying.from("aside");
      if (::rename(directory.c_str(), aside.c_str()) == 0) {
        (void)::symlink("../canary", directory.c_str());
        ::unlink(directory.c_str());
        (void)::rename(aside.c_str(), directory.c_str());
      }
    }
  }};
  for (int round = 0; round < 60; ++round) {
    const std::string name = "round" + std::to_string(round);
    (void)copying.directory().make("to/" + name);
    const FileDescriptor to = opened(copying.to(name));
    const WorkOutcome outcome = copying.copy(
        {.to = to.get()}, {.progress = {}, .stop = {}, .deadline = std::chrono::steady_clock::now() + kPatience});
    CHECK(outcome.end != WorkOutcome::End::TimedOut);
    CHECK(tree_of(copying.to(name)).find("CANARY") == std::string::npos);
  }
  stop = true;
  swapper.join();
}

TEST_CASE("a file that grows while it is copied ends", "[copy]") {
  const Copying copying;
  copying.directory().write("from/log", std::string(1 << 20U, 'x'));
  std::atomic<bool> stop{false};
  std::thread writer{[&] {
    std::ofstream file{copying.from("log"), std::ios::app};
    const std::string more(1 << 16U, 'y');
    while (!stop && file.tellp() < (std::streamoff{256} << 20U)) file << more << std::flush;
  }};
  const WorkOutcome outcome =
      copying.copy({}, {.progress = {}, .stop = {}, .deadline = std::chrono::steady_clock::now() + kPatience});
  stop = true;
  writer.join();
  CHECK(outcome.done());
}

TEST_CASE("a copy that is cancelled ends, and nothing goes on", "[copy][one-user]") {
  const Copying copying;
  for (int number = 0; number < 30'000; ++number) {
    if (number % 100 == 0) (void)copying.directory().make("from/d" + std::to_string(number / 100));
    std::ofstream{copying.from("d" + std::to_string(number / 100) + "/f" + std::to_string(number))} << "x";
  }
  const auto cancelled = [&] {
    std::stop_source stop;
    std::jthread canceller{[&](const std::stop_token& ended) {
      while (!ended.stop_requested() && std::filesystem::is_empty(copying.to())) std::this_thread::yield();
      stop.request_stop();
    }};
    return copying.copy({}, {.progress = {}, .stop = stop.get_token(), .deadline = {}});
  };
  WorkOutcome outcome = cancelled();
  for (int again = 0; outcome.done() && again < 10; ++again) {  // it was over before anybody looked
    std::filesystem::remove_all(copying.to());
    (void)copying.directory().make("to");
    outcome = cancelled();
  }
  CHECK(outcome.code() == errc::cancelled);
  const std::string then = tree_of(copying.to());
  std::this_thread::sleep_for(50ms);
  CHECK(tree_of(copying.to()) == then);
}

}  // namespace dunnage::test
