// SPDX-License-Identifier: Apache-2.0
#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "support/leak_guard.hpp"
#include "volume/use.hpp"

#include <fcntl.h>
#include <signal.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

using namespace dunnage;
using test::entries_of;
using test::message_of;
using test::TemporaryStore;
using volume::VolumeUse;
using Names = std::vector<std::string>;

TEST_CASE("a volume in use cannot be removed, and the error says who uses it", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("db-data");
  {
    const auto web = VolumeUse::acquire(temporary.root, "db-data", "c1", "web");
    CHECK(temporary.store.users("db-data") == Names{"web"});
    CHECK(message_of([&] { temporary.store.remove("db-data"); }) ==
          "cannot remove volume \"db-data\": used by container \"web\": the volume is in use [EBUSY]; stop it first");
    const auto shop = VolumeUse::acquire(temporary.root, "db-data", "c2", "shop");
    const auto nameless = VolumeUse::acquire(temporary.root, "db-data", "c3", "");
    try {
      temporary.store.remove("db-data");
      FAIL("it was removed");
    } catch (const VolumeError& error) {
      CHECK(error.code() == errc::volume_in_use);
      CHECK(error.users() == Names{"c3", "shop", "web"});
      CHECK(std::string{error.what()} ==
            "cannot remove volume \"db-data\": used by containers \"c3\", \"shop\" and \"web\": the volume is in use "
            "[EBUSY]; stop them first");
    }
    CHECK(temporary.store.find("db-data"));
  }
  CHECK(temporary.store.users("db-data").empty());
  CHECK(entries_of(temporary.root / "volumes/db-data/users").empty());
  temporary.store.remove("db-data");
}

TEST_CASE("a container may use a volume at several places", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  auto first = VolumeUse::acquire(temporary.root, "v", "c1", "web");
  std::optional<VolumeUse> second = VolumeUse::acquire(temporary.root, "v", "c1", "web");
  CHECK(temporary.store.users("v") == Names{"web"});
  first = std::move(*second);  // ends the first
  second.reset();
  CHECK(temporary.store.users("v") == Names{"web"});
}

TEST_CASE("the use lasts as long as a copy of its locks, wherever it lives", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  auto locks = VolumeUse::acquire(temporary.root, "v", "c1", "web").release_locks();
  REQUIRE(locks.size() == 2);
  CHECK(temporary.store.users("v") == Names{"web"});

  int ready[2];
  REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
  const pid_t keeper = test::start_process([&] {
    ::close(ready[1]);
    ::pause();
  });
  ::close(ready[1]);
  locks.clear();
  CHECK(temporary.store.users("v") == Names{"web"});
  CHECK_THROWS_AS(temporary.store.remove("v"), VolumeError);

  REQUIRE(::kill(keeper, SIGKILL) == 0);
  CHECK(WIFSIGNALED(test::wait_for(keeper)));
  ::close(ready[0]);
  CHECK(entries_of(temporary.root / "volumes/v/users") == Names{"c1"});
  CHECK(temporary.store.users("v").empty());
  CHECK(entries_of(temporary.root / "volumes/v/users").empty());  // the stale record was swept
  temporary.store.remove("v");
}

TEST_CASE("of several users the dead one is forgotten, the living one stays", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  const auto living = VolumeUse::acquire(temporary.root, "v", "c2", "living");
  auto dead = VolumeUse::acquire(temporary.root, "v", "c1", "dead").release_locks();
  CHECK(temporary.store.users("v") == Names{"dead", "living"});
  dead.clear();
  CHECK(temporary.store.users("v") == Names{"living"});
}

TEST_CASE("whoever puts a dead user's record away is taken for no user by others who look", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  constexpr int kRounds = 300;
  constexpr int kLookers = 4;
  std::barrier together{kLookers + 1};
  std::atomic<int> seen{0};
  std::vector<std::jthread> lookers;
  for (int looker = 0; looker < kLookers; ++looker) {
    lookers.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        together.arrive_and_wait();
        for (int look = 0; look < 3; ++look) seen += static_cast<int>(temporary.store.users("v").size());
        together.arrive_and_wait();
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    VolumeUse::acquire(temporary.root, "v", "c1", "dead").release_locks().clear();
    together.arrive_and_wait();
    together.arrive_and_wait();
  }
  lookers.clear();
  CHECK(seen == 0);
}

