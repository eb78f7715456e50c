// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Who fills a volume. It is a file in `staging/`, so what a killed process leaves of it is swept with the rest.

#include <dunnage/progress.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <string>

namespace dunnage::volume {

/// Held by one process at a time for each name, until it is destroyed or the process ends, however it ends.
class FillLock {
 public:
  /// Waits for who holds it. Throws: VolumeError(cancelled, timed_out), kernel::CallError.
  FillLock(const Layout& layout, const std::string& name, const Watch& watch);
  FillLock(const FillLock&) = delete;
  FillLock& operator=(const FillLock&) = delete;
  ~FillLock();

 private:
  bool try_to_take();

  kernel::FileDescriptor staging_;
  kernel::FileDescriptor file_;
  std::string file_name_;
};

}  // namespace dunnage::volume
