// SPDX-License-Identifier: Apache-2.0
// Giving files their owners by the launcher, whose ids an ordinary user has not.

#include "container/support.hpp"
#include "launcher/identity.hpp"
#include "launcher/own_list.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

namespace dunnage::test {
namespace {

using launcher::Owning;
using launcher::OwnList;
using launcher::WorkOutcome;

/// A tree with everything an archive may hold, and the launcher that works on it.
class Tree {
 public:
  Tree() : connection_{launcher::Connection::get(identity_)} {
    ground_.directory().write("tree/etc/shadow", "secret");
    ground_.directory().write("tree/bin/ping", "program");
    std::filesystem::create_symlink("/etc/passwd", path("link"));
    ::mkfifo(path("fifo").c_str(), 0600);
    directory_.reset(::open(path(".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  [[nodiscard]] std::filesystem::path path(std::string_view relative) const { return ground_.path("tree") / relative; }
  [[nodiscard]] const TemporaryDirectory& directory() const { return ground_.directory(); }
  [[nodiscard]] WorkOutcome apply(OwnList& list, const Watch& watch = {}) const {
    return list.apply(*connection_, directory_.get(), watch);
  }
  [[nodiscard]] struct stat status(std::string_view relative) const {
    struct stat found {};
    REQUIRE(::lstat(path(relative).c_str(), &found) == 0);
    return found;
  }
  /// The id on this machine that an id of containers is.
  [[nodiscard]] static std::uint32_t outside(const std::vector<launcher::IdRange>& ranges, std::uint32_t inside) {
    for (const launcher::IdRange& range : ranges) {
      if (inside >= range.inside && inside - range.inside < range.count) return range.outside + inside - range.inside;
    }
    return inside;
  }
  [[nodiscard]] const launcher::Identity& identity() const { return identity_; }

 private:
  Ground ground_;
  launcher::Identity identity_ = launcher::identity_for(0, 0);
  std::shared_ptr<launcher::Connection> connection_;
  kernel::FileDescriptor directory_;
};

/// cap_net_raw as an archive holds it.
std::string net_raw() {
  vfs_cap_data value{};
  value.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  value.data[0].permitted = 1U << CAP_NET_RAW;
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

TEST_CASE("files get the owners, modes and times they are to have, links too", "[work]") {
  const Tree tree;
  const std::uint32_t other = who() == Launcher::Single ? 0 : 42;
  OwnList list;
  list.add("etc/shadow", {.uid = 0, .gid = other, .mode = 0640, .modified = std::timespec{1000, 5}});
  list.add("link", {.uid = other, .gid = other, .mode = 0777, .modified = std::timespec{2000, 0}});
  list.add("fifo", {.uid = other, .gid = 0, .mode = 02755});
  list.add("etc", {.mode = 01711, .modified = std::timespec{-3, 7}});
  list.add(".", {.uid = other, .gid = other, .mode = 0755, .modified = std::timespec{4000, 0}});
  const WorkOutcome outcome = tree.apply(list);
  INFO(outcome.cause() << ": " << outcome.code().message());
  REQUIRE(outcome.done());
  CHECK(outcome.entries == 5);
  const auto& [privilege, users, groups] = tree.identity();
  const struct stat shadow = tree.status("etc/shadow");
  CHECK(shadow.st_uid == Tree::outside(users, 0));
  CHECK(shadow.st_gid == Tree::outside(groups, other));
  CHECK((shadow.st_mode & 07777U) == 0640U);
  CHECK(shadow.st_mtim.tv_sec == 1000);
  CHECK(shadow.st_mtim.tv_nsec == 5);
  const struct stat link = tree.status("link");
  CHECK(S_ISLNK(link.st_mode));
  CHECK(link.st_uid == Tree::outside(users, other));
  CHECK(link.st_mtim.tv_sec == 2000);
  CHECK((tree.status("fifo").st_mode & 07777U) == 02755U);
  CHECK((tree.status("etc").st_mode & 07777U) == 01711U);
  CHECK(tree.status("etc").st_mtim.tv_sec == -3);
  CHECK(tree.status(".").st_uid == Tree::outside(users, other));
  CHECK(tree.status(".").st_mtim.tv_sec == 4000);
}

TEST_CASE("a file gets its capabilities after its owner, who would take them away", "[work]") {
  const Tree tree;
  const std::string capability = net_raw();
  OwnList list;
  list.add("bin/ping", {.uid = 0, .gid = 0, .mode = 0755, .capability = capability});
  const WorkOutcome outcome = tree.apply(list);
  INFO(outcome.cause() << ": " << outcome.code().message());
  REQUIRE(outcome.done());
  std::array<char, 64> value{};
  const ssize_t size = ::getxattr(tree.path("bin/ping").c_str(), "security.capability", value.data(), value.size());
  // in a user namespace the kernel adds the id of its root, for whom alone they hold
  CHECK(size == (who() == Launcher::Root ? ssize_t{sizeof(vfs_cap_data)} : ssize_t{sizeof(vfs_ns_cap_data)}));
}

TEST_CASE("an owner that this user has no right to give is refused by name, and the rest is left alone", "[work]") {
  if (who() == Launcher::Root) return skip("root may give everything to everybody");
  const Tree tree;
  OwnList list;
  list.add("etc/shadow", {.uid = 1'000'000, .gid = 0, .mode = 0600});
  list.add("bin/ping", {.mode = 0700});
  const WorkOutcome outcome = tree.apply(list);
  CHECK(outcome.end == WorkOutcome::End::Failed);
  CHECK(outcome.failure.step == launcher::Step::SetOwner);
  CHECK(outcome.code() == std::errc::invalid_argument);
  CHECK(outcome.cause() == "set the owner of \"etc/shadow\"");
  CHECK((tree.status("bin/ping").st_mode & 07777U) != 0700U);
}

TEST_CASE("no path of the list leads out of the tree", "[work]") {
  const Tree tree;
  tree.directory().write("outside/file", "not yours");
  const auto outside = tree.path("../outside/file");
  ::chmod(outside.c_str(), 0600);
  std::filesystem::create_symlink("../outside", tree.path("away"));
  std::filesystem::create_symlink("../outside/file", tree.path("leaf"));
  for (const char* path : {"../outside/file", "away/file", "etc/../../outside/file"}) {
    OwnList list;
    list.add(path, {.mode = 0777});
    INFO(path);
    const WorkOutcome outcome = tree.apply(list);
    CHECK(outcome.end == WorkOutcome::End::Failed);
    CHECK(outcome.failure.step == launcher::Step::OpenEntry);
    CHECK(outcome.path == path);
  }
  OwnList list;
  list.add("leaf", {.mode = 0777, .modified = std::timespec{77, 0}});
  CHECK(tree.apply(list).done());  // the link itself
  CHECK(tree.status("leaf").st_mtim.tv_sec == 77);
  CHECK((tree.status("../outside/file").st_mode & 07777U) == 0600U);
  CHECK(tree.status("../outside/file").st_mtim.tv_sec != 77);
  CHECK_THROWS(OwnList{}.add("/etc/passwd", {.mode = 0777}));
  CHECK_THROWS(OwnList{}.add("", {.mode = 0777}));
  CHECK_THROWS(OwnList{}.add(std::string(5000, 'a'), {.mode = 0777}));
}

TEST_CASE("a list of nothing is done at once", "[work]") {
  const Tree tree;
  OwnList list;
  CHECK(tree.apply(list).done());
}

TEST_CASE("a memory that holds no list is refused", "[work]") {
  const Tree tree;
  const kernel::FileDescriptor file{::open(tree.path("etc/shadow").c_str(), O_RDONLY | O_CLOEXEC)};
  const kernel::FileDescriptor top{::open(tree.path(".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  launcher::Work work;
  work.request.kind = launcher::WorkKind::Own;
  work.descriptors = {top.get(), file.get()};
  const auto connection = launcher::Connection::get(tree.identity());
  const WorkOutcome outcome = launcher::run_work(*connection, work, {});
  CHECK(outcome.failure.step == launcher::Step::ReadRecords);
  CHECK(outcome.code() == std::errc::bad_message);
  work.descriptors = {top.get()};
  CHECK(launcher::run_work(*connection, work, {}).code() == std::errc::bad_message);
  work.request.kind = launcher::WorkKind{77};
  CHECK(launcher::run_work(*connection, work, {}).failure.step == launcher::Step::StartWork);
}

TEST_CASE("work reports its progress, and ends when it is cancelled, late or no longer wanted", "[work]") {
  const Tree tree;
  OwnList list;
  for (int number = 0; number < 1'000'000; ++number) {
    list.add("etc/shadow", {.mode = 0600U | (number % 2 == 0 ? 0U : 0044U)});
  }
  // all of it may be done while this process waits for a processor; then it is done again
  const auto ended = [&](const std::function<WorkOutcome()>& work) {
    WorkOutcome outcome = work();
    for (int again = 0; outcome.done() && again < 10; ++again) outcome = work();
    return outcome;
  };
  SECTION("cancelled") {
    std::uint64_t seen = 0;
    const WorkOutcome outcome = ended([&] {
      std::stop_source stop;
      const auto progress = [&](const Progress& now) {
        seen = now.done;
        CHECK(now.step == "own");
        stop.request_stop();
      };
      return tree.apply(list, {.progress = progress, .stop = stop.get_token(), .deadline = {}});
    });
    CHECK(seen > 0);
    CHECK(outcome.end == WorkOutcome::End::Cancelled);
    CHECK(outcome.code() == errc::cancelled);
  }
  SECTION("cancelled before it began") {
    std::stop_source stop;
    stop.request_stop();
    CHECK(tree.apply(list, {.progress = {}, .stop = stop.get_token(), .deadline = {}}).code() == errc::cancelled);
  }
  SECTION("late") {
    const WorkOutcome outcome = ended([&] {
      const auto deadline = std::chrono::steady_clock::now() + 50ms;
      return tree.apply(list, {.progress = {}, .stop = {}, .deadline = deadline});
    });
    CHECK(outcome.code() == errc::timed_out);
  }
  SECTION("its progress throws") {
    const Watch watch{
        .progress = [](const Progress&) { throw std::runtime_error{"enough"}; }, .stop = {}, .deadline = {}};
    std::string said;
    for (int again = 0; said.empty() && again < 10; ++again) {
      try {
        (void)tree.apply(list, watch);
      } catch (const std::runtime_error& error) {
        said = error.what();
      }
    }
    CHECK(said == "enough");
  }
  // nothing works on the tree any more
  ::chmod(tree.path("etc/shadow").c_str(), 0400);
  std::this_thread::sleep_for(30ms);
  CHECK((tree.status("etc/shadow").st_mode & 07777U) == 0400U);
}

}  // namespace dunnage::test
