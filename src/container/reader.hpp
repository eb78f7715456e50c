// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The thread behind Stdio::callback().

#include <dunnage/process.hpp>

#include "kernel/file_descriptor.hpp"

#include <memory>
#include <thread>

namespace dunnage::container {

/// Hands what comes out of a pipe to a function, until the pipe ends or the reader goes. What the pipe still holds then
/// is delivered first.
class Reader {
 public:
  /// Throws: kernel::CallError, std::system_error.
  Reader(kernel::FileDescriptor pipe, Stdio::Callback function);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  /// In a forked copy of the process there is no thread to join.
  void abandon() noexcept;

 private:
  void run() noexcept;

  kernel::FileDescriptor pipe_;
  kernel::FileDescriptor stop_;
  Stdio::Callback function_;
  std::unique_ptr<std::thread> thread_;
};

}  // namespace dunnage::container