TEST_CASE("a use that is kept leaves its locks to their copies", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  std::vector<kernel::FileDescriptor> copies;
  {
    auto use = VolumeUse::acquire(temporary.root, "v", "c1", "web");
    for (const int fd : use.lock_fds()) copies.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    use.keep();
  }
  CHECK(temporary.store.users("v") == Names{"web"});
  copies.clear();
  CHECK(temporary.store.users("v").empty());
}

TEST_CASE("a forked copy of the process does not prolong a use that ended", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  std::optional<VolumeUse> use = VolumeUse::acquire(temporary.root, "v", "c1", "web");
  const pid_t copy = test::start_process([] { ::pause(); });
  use.reset();
  CHECK(temporary.store.users("v").empty());
  temporary.store.remove("v");
  CHECK(::kill(copy, SIGKILL) == 0);
  (void)test::wait_for(copy);
}

TEST_CASE("the data directory is given as a descriptor", "[volume][use]") {
  TemporaryStore temporary;
  const Volume volume = temporary.store.create("v");
  std::ofstream{volume.mountpoint() / "file"} << "text";
  const auto use = VolumeUse::acquire(temporary.root, "v", "c1", "web");
  const kernel::FileDescriptor file{::openat(use.data_fd(), "file", O_RDONLY | O_CLOEXEC)};
  CHECK(file);
  CHECK((::fcntl(use.data_fd(), F_GETFL) & O_PATH) != 0);
  CHECK(::fcntl(use.data_fd(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("using what is missing or damaged is refused and leaves nothing behind", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("db-data");
  std::filesystem::remove(temporary.store.create("broken").mountpoint());
  std::filesystem::create_directory_symlink("/", temporary.root / "volumes/broken/_data");
  test::LeakGuard guard;
  CHECK(message_of([&] { (void)VolumeUse::acquire(temporary.root, "db-dat", "c1", "web"); }) ==
        "cannot use volume \"db-dat\": no such volume [ENOENT]; did you mean \"db-data\"?");
  CHECK(message_of([&] { (void)VolumeUse::acquire(temporary.root / "absent", "v", "c1", "web"); }) ==
        "cannot use volume \"v\": no such volume [ENOENT]; create it first, or list the volumes");
  CHECK_FALSE(std::filesystem::exists(temporary.root / "absent"));
  CHECK(message_of([&] { (void)VolumeUse::acquire(temporary.root, "broken", "c1", "web"); }) ==
        "cannot use volume \"broken\": its data directory is missing or not a directory: the volume's metadata is "
        "damaged [EIO]; put \"" +
            (temporary.root / "volumes/broken/_data").string() + "\" back, or remove the volume");
  CHECK_THROWS_AS(VolumeUse::acquire(temporary.root, "db-data", "../../x", "web"), VolumeError);
  guard.check();
  CHECK(temporary.store.users("db-data").empty());
  temporary.store.remove("broken");
  CHECK(std::filesystem::exists("/usr"));
}

TEST_CASE("whoever holds the lock of a volume for a moment without using it is waited for", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  auto use = VolumeUse::acquire(temporary.root, "v", "c1", "web");
  auto locks = use.release_locks();
  locks.pop_back();  // the record's lock goes, the volume's stays
  std::jthread held_up{[&] {
    std::this_thread::sleep_for(std::chrono::seconds{2});
    locks.clear();
  }};
  CHECK_NOTHROW(temporary.store.remove("v"));
}

TEST_CASE("a volume whose lock is held by nobody known is in use all the same", "[volume][use]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  auto use = VolumeUse::acquire(temporary.root, "v", "c1", "web");
  auto locks = use.release_locks();
  locks.pop_back();  // the record's lock goes, the volume's stays
  CHECK(message_of([&] { temporary.store.remove("v"); }) ==
        "cannot remove volume \"v\": held by a process that left no record: the volume is in use [EBUSY]; end the "
        "process that holds its lock file (see lslocks)");
}
