// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Blocks of bytes on their way from one thread to another.

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>

namespace dunnage::image {

/// A ring of few large blocks: one thread fills them, another one reads them where they lie. Either may end it.
class BlockQueue {
 public:
  static constexpr std::size_t kBlock = std::size_t{256} << 10U;

  BlockQueue() : memory_{std::make_unique<char[]>(kBlocks * kBlock)} {}

  /// Room for kBlock bytes; waits for it. Null if the reader has gone.
  [[nodiscard]] char* room() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return closed_ || filled_ < kBlocks; });
    return closed_ ? nullptr : block(next_in_);
  }
  /// Hands over what was put into room().
  void push(std::size_t size) {
    const std::lock_guard lock{mutex_};
    sizes_.at(next_in_) = size;
    next_in_ = (next_in_ + 1) % kBlocks;
    ++filled_;
    changed_.notify_all();
  }
  /// No more comes; with a failure, the reader shall throw it when it has read the rest.
  void end(std::exception_ptr failure = {}) {
    const std::lock_guard lock{mutex_};
    ended_ = true;
    failure_ = std::move(failure);
    changed_.notify_all();
  }

  /// The next block, valid until the next call; empty at the end. Throws: what the writer ended with.
  [[nodiscard]] std::string_view pop() {
    std::unique_lock lock{mutex_};
    if (reading_) {
      reading_ = false;
      --filled_;
      next_out_ = (next_out_ + 1) % kBlocks;
      changed_.notify_all();
    }
    changed_.wait(lock, [this] { return ended_ || filled_ > 0; });
    if (filled_ > 0) {
      reading_ = true;
      return {block(next_out_), sizes_.at(next_out_)};
    }
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    return {};
  }
  /// The reader wants no more.
  void close() noexcept {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    changed_.notify_all();
  }

 private:
  static constexpr std::size_t kBlocks = 8;
  [[nodiscard]] char* block(std::size_t index) const noexcept { return memory_.get() + index * kBlock; }

  std::unique_ptr<char[]> memory_;
  std::array<std::size_t, kBlocks> sizes_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t next_in_ = 0;
  std::size_t next_out_ = 0;
  std::size_t filled_ = 0;
  bool reading_ = false;
  bool ended_ = false;
  bool closed_ = false;
  std::exception_ptr failure_;
};

}  // namespace dunnage::image
