// SPDX-License-Identifier: Apache-2.0
#include "container/record.hpp"

#include "container/config.hpp"
#include "container/control.hpp"
#include "unit/answering_launcher.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

using namespace dunnage;
using test::AnsweringLauncher;
using test::entries_of;
using test::message_of;
using test::RecordStore;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("a record has all of its files when it gets its name, and is private", "[container][record]") {
  const RecordStore store;
  const mode_t before = ::umask(0777);
  const container::Record record = store.create(RecordStore::config_of("db"));
  ::umask(before);
  CHECK(entries_of(store.root / "containers") == std::vector<std::string>{"db"});
  CHECK(entries_of(store.record("db")) == std::vector<std::string>{"config.json", "control.sock", "lock", "log"});
  CHECK(mode_of(store.record("db")) == 0700);
  for (const char* file : {"config.json", "control.sock", "lock", "log"}) {
    CHECK(mode_of(store.record("db") / file) == 0600);
  }
  CHECK((::fcntl(record.log.get(), F_GETFL) & O_APPEND) != 0);
  for (const auto* fd :
       {&record.directory, &record.containers, &record.trash, &record.volumes, &record.log, &record.control}) {
    CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("a record can lie deeper than the address of a socket is long", "[container][record]") {
  const test::TemporaryDirectory directory;
  const auto root = directory.path() / std::string(120, 'd') / "store";
  const auto containers = ContainerStore::open(root);
  const auto volumes = VolumeStore::open(root);
  const auto& layout = VolumeStoreAccess::layout(volumes);
  CHECK_NOTHROW(container::create_record(layout, RecordStore::config_of("db")));
  CHECK(containers.list().size() == 1);
}

TEST_CASE("the name of a container is taken until its record is removed", "[container][record]") {
  RecordStore store;
  store.leave(RecordStore::config_of("db"), test::kExitedState);
  try {
    (void)store.create(RecordStore::config_of("db"));
    FAIL("nothing was thrown");
  } catch (const LaunchError& error) {
    CHECK(error.code() == errc::container_exists);
    CHECK(error.stage() == Stage::Launch);
    CHECK(std::string{error.what()} ==
          "cannot launch container \"db\": the container exists [EEXIST]; remove it with ContainerStore::remove(), or "
          "choose another name");
  }
  CHECK(entries_of(store.root / "containers") == std::vector<std::string>{"db"});
  store.containers.remove("db");
  CHECK_NOTHROW(store.create(RecordStore::config_of("db")));
}

TEST_CASE("of threads that want one name exactly one gets it", "[container][record]") {
  const RecordStore store;
  constexpr int kThreads = 12;
  std::atomic<int> made{0};
  std::atomic<int> refused{0};
  std::vector<container::Record> records(kThreads);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      try {
        records[static_cast<std::size_t>(number)] = store.create(RecordStore::config_of("db"));
        ++made;
      } catch (const LaunchError& error) {
        refused += error.code() == errc::container_exists ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(made == 1);
  CHECK(refused == kThreads - 1);
  CHECK(entries_of(store.root / "containers") == std::vector<std::string>{"db"});
}

TEST_CASE("a record that its launcher should have removed gives way, once", "[container][record]") {
  RecordStore store;
  container::Config old = RecordStore::config_of("db");
  old.remove_on_exit = true;
  old.anonymous_volumes = {store.store.create_anonymous("db").name(), "gone"};
  store.leave(old, test::kRunningState);
  constexpr int kThreads = 8;
  std::atomic<int> made{0};
  std::vector<container::Record> records(kThreads);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      try {
        container::Config config = RecordStore::config_of("db");
        config.remove_on_exit = true;
        records[static_cast<std::size_t>(number)] = store.create(config);
        ++made;
      } catch (const LaunchError&) {
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(made == 1);
  records.clear();
  CHECK(store.containers.inspect("db").id != old.id);
  CHECK(store.store.list().empty());
  CHECK(entries_of(store.root / "trash").empty());
}

TEST_CASE("a record whose launcher lives does not give way", "[container][record]") {
  const RecordStore store;
  container::Config config = RecordStore::config_of("db");
  config.remove_on_exit = true;
  const AnsweringLauncher launcher{store.create(config)};
  CHECK_THROWS_AS(store.create(RecordStore::config_of("db")), LaunchError);
  CHECK(store.containers.inspect("db").id == config.id);
}

TEST_CASE("a name that is none makes no record", "[container][record]") {
  const RecordStore store;
  for (const char* name : {"", ".hidden", "../up", "a/b", "-x"}) {
    CHECK(message_of([&] { (void)store.create(RecordStore::config_of(name)); }).find("not a name for a container") !=
          std::string::npos);
  }
  CHECK(entries_of(store.root / "containers").empty());
}

TEST_CASE("a record that was discarded is gone", "[container][record]") {
  const RecordStore store;
  const auto record = store.create(RecordStore::config_of("db"));
  container::discard_record(store.layout(), "db");
  container::discard_record(store.layout(), "db");
  CHECK(entries_of(store.root / "containers").empty());
  CHECK(entries_of(store.root / "trash").empty());
}

TEST_CASE("what a process killed long ago was about to make is swept, and never listed", "[container][record]") {
  const RecordStore store;
  const auto containers = store.root / "containers";
  std::filesystem::create_directories(containers / ".new-old" / "x");
  std::filesystem::create_directories(containers / ".new-young");
  const timespec long_ago[2]{{1000, 0}, {1000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, (containers / ".new-old").c_str(), long_ago, 0) == 0);
  const auto again = ContainerStore::open(store.root);
  CHECK(again.list().empty());
  CHECK(entries_of(containers) == std::vector<std::string>{".new-young"});
}

TEST_CASE("a record is opened again with its log and another socket", "[container][record]") {
  const RecordStore store;
  container::Config config = RecordStore::config_of("db");
  store.leave(config, test::kExitedState);
  test::append(store.record("db") / "log", test::log_entry("one\n"));
  config.argv = {"true"};
  {
    const container::Record record = container::reopen_record(store.layout(), config);
    CHECK(entries_of(store.record("db")) ==
          std::vector<std::string>{"config.json", "control.sock", "lock", "log", "state.json"});
    CHECK_THROWS_AS(container::reopen_record(store.layout(), config), LaunchError);  // it is open
  }
  CHECK(store.containers.inspect("db").argv == std::vector<std::string>{"true"});
  CHECK(store.containers.inspect("db").status == ContainerStatus::Exited);  // nothing new is known
  CHECK_THROWS_AS(container::reopen_record(store.layout(), RecordStore::config_of("db")), LaunchError);
  container::discard_record(store.layout(), "db");
  CHECK_NOTHROW(container::reopen_record(store.layout(), config));
  CHECK(entries_of(store.root / "containers") == std::vector<std::string>{"db"});
}
