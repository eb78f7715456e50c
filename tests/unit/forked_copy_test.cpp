// SPDX-License-Identifier: Apache-2.0
// What the library keeps for a whole process, in a copy that is forked at a bad moment: while another thread, which is
// not in the copy, holds a lock. A copy that waits for it is ended by its alarm.

#include "image/index.hpp"
#include "image/known.hpp"
#include "kernel/guarded_value.hpp"
#include "kernel/per_process.hpp"
#include "seccomp/filter.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/error.hpp>
#include <dunnage/seccomp.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

using namespace dunnage;
using test::TemporaryDirectory;

namespace {

constexpr unsigned kLongest = 60;  ///< seconds; only a copy that hangs lives that long

/// The wait status of a copy that does this.
int status_of_copy(const std::function<bool()>& work) {
  const pid_t copy = ::fork();
  if (copy == 0) {
    ::alarm(kLongest);
    ::_exit(work() ? 0 : 1);
  }
  int status = -1;
  while (::waitpid(copy, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// A thread that stays in the middle of something until it is let go.
class Bystander {
 public:
  explicit Bystander(const std::function<void(const std::function<void()>& stay)>& work)
      : thread_{[this, work] {
          work([this] {
            there_.set_value();
            over_.get_future().wait();
          });
        }} {
    there_.get_future().wait();
  }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;
  ~Bystander() {
    over_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> there_;
  std::promise<void> over_;
  std::thread thread_;
};

/// Threads that do this all the time.
class Busy {
 public:
  explicit Busy(const std::function<void()>& work) {
    for (int count = 0; count < 4; ++count) {
      threads_.emplace_back([this, work] {
        while (!over_) work();
      });
    }
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    over_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

struct Locked {
  std::mutex mutex{};
  int number = 0;
};

constinit kernel::PerProcess<Locked> locked;

/// A value whose copying can be stopped in the middle.
struct Slow {
  Slow() = default;
  Slow(int wanted, std::function<void()> pause) : number{wanted}, stay{std::move(pause)} {}
  Slow(const Slow& other) : number{other.number}, stay{other.stay} {
    if (stay) stay();
  }
  Slow& operator=(Slow&& other) noexcept = default;
  Slow(Slow&& other) noexcept = default;
  int number = 0;
  std::function<void()> stay{};
};

}  // namespace

TEST_CASE("a forked copy has what a process has one of for itself, whoever held its lock", "[fork]") {
  locked.get().number = 7;
  const Bystander bystander{[](const auto& stay) {
    const std::scoped_lock lock{locked.get().mutex};
    stay();
  }};
  CHECK(status_of_copy([] {
          const std::scoped_lock lock{locked.get().mutex};
          return locked.get().number == 0;
        }) == 0);
  CHECK(locked.get().number == 7);
}

TEST_CASE("a forked copy reads a value that somebody was reading", "[fork]") {
  std::function<void()> stay;
  std::atomic<bool> first{true};
  kernel::GuardedValue<Slow> value;
  value.set(Slow{7, [&] {
                   if (first.exchange(false)) stay();
                 }});
  const Bystander bystander{[&](const auto& pause) {
    stay = pause;
    (void)value.get();
  }};
  CHECK(status_of_copy([&] { return value.get().number == 7; }) == 0);
}

TEST_CASE("filters of system calls are had in every forked copy of a process whose threads ask for them", "[fork]") {
  const Seccomp seccomp;
  (void)seccomp::filter_of(seccomp, 0);
  const Busy threads{[&] { (void)seccomp::filter_of(seccomp, 0); }};
  for (int round = 0; round < 100; ++round) {
    REQUIRE(status_of_copy([&] { return seccomp::filter_of(seccomp, 0) != nullptr; }) == 0);
  }
}

TEST_CASE("images are looked up in every forked copy of a process whose threads look them up", "[fork]") {
  const TemporaryDirectory directory;
  const image::Layout layout = image::open_layout(directory.path() / "store");
  image::IndexChange{layout}.commit();
  const auto look = [&] { return image::find_known_image(layout, "nothing") == nullptr; };
  const Busy threads{[&] { (void)look(); }};
  for (int round = 0; round < 100; ++round) REQUIRE(status_of_copy(look) == 0);
}

TEST_CASE("images can be changed while forked copies of a process that looked at them live on", "[fork]") {
  const TemporaryDirectory directory;
  const image::Layout layout = image::open_layout(directory.path() / "store");
  image::IndexChange{layout}.commit();
  std::vector<pid_t> copies;
  {
    const Busy threads{[&] { image::await_changes(layout); }};
    for (int round = 0; round < 100; ++round) {
      const pid_t copy = ::fork();
      if (copy == 0) {
        for (;;) ::pause();
      }
      copies.push_back(copy);
    }
  }
  CHECK_NOTHROW(image::IndexChange{layout}.commit());
  for (const pid_t copy : copies) {
    (void)::kill(copy, SIGKILL);
    while (::waitpid(copy, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}
