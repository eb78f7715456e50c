// SPDX-License-Identifier: Apache-2.0
// A host that is as unpleasant as hosts are: many threads, gigabytes, careless descriptors, SIGCHLD ignored, and a
// thread that reaps whatever it finds. Each test's host is a process of its own.

#include <dunnage/dunnage.hpp>

#include "launcher/connection.hpp"
#include "support/host.hpp"
#include "support/read_to_end.hpp"
#include "support/requires.hpp"
#include "unit/volume_support.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

using namespace dunnage;
using namespace std::chrono_literals;
using test::TemporaryDirectory;

namespace {

constexpr int kContainers = 1000;
constexpr int kLaunchingThreads = 16;
constexpr int kThreads = 64;
constexpr int kDescriptors = 200;
constexpr auto kPatience = 20s;  ///< for what takes a moment
constexpr const char* kSecret = "the-secret-of-the-host";

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error{what};
}

pid_t launcher_pid() { return launcher::Connection::get(launcher::identity_for(0, 0))->pid(); }

/// What a program in a container finds of its surroundings. The last line names what it inherited.
constexpr const char* kLookAround = R"look(
  echo "descriptors:"
  for fd in /proc/self/fd/*; do [ -e "$fd" ] && echo "${fd##*/}" "$(readlink "/proc/$$/fd/${fd##*/}")"; done
  echo "processes:" /proc/[0-9]*
  echo "environment:"; env
  exit "$CODE"
)look";

/// Two GiB, or what the machine can spare of it; filled with the secret.
void fill_memory() {
  std::istringstream words{test::file_text("/proc/meminfo")};
  std::size_t available = 0;
  for (std::string word; words >> word;) {
    if (word == "MemAvailable:") words >> available;
  }
  std::size_t size = std::size_t{2} << 30U;
  while (size > available * 1024 / 2) size /= 2;
  if (size < std::size_t{2} << 30U) std::printf("only %zu MiB of memory are touched\n", size >> 20U);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(memory != MAP_FAILED, "mmap");
  for (std::size_t offset = 0; offset < size; offset += 4096) {
    std::snprintf(static_cast<char*>(memory) + offset, 64, "%s", kSecret);
  }
}

void become_unpleasant(const std::filesystem::path& directory) {
  require(std::signal(SIGCHLD, SIG_IGN) != SIG_ERR && std::signal(SIGUSR2, [](int) {}) != SIG_ERR, "signal");
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  require(::sigprocmask(SIG_BLOCK, &blocked, nullptr) == 0, "sigprocmask");
  require(::setenv("HOST_SECRET", kSecret, 1) == 0, "setenv");
  require(::chdir(directory.c_str()) == 0, "chdir");
  ::umask(0026);
  rlimit limit{};
  require(::getrlimit(RLIMIT_STACK, &limit) == 0, "getrlimit");
  limit.rlim_cur = 4U << 20U;
  require(::setrlimit(RLIMIT_STACK, &limit) == 0, "setrlimit");
  for (int count = 0; count < kDescriptors; ++count) {
    require(::open(kSecret, O_RDWR | O_CREAT, 0600) >= 0, "open");
  }
  fill_memory();
}

/// Launches one container and throws if anything of it is not as it should be.
void launch_and_look(int number) {
  const int code = number % 251;
  const Container container = Container::launch({.argv = {"sh", "-c", kLookAround},
                                                 .env = {{"CODE", std::to_string(code)}},
                                                 .out = Stdio::pipe(),
                                                 .err = Stdio::null()});
  const std::string text = test::read_to_end(container.stdout_fd());
  const ExitStatus status = container.wait();
  require(status == ExitStatus::exited(code), std::to_string(code) + " expected: " + status.to_string() + "\n" + text);
  require(text.find(kSecret) == std::string::npos && text.find("HOST_SECRET") == std::string::npos,
          "something of the host is seen:\n" + text);
  const std::string descriptors = text.substr(0, text.find("processes:"));
  require(std::count(descriptors.begin(), descriptors.end(), '\n') == 4 &&
              descriptors.find("\n0 /dev/null\n1 pipe:") != std::string::npos &&
              descriptors.find("\n2 /dev/null\n") != std::string::npos,
          "other descriptors than three:\n" + text);
  require(text.find("processes: /proc/1\n") != std::string::npos, "other processes are seen:\n" + text);
}

