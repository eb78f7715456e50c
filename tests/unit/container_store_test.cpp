// SPDX-License-Identifier: Apache-2.0
#include "container/record.hpp"

#include "container/config.hpp"
#include "container/control.hpp"
#include "container/record_lock.hpp"
#include "support/error_code.hpp"
#include "unit/answering_launcher.hpp"
#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <deque>
#include <functional>
#include <thread>

using namespace dunnage;
using namespace std::chrono_literals;
using launcher::ContainerState;
using test::AnsweringLauncher;
using test::code_of;
using test::entries_of;
using test::message_of;
using test::RecordStore;

TEST_CASE("containers are listed in the order of their creation", "[container][store]") {
  const RecordStore store;
  const auto now = std::chrono::system_clock::now();
  int age = 0;
  for (const char* name : {"c", "a", "b"}) {
    container::Config config = RecordStore::config_of(name);
    config.created_at = now - std::chrono::hours{++age};
    store.leave(config, test::kExitedState);
  }
  std::filesystem::create_directories(store.record("empty"));  // of a power cut
  std::ofstream{store.record("file")} << "no record";
  std::vector<std::string> names;
  for (const auto& info : store.containers.list()) names.push_back(info.name);
  CHECK(names == std::vector<std::string>{"b", "a", "c", "empty"});
}

TEST_CASE("many containers are listed with few descriptors left, and told as they are", "[container][store]") {
  const RecordStore store;
  constexpr int kMany = 12;
  const rlim_t left = GENERATE(range(6, 14));
  INFO(left << " descriptors");
  std::deque<AnsweringLauncher> launchers;
  for (int number = 0; number < kMany; ++number) {
    launchers.emplace_back(store.create(RecordStore::config_of("runs" + std::to_string(number))));
    store.leave(RecordStore::config_of("ended" + std::to_string(number)), test::kExitedState);
  }
  CHECK(test::wait_for(test::start_process([&] {
          const kernel::FileDescriptor next{::open("/", O_PATH | O_CLOEXEC)};
          const rlimit few{.rlim_cur = static_cast<rlim_t>(next.get()) + left, .rlim_max = 1024};
          if (::setrlimit(RLIMIT_NOFILE, &few) != 0) throw std::runtime_error{"setrlimit"};
          const auto wrong = [&]() -> std::string {
            const auto infos = store.containers.list();
            if (infos.size() != std::size_t{2} * kMany) throw std::runtime_error{"some are missing"};
            for (const auto& info : infos) {
              const bool right = info.name.starts_with("runs")
                                     ? info.status == ContainerStatus::Running && info.pid == ::getppid()
                                     : info.exit == ExitStatus::exited(7);
              if (!right) return info.name;
            }
            return {};
          };
          // on a busy machine a launcher may not answer in the time it has; then it is asked once more
          std::string name = wrong();
          for (int again = 0; !name.empty() && again < 5; ++again) name = wrong();
          if (!name.empty()) throw std::runtime_error{name + " is told wrongly"};
        })) == 0);
}

TEST_CASE("a container that has ended is listed with how it ended", "[container][store]") {
  const RecordStore store;
  container::Config config = RecordStore::config_of("db");
  config.labels = {{"app", "shop"}};
  store.leave(config, test::kExitedState);
  const ContainerInfo info = store.containers.inspect("db");
  CHECK(info.status == ContainerStatus::Exited);
  CHECK(info.exit == ExitStatus::exited(7));
  CHECK(info.restart_count == 2);
  CHECK(info.pid == 0);
  CHECK(info.started_at.time_since_epoch() == 1s);
  CHECK(info.finished_at.time_since_epoch() == 3s);
  CHECK(info.id == config.id);
  CHECK(info.labels == config.labels);
  CHECK(info.log == store.record("db") / "log");
}

