// SPDX-License-Identifier: Apache-2.0
#include "read_ahead.hpp"

#include "blocking.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <pthread.h>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace dunnage::python {
namespace {

constexpr std::size_t kReadAhead = std::size_t{1} << 20U;  // bytes

struct Stopped {};  ///< ends a reading whose items nobody wants any more

}  // namespace

ReadAheadThread::ReadAheadThread() : ready_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}, owner_{::getpid()} {
  if (ready_ < 0) throw std::system_error{errno, std::generic_category(), "cannot read a log"};
}

ReadAheadThread::~ReadAheadThread() { (void)::close(ready_); }

void ReadAheadThread::start(std::function<void()> read) {
  // A thread inherits the mask; the signals are for the threads of the host.
  sigset_t all;
  sigset_t before;
  (void)::sigfillset(&all);
  (void)::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    reader_ = std::make_unique<std::thread>([this, read = std::move(read)] { run(read); });
  } catch (...) {
    (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ReadAheadThread::run(const std::function<void()>& read) {
  std::exception_ptr failure;
  try {
    read();
  } catch (const Stopped&) {
  } catch (...) {
    failure = std::current_exception();
  }
  const std::scoped_lock lock{mutex_};
  failure_ = failure;
  ended_ = true;
  (void)::eventfd_write(ready_, 1);
}

void ReadAheadThread::wait_for_room(std::unique_lock<std::mutex>& lock) {
  room_.wait(lock, [this] { return closing_ || bytes_ < kReadAhead; });
  if (closing_) throw Stopped{};
  (void)::eventfd_write(ready_, 1);  // seen when the lock is let go
}

bool ReadAheadThread::wait_for_item(std::unique_lock<std::mutex>& lock) {
  if (::getpid() != owner_) throw Closed{"this log is read by the process that forked this one; ask the store again"};
  for (;;) {
    lock.lock();
    if (closing_) return false;
    if (has_items()) return true;
    if (ended_) {
      if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
      return false;
    }
    eventfd_t ignored = 0;
    (void)::eventfd_read(ready_, &ignored);
    lock.unlock();
    (void)wait_readable(ready_, {});
  }
}

void ReadAheadThread::close() {
  if (::getpid() != owner_) {  // a fork has no such thread, and the lock may be anyone's
    (void)reader_.release();   // neither joined nor detached: there is nothing
    return;
  }
  {
    const std::scoped_lock lock{mutex_};
    closing_ = true;
    drop_items();
    (void)::eventfd_write(ready_, 1);
  }
  room_.notify_one();
  stop_.request_stop();
  if (reader_ && reader_->joinable()) reader_->join();
}

}  // namespace dunnage::python
