// SPDX-License-Identifier: Apache-2.0
// Hosts and launchers that are killed without a warning. Each test's host is a process of its own; what is left is
// looked for from outside, by a word in the arguments of every process of its containers.

#include <dunnage/dunnage.hpp>

#include "launcher/connection.hpp"
#include "support/host.hpp"
#include "support/requires.hpp"
#include "unit/volume_support.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

using namespace dunnage;
using namespace std::chrono_literals;
using test::TemporaryDirectory;

namespace {

constexpr int kContainers = 8;
constexpr auto kPatience = 20s;  ///< for what takes a moment; a busy machine may hold it up
/// Each has a program, its child, and one in a session of its own that ignores signals.
constexpr std::size_t kProcesses = 3;

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error{what};
}

/// Seconds nobody else sleeps.
std::string unique_word() {
  std::random_device chance;
  return "9" + std::to_string(10'000'000 + chance() % 10'000'000);
}

pid_t launcher_pid() { return launcher::Connection::get(launcher::identity_for(0, 0))->pid(); }

LaunchSpec sleeping(const std::string& word, const std::filesystem::path& store, const std::string& volume,
                    const std::filesystem::path& shown) {
  const std::string script = "sleep " + word + " & (trap '' TERM HUP INT; setsid sleep " + word +
                             " &) ; echo started > /data/started-$HOSTNAME; exec sleep " + word;
  MountSet mounts;
  mounts.add(VolumeMount{.name = volume, .target = "/data"});
  mounts.add(VolumeMount{.name = "shared", .target = "/shared"});
  mounts.add(BindMount{shown, "/shown"});
  mounts.add(Tmpfs{"/scratch"});
  return {.argv = {"sh", "-c", script},
          .mounts = mounts,
          .out = Stdio::null(),  // whoever is left must not keep the output of this program open
          .err = Stdio::null(),
          .restart = {RestartPolicy::Kind::Always},
          .store = store};
}

/// A host process with containers, and what is known about them.
struct Host {
  TemporaryDirectory directory;
  std::filesystem::path store = directory.path() / "store";
  std::filesystem::path shown = directory.make("shown");
  std::string word = unique_word();
  pid_t pid = 0;

  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() {
    if (pid > 0) (void)end();
    for (const pid_t process : sleepers()) (void)::kill(process, SIGKILL);  // none, but in a test that failed
  }

  int end() {
    (void)::kill(pid, SIGKILL);
    const int status = test::wait_for(pid);
    pid = 0;
    return status;
  }

  [[nodiscard]] LaunchSpec spec(int number) const {
    return sleeping(word, store, "volume-" + std::to_string(number), shown);
  }

  /// Starts them and waits until every process sleeps.
  void launch() {
    pid = test::start_process([this] {
      std::vector<Container> containers;
      for (int number = 0; number < kContainers; ++number) containers.push_back(Container::launch(spec(number)));
      for (;;) ::pause();
    });
    REQUIRE(test::becomes_true([this] { return sleepers().size() == kContainers * kProcesses; }, kPatience));
  }

  [[nodiscard]] std::vector<pid_t> sleepers() const {
    std::vector<pid_t> found;
    for (const pid_t process : test::processes_with(word)) {
      if (test::status_of(process, "Name") == "sleep") found.push_back(process);
    }
    return found;
  }
};

/// `members`: the processes that were in a namespace of the containers.
bool nothing_left(const Host& host, const std::vector<pid_t>& members) {
  return test::processes_with(host.word).empty() && !test::any_is_left(members) &&
         test::processes_that_mount(host.directory.path().string()).empty();
}

/// Whether nobody is told to use a volume of the store.
bool nothing_used(const VolumeStore& store) {
  const std::vector<Volume> volumes = store.list();
  return std::ranges::all_of(volumes, [&](const Volume& volume) { return store.users(volume.name()).empty(); });
}

/// Kills a host with containers, and checks that nothing is left. \return how long that took
std::chrono::steady_clock::duration time_to_die() {
  Host host;
  host.launch();
  const std::set<std::string> namespaces = test::namespaces_of(host.sleepers());
  REQUIRE(namespaces.size() == 2 * kContainers);
  const std::vector<pid_t> members = test::processes_in(namespaces);
  REQUIRE(members.size() >= kContainers * kProcesses);
  VolumeStore store = VolumeStore::open(host.store);
  REQUIRE(store.users("shared").size() == kContainers);
  CHECK_THROWS_AS(store.remove("volume-0"), VolumeError);

  const auto killed_at = std::chrono::steady_clock::now();
  (void)host.end();
  CHECK(test::becomes_true([&] { return nothing_left(host, members) && nothing_used(store); }, kPatience));
  const auto took = std::chrono::steady_clock::now() - killed_at;
  for (const Volume& volume : store.list()) {
    CHECK((volume.name() == "shared" || !test::entries_of(volume.mountpoint()).empty()));  // the data stayed
    CHECK_NOTHROW(store.remove(volume.name()));
  }
  // Those that are started again by themselves are not: the first delay is over by then.
  std::this_thread::sleep_for(300ms);
  CHECK(nothing_left(host, members));
  return took;
}

}  // namespace