TEST_CASE("what is planted in place of a record's files is not followed, not read and not waited for",  // P-50
          "[container][store][hostile]") {
  const RecordStore store;
  const test::TemporaryDirectory elsewhere;
  const auto canary = elsewhere.write("canary", "secret");
  const auto plant = [&](const std::filesystem::path& path, const std::string& kind) {
    std::filesystem::remove_all(path);
    if (kind == "link") std::filesystem::create_symlink(canary, path);
    if (kind == "FIFO") REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    if (kind == "directory") std::filesystem::create_directory(path);
  };
  for (const std::string kind : {"link", "FIFO", "directory"}) {
    INFO(kind);
    store.leave(RecordStore::config_of("db"), test::kExitedState);
    plant(store.record("db") / "log", kind);
    std::string read;
    const auto sink = [&](const LogEntry& entry) { read += entry.data; };
    CHECK(code_of([&] { store.containers.logs("db", sink); }));
    CHECK(read.empty());
    plant(store.record("db") / "state.json", kind);
    const auto listed = store.containers.list();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].status == ContainerStatus::Created);  // as if there was none
    CHECK_FALSE(listed[0].exit);
    plant(store.record("db") / "config.json", kind);
    CHECK(code_of([&] { (void)store.containers.inspect("db"); }));
    CHECK(store.containers.list().size() == 1);
    std::filesystem::remove_all(store.record("db"));
  }
  CHECK(elsewhere.read("canary") == "secret");
}

TEST_CASE("a container whose launcher was killed is listed as dead, and can be removed", "[container][store]") {
  RecordStore store;
  store.leave(RecordStore::config_of("db"), test::kRunningState);
  const auto listed = store.containers.list();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].status == ContainerStatus::Dead);
  CHECK(listed[0].exit == ExitStatus::signaled(SIGKILL, true));
  CHECK(listed[0].pid == 0);
  store.containers.remove("db");
  CHECK(store.containers.list().empty());
  CHECK(entries_of(store.root / "trash").empty());
}

TEST_CASE("a container that was never started is created at first, and dead later", "[container][store]") {
  const RecordStore store;
  container::Config config = RecordStore::config_of("young");
  store.leave(config, {});
  CHECK(store.containers.inspect("young").status == ContainerStatus::Created);
  config = RecordStore::config_of("old");
  config.created_at -= std::chrono::minutes{2};
  store.leave(config, {});
  CHECK(store.containers.inspect("old").status == ContainerStatus::Dead);
}

TEST_CASE("a launcher that lives is believed, not the file", "[container][store]") {
  const RecordStore store;
  AnsweringLauncher launcher{store.create(RecordStore::config_of("db"))};
  RecordStore::write(store.record("db") / "state.json", test::kExitedState);
  ContainerInfo info = store.containers.inspect("db");
  CHECK(info.status == ContainerStatus::Running);
  CHECK(info.pid == ::getpid());
  CHECK_FALSE(info.exit);
  CHECK(info.restart_count == 4);
  CHECK(info.started_at.time_since_epoch() == 5s);
  CHECK(info.finished_at.time_since_epoch() == 0s);
  launcher.state = ContainerState::Paused;
  CHECK(store.containers.inspect("db").status == ContainerStatus::Paused);
  launcher.state = ContainerState::Restarting;
  info = store.containers.inspect("db");
  CHECK(info.status == ContainerStatus::Restarting);
  CHECK(info.pid == 0);
}

