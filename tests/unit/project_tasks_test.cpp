// SPDX-License-Identifier: Apache-2.0
// Tasks that need each other.

#include "project/tasks.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

using dunnage::project::run_tasks;
using dunnage::project::Task;

namespace {

class Diary {
 public:
  [[nodiscard]] Task task(std::size_t number, std::vector<std::size_t> needs) {
    return {.needs = std::move(needs), .work = [this, number](const std::stop_token&) {
              const std::scoped_lock lock{mutex_};
              written_.push_back(number);
            }};
  }
  [[nodiscard]] std::vector<std::size_t> written() const { return written_; }

 private:
  std::mutex mutex_;
  std::vector<std::size_t> written_;
};

}  // namespace

TEST_CASE("a task comes after those it needs", "[project][pure]") {
  for (const unsigned parallel : {1U, 4U}) {
    Diary diary;
    const std::vector<Task> tasks{diary.task(0, {1, 2}), diary.task(1, {2}), diary.task(2, {})};
    CHECK(run_tasks(tasks, parallel, {}).empty());
    CHECK(diary.written() == std::vector<std::size_t>{2, 1, 0});
  }
  CHECK(run_tasks({}, 4, {}).empty());
}

TEST_CASE("no more tasks run at once than may", "[project][pure]") {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  const Task task{.needs = {}, .work = [&](const std::stop_token&) {
                    const int now = ++running;
                    int known = most;
                    while (known < now && !most.compare_exchange_weak(known, now)) {
                    }
                    do {  // until as many run as may, and long enough for one more
                      std::this_thread::sleep_for(std::chrono::milliseconds{20});
                    } while (most < 3 && std::chrono::steady_clock::now() < patience);
                    --running;
                  }};
  CHECK(run_tasks(std::vector<Task>(9, task), 3, {}).empty());
  CHECK(most == 3);
}

TEST_CASE("after a failure nothing is begun, and what waits is asked to stop", "[project][pure]") {
  Diary diary;
  std::vector<Task> tasks;
  tasks.push_back({.needs = {}, .work = [](const std::stop_token& stop) {
                     while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
                   }});
  tasks.push_back({.needs = {}, .work = [](const std::stop_token&) { throw std::runtime_error{"no"}; }});
  tasks.push_back(diary.task(2, {0}));
  tasks.push_back(diary.task(3, {1}));
  CHECK(run_tasks(tasks, 2, {}).size() == 1);
  CHECK(diary.written().empty());
}

TEST_CASE("a stop from outside ends what runs and begins nothing", "[project][pure]") {
  std::stop_source stop;
  Diary diary;
  std::vector<Task> tasks;
  tasks.push_back({.needs = {}, .work = [&stop](const std::stop_token& own) {
                     stop.request_stop();
                     while (!own.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
                   }});
  tasks.push_back(diary.task(1, {0}));
  CHECK(run_tasks(tasks, 2, stop.get_token()).empty());
  CHECK(diary.written().empty());
  CHECK(run_tasks({diary.task(0, {})}, 1, stop.get_token()).empty());
  CHECK(diary.written().empty());
}
