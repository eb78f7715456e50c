// SPDX-License-Identifier: Apache-2.0
#include "project/tasks.hpp"

#include "kernel/quiet_thread.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace dunnage::project {
namespace {

class Pool {
 public:
  Pool(const std::vector<Task>& tasks, const std::stop_token& stop)
      : tasks_{tasks}, waits_for_(tasks.size()), followers_(tasks.size()), on_stop_{stop, [this] { end(); }} {
    for (std::size_t index = 0; index < tasks.size(); ++index) {
      waits_for_[index] = tasks[index].needs.size();
      for (const std::size_t other : tasks[index].needs) {
        followers_[other].push_back(index);
      }
      if (waits_for_[index] == 0) {
        ready_.push_back(index);
      }
    }
  }

  void run(std::size_t count) {
    std::vector<std::thread> threads;
    try {
      for (std::size_t made = 0; made < count; ++made) {
        threads.push_back(kernel::start_quiet_thread([this] { work(); }));
      }
    } catch (const std::system_error&) {
      if (threads.empty()) {
        work();  // no thread to be had: this one does it alone
      }
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

  [[nodiscard]] std::vector<std::exception_ptr> failures() { return std::move(failures_); }

 private:
  void end() {
    own_stop_.request_stop();
    const std::scoped_lock lock{mutex_};
    changed_.notify_all();
  }

  void work() {
    std::unique_lock lock{mutex_};
    for (;;) {
      changed_.wait(lock, [this] {
        return !ready_.empty() || running_ == 0 || !failures_.empty() || own_stop_.stop_requested();
      });
      if (ready_.empty() || !failures_.empty() || own_stop_.stop_requested()) {
        changed_.notify_all();
        return;
      }
      const std::size_t index = ready_.front();
      ready_.pop_front();
      ++running_;
      lock.unlock();
      std::exception_ptr failure;
      try {
        tasks_[index].work(own_stop_.get_token());
      } catch (...) {
        failure = std::current_exception();
      }
      if (failure) {
        own_stop_.request_stop();
      }
      lock.lock();
      --running_;
      finish(index, failure);
      changed_.notify_all();
    }
  }

  void finish(std::size_t index, const std::exception_ptr& failure) {
    if (failure) {
      failures_.push_back(failure);
      return;
    }
    for (const std::size_t follower : followers_[index]) {
      if (--waits_for_[follower] == 0) {
        ready_.push_back(follower);
      }
    }
  }

  const std::vector<Task>& tasks_;
  std::vector<std::size_t> waits_for_;
  std::vector<std::vector<std::size_t>> followers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> ready_;
  std::size_t running_ = 0;
  std::vector<std::exception_ptr> failures_;
  std::stop_source own_stop_;
  std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace

std::vector<std::exception_ptr> run_tasks(const std::vector<Task>& tasks, unsigned parallel,
                                          const std::stop_token& stop) {
  if (tasks.empty()) {
    return {};
  }
  Pool pool{tasks, stop};
  pool.run(std::min<std::size_t>(std::max(parallel, 1U), tasks.size()));
  return pool.failures();
}

}  // namespace dunnage::project