TEST_CASE("a host that is killed takes its containers, their mounts and their hold on volumes along within a second",
          "[launch][death]") {
  if (!test::requires_root()) return;
  // the quickest of a few: what others do on this machine at that moment may make any of them wait
  auto quickest = time_to_die();
  for (int again = 0; quickest >= 1s && again < 5; ++again) quickest = std::min(quickest, time_to_die());
  CHECK(quickest < 1s);
}

TEST_CASE("a host that is killed at any moment of launching leaves no process and no lock", "[launch][death]") {
  if (!test::requires_root()) return;
  std::mt19937 chance{7};
  for (int round = 0; round < 25; ++round) {
    Host host;
    host.pid = test::start_process([&host] {
      std::vector<std::thread> threads;
      for (int number = 0; number < 4; ++number) {
        threads.emplace_back([&host, number] {
          for (;;) (void)Container::launch(host.spec(number));
        });
      }
      for (std::thread& thread : threads) thread.join();
    });
    const std::chrono::milliseconds moment{chance() % 120};
    CAPTURE(round, moment.count());
    std::this_thread::sleep_for(moment);
    const std::vector<pid_t> helpers = test::launchers_of(host.pid);
    (void)host.end();
    const auto all_gone = [&] { return nothing_left(host, helpers); };
    CHECK(test::becomes_true(all_gone, kPatience));
    // A launcher that was being started when its host was killed comes to its end as well, and so do its locks.
    VolumeStore store = VolumeStore::open(host.store);
    for (const Volume& volume : store.list()) {
      CHECK(test::becomes_true([&] { return store.users(volume.name()).empty(); }, kPatience));
      CHECK_NOTHROW(store.remove(volume.name()));
    }
    CHECK(all_gone());
  }
}

TEST_CASE("a launcher that is killed takes its containers along; handles say so, and the next launch works",
          "[launch][death]") {
  if (!test::requires_root()) return;
  const Host host;
  CHECK(test::wait_for(test::start_process([&host] {
          std::vector<Container> containers;
          for (int number = 0; number < kContainers; ++number)
            containers.push_back(Container::launch(host.spec(number)));
          const auto all_sleep = [&host] { return host.sleepers().size() == kContainers * kProcesses; };
          require(test::becomes_true(all_sleep, kPatience), "they do not sleep");
          const std::vector<pid_t> members = test::processes_in(test::namespaces_of(host.sleepers()));
          const pid_t launcher = launcher_pid();

          require(::kill(launcher, SIGKILL) == 0, "kill");
          for (const Container& container : containers) {
            const auto status = container.wait_for(kPatience);
            require(status.has_value(), "a handle does not know of the end");
            require(status->launcher_lost() && status->signal() == SIGKILL, status->to_string());
            require(container.status() == ContainerStatus::Exited || container.status() == ContainerStatus::Dead,
                    std::string{to_string(container.status())});
          }
          require(test::becomes_true([&] { return nothing_left(host, members); }, kPatience), "something is left");
          VolumeStore store = VolumeStore::open(host.store);
          require(test::becomes_true([&] { return nothing_used(store); }, kPatience), "a volume is in use");

          Container next = Container::launch(host.spec(0));
          require(launcher_pid() != launcher, "it is the same launcher");
          require(store.users("volume-0").size() == 1, "the volume is not in use");
          next.kill();
          require(next.wait() == ExitStatus::signaled(SIGKILL), "the next container did not end well");
          store.remove("volume-0");
        })) == 0);
  CHECK(test::becomes_true([&] { return nothing_left(host, {}); }, kPatience));
}

TEST_CASE("launchers that are killed while threads launch make launches fail or succeed, and never hang",
          "[launch][death]") {
  if (!test::requires_root()) return;
  CHECK(test::wait_for(test::start_process([] {
          ::alarm(100);  // a hang ends the process
          std::atomic<bool> finished{false};
          std::atomic<int> good{0};
          std::atomic<int> lost{0};
          std::atomic<int> wrong{0};
          std::vector<std::thread> threads;
          for (int count = 0; count < 4; ++count) {
            threads.emplace_back([&] {
              while (!finished) {
                try {
                  const ExitStatus status = run({.argv = {"sh", "-c", "exit 9"}});
                  status.launcher_lost() ? ++lost : status == ExitStatus::exited(9) ? ++good : ++wrong;
                } catch (const Error& error) {
                  if (error.code() == errc::launcher_lost) {
                    ++lost;
                  } else {
                    ++wrong;
                    std::fprintf(stderr, "%s\n", error.what());
                  }
                }
              }
            });
          }
          // where no launch is done in time, or none is under way, there is more time, and more rounds
          for (int round = 0; round < 30 || good == 0 || lost == 0; ++round) {
            std::this_thread::sleep_for(20ms * std::max(1, round - 28));
            (void)::kill(launcher_pid(), SIGKILL);
          }
          finished = true;
          for (std::thread& thread : threads) thread.join();
          require(wrong == 0, std::to_string(wrong) + " of " + std::to_string(good + lost + wrong) + " went wrong");
          require(good > 0 && lost > 0, std::to_string(good) + " good, " + std::to_string(lost) + " lost");
          const pid_t last = launcher_pid();  // perhaps one that has been killed and is not dead yet
          (void)::kill(last, SIGKILL);
          require(test::becomes_true([&] { return launcher_pid() != last; }, kPatience),
                  "the last launcher does not die");
          require(run({.argv = {"true"}}).success(), "the last launch failed");
        })) == 0);
}