TEST_CASE("launchers that do not answer hold up a listing for two seconds, not each", "[container][store]") {
  const RecordStore store;
  std::vector<container::Record> records;
  for (int number = 0; number < 10; ++number) {
    records.push_back(store.create(RecordStore::config_of("c" + std::to_string(number))));
    RecordStore::write(store.record("c" + std::to_string(number)) / "state.json", test::kRunningState);
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto listed = store.containers.list();
  CHECK(std::chrono::steady_clock::now() - begin < 12s);  // each of them would be 20
  REQUIRE(listed.size() == 10);
  for (const auto& info : listed) CHECK(info.status == ContainerStatus::Running);
}

TEST_CASE("a container is found by name, id and the beginning of an id", "[container][store]") {
  const RecordStore store;
  container::Config first = RecordStore::config_of("first");
  first.id = "abc" + std::string(61, '1');
  container::Config second = RecordStore::config_of("second");
  second.id = "abd" + std::string(61, '1');
  container::Config named = RecordStore::config_of("abc1");
  named.id = std::string(64, 'f');
  for (const auto& config : {first, second, named}) store.leave(config, test::kExitedState);
  CHECK(store.containers.inspect("first").id == first.id);
  CHECK(store.containers.inspect(second.id).name == "second");
  CHECK(store.containers.inspect("abd").name == "second");
  CHECK(store.containers.inspect("abc11").name == "first");
  CHECK(store.containers.inspect("abc1").name == "abc1");  // a name goes before the beginning of an id
  CHECK_FALSE(store.containers.find("abe"));
  CHECK_FALSE(store.containers.find(""));
  CHECK_FALSE(store.containers.find("../containers/first"));
  CHECK(message_of([&] { (void)store.containers.find("ab"); }) ==
        "cannot inspect container \"ab\": the ids of \"first\" and \"second\" begin so: invalid argument [EINVAL]; "
        "give more digits, or a name");
}

TEST_CASE("a container that is not there is an error that names the nearest", "[container][store]") {
  RecordStore store;
  store.leave(RecordStore::config_of("database"), test::kExitedState);
  CHECK(message_of([&] { (void)store.containers.inspect("databsae"); }) ==
        "cannot inspect container \"databsae\": no such container [ENOENT]; did you mean \"database\"?");
  CHECK(message_of([&] { (void)store.containers.get("databsae"); }).find("did you mean \"database\"?") !=
        std::string::npos);
  CHECK(message_of([&] { store.containers.remove("web"); }) ==
        "cannot remove container \"web\": no such container [ENOENT]; launch it first, or list the containers of the "
        "store");
}

TEST_CASE("a damaged record is listed as dead, explained when asked for, and can be removed", "[container][store]") {
  RecordStore store;
  store.leave(RecordStore::config_of("db"), test::kExitedState);
  RecordStore::write(store.record("db") / "config.json", "{");
  const auto list = store.containers.list();
  REQUIRE(list.size() == 1);
  CHECK(list.front().name == "db");
  CHECK(list.front().id.empty());
  CHECK(list.front().status == ContainerStatus::Dead);
  try {
    (void)store.containers.inspect("db");
    FAIL("nothing was thrown");
  } catch (const LaunchError& error) {
    CHECK(error.code() == std::errc::io_error);
    CHECK(std::string{error.what()}.find("its record is damaged") != std::string::npos);
  }
  store.containers.remove("db");
  CHECK(entries_of(store.root / "containers").empty());
}

TEST_CASE("what a power cut may leave of a record is dead, is taken for nothing else, and can be removed",
          "[container][store]") {
  RecordStore store;
  const container::Config config = RecordStore::config_of("db");
  const std::string whole = container::encode_config(config);
  const auto is_dead = [&] {
    const auto list = store.containers.list();
    return list.size() == 1 && list.front().name == "db" && list.front().status == ContainerStatus::Dead;
  };
  // cut off anywhere, or all zeros, with a state that says that it runs
  for (std::size_t size = 0; size < whole.size() - 1; size += 7) {
    INFO(size);
    store.leave(config, test::kRunningState);
    RecordStore::write(store.record("db") / "config.json", whole.substr(0, size));
    CHECK(is_dead());
    CHECK(code_of([&] { (void)store.create(config); }) == errc::container_exists);
    CHECK(code_of([&] { (void)store.containers.get("db"); }) == std::errc::io_error);
    CHECK(code_of([&] { (void)store.containers.start("db"); }) == std::errc::io_error);
    store.containers.remove("db");
    CHECK(entries_of(store.root / "containers").empty());
  }
  store.leave(config, {});
  RecordStore::write(store.record("db") / "config.json", std::string(whole.size(), '\0'));
  CHECK(is_dead());
  store.containers.remove("db");
  // or files that are not there
  store.leave(config, {});
  for (const char* file : {"config.json", "control.sock", "lock", "log"}) {
    std::filesystem::remove(store.record("db") / file);
  }
  CHECK(is_dead());
  store.containers.remove("db");
  CHECK(entries_of(store.root / "containers").empty());
}

TEST_CASE("a container that does not run gives no handle", "[container][store]") {
  const RecordStore store;
  store.leave(RecordStore::config_of("db"), test::kExitedState);
  CHECK(message_of([&] { (void)store.containers.get("db"); }) ==
        "cannot get container \"db\": the container is not running [ESRCH]; start it with ContainerStore::start(); its "
        "log is "
        "still there");
}

TEST_CASE("a handle from the store sees the end of the container", "[container][store]") {
  const RecordStore store;
  const container::Config config = RecordStore::config_of("db");
  AnsweringLauncher launcher{store.create(config)};
  {
    const Container container = store.containers.get(config.id);
    CHECK(container.name() == "db");
    CHECK(container.id() == config.id);
    CHECK_FALSE(container.wait_for(0ms));
    launcher.close();
    const auto ended = container.wait_for(20s);
    REQUIRE(ended);
    CHECK(ended->exit_code() == 0);
    CHECK(container.pid() == 0);
  }
}

TEST_CASE("a running container is removed by force only", "[container][store]") {
  RecordStore store;
  AnsweringLauncher launcher{store.create(RecordStore::config_of("db"))};
  try {
    store.containers.remove("db");
    FAIL("nothing was thrown");
  } catch (const LaunchError& error) {
    CHECK(error.code() == std::errc::device_or_resource_busy);
    CHECK(
        std::string{error.what()} ==
        "cannot remove container \"db\": it is running: device or resource busy [EBUSY]; stop it first, or use force");
  }
  CHECK(launcher.signal == 0);
  store.containers.remove("db", true);
  CHECK(launcher.signal == SIGKILL);
  CHECK(entries_of(store.root / "containers").empty());
}

TEST_CASE("removing a container takes its anonymous volumes along, unless told otherwise", "[container][store]") {
  RecordStore store;
  container::Config config = RecordStore::config_of("db");
  config.anonymous_volumes = {store.store.create_anonymous("db").name(), std::string(64, '0'), "../volumes"};
  store.leave(config, test::kExitedState);
  (void)store.store.create("named");
  store.containers.remove("db", false, false);
  CHECK(store.store.list().size() == 2);
  store.leave(config, test::kExitedState);
  store.containers.remove("db");
  CHECK(test::names_of(store.store.list()) == std::vector<std::string>{"named"});
}

TEST_CASE("a record that is removed by several at once is removed", "[container][store]") {
  RecordStore store;
  for (int round = 0; round < 20; ++round) {
    store.leave(RecordStore::config_of("db"), test::kExitedState);
    std::atomic<int> removed{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number) {
      threads.emplace_back([&] {
        try {
          ContainerStore{store.containers}.remove("db");
          ++removed;
        } catch (const LaunchError& error) {
          wrong += error.code() == errc::container_missing ? 0 : 1;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(removed >= 1);
    CHECK(wrong == 0);
    REQUIRE(entries_of(store.root / "containers").empty());
  }
}

TEST_CASE("who holds the lock of a record keeps others from removing it", "[container][store]") {
  RecordStore store;
  store.leave(RecordStore::config_of("db"), test::kExitedState);
  const kernel::FileDescriptor directory{::open(store.record("db").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  std::atomic<bool> done{false};
  std::thread remover;
  {
    const container::RecordLock lock{directory.get()};
    remover = std::thread{[&] {
      store.containers.remove("db");
      done = true;
    }};
    std::this_thread::sleep_for(100ms);
    CHECK_FALSE(done);
    CHECK(std::filesystem::exists(store.record("db")));
  }
  remover.join();
  CHECK_FALSE(std::filesystem::exists(store.record("db")));
}