/// The first thing that went wrong in any thread.
class Complaint {
 public:
  void add(const std::string& text) {
    const std::scoped_lock lock{mutex_};
    if (text_.empty()) text_ = text;
    any_ = true;
  }
  [[nodiscard]] bool any() const noexcept { return any_; }
  void raise() const { require(!any_, text_); }

 private:
  std::mutex mutex_;
  std::string text_;
  std::atomic<bool> any_{false};
};

template <typename Work>
std::thread guarded(Complaint& complaint, Work work) {
  return std::thread{[&complaint, work] {
    try {
      work();
    } catch (const std::exception& error) {
      complaint.add(error.what());
    }
  }};
}

/// The threads that make a host unpleasant: one reaps, one watches, the others keep malloc's locks busy.
std::vector<std::thread> start_company(const std::atomic<bool>& finished, Complaint& complaint) {
  std::vector<std::thread> threads;
  threads.push_back(guarded(complaint, [&] {
    while (!finished) {
      const pid_t reaped = ::waitpid(-1, nullptr, 0);  // hangs if there is a child
      require(reaped < 0 && errno == ECHILD, "a child was there to be reaped: " + std::to_string(reaped));
      std::this_thread::sleep_for(1ms);
    }
  }));
  threads.push_back(guarded(complaint, [&] {
    const test::HostState before = test::volatile_host_state();
    while (!finished) {
      const std::string changed = test::difference(before, test::volatile_host_state());
      require(changed.empty(), "for a moment: " + changed);
      std::this_thread::sleep_for(1ms);
    }
  }));
  while (threads.size() < kThreads - kLaunchingThreads - 1) {
    threads.push_back(guarded(complaint, [&] {
      while (!finished) {
        std::vector<std::string> strings(100, std::string(100, 'x'));
        std::this_thread::sleep_for(2ms);
      }
    }));
  }
  return threads;
}

void launch_all(Complaint& complaint) {
  std::atomic<int> next{0};
  std::vector<std::thread> threads;
  for (int count = 0; count < kLaunchingThreads; ++count) {
    threads.push_back(guarded(complaint, [&] {
      for (int number = next++; number < kContainers && !complaint.any(); number = next++) launch_and_look(number);
    }));
  }
  for (std::thread& thread : threads) thread.join();
}

void be_an_unpleasant_host(const std::filesystem::path& directory) {
  become_unpleasant(directory);
  test::run_first_thread();
  launch_and_look(1);  // starts the launcher, which stays
  const test::HostState before = test::host_state();
  std::atomic<bool> finished{false};
  Complaint complaint;
  std::vector<std::thread> company = start_company(finished, complaint);
  launch_all(complaint);
  finished = true;
  for (std::thread& thread : company) thread.join();
  complaint.raise();
  std::string changed;
  (void)test::becomes_true([&] { return (changed = test::difference(before, test::host_state())).empty(); }, kPatience);
  require(changed.empty(), "changed for good: " + changed);
  const pid_t launcher = launcher_pid();
  require(test::file_text("/proc/" + std::to_string(launcher) + "/environ").empty(), "the launcher has an environment");
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/" + std::to_string(launcher) + "/fd"}) {
    std::error_code closed;
    const std::string target = std::filesystem::read_symlink(entry.path(), closed).string();
    require(target.find(kSecret) == std::string::npos, "the launcher holds a descriptor of the host: " + target);
  }
  require(std::stoul(test::status_of(launcher, "VmRSS")) < 16384, "the launcher has grown");
  require(test::becomes_true(
              [&] {
                return test::file_text("/proc/" + std::to_string(launcher) + "/task/" + std::to_string(launcher) +
                                       "/children")
                    .empty();
              },
              kPatience),
          "the launcher has children left");
}

}  // namespace

TEST_CASE("a thousand containers from sixteen threads of an unpleasant host are right, and leave it as it was",
          "[launch][stress]") {
  if (!test::requires_root()) return;
  const TemporaryDirectory directory;
  CHECK(test::wait_for(test::start_process([&] { be_an_unpleasant_host(directory.path()); })) == 0);
}

TEST_CASE("how a container ended is known also when it is sent signals at that moment", "[launch][stress]") {
  if (!test::requires_root()) return;
  for (int round = 0; round < 200; ++round) {
    const Container container = Container::launch({.argv = {"sh", "-c", "exit 5"}, .err = Stdio::null()});
    try {
      for (;;) container.kill(SIGCONT);
    } catch (const LaunchError& error) {
      CHECK(error.code() == errc::not_running);
    }
    const ExitStatus status = container.wait();
    REQUIRE(status == ExitStatus::exited(5));
  }
}
