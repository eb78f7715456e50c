// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Who unpacks a layer, if several want it at the same time. It saves work and protects nothing: trees appear whole
/// and once whoever makes them.

#include "image/watching.hpp"
#include "kernel/file_descriptor.hpp"

#include <atomic>
#include <cstdint>
#include <string>

namespace dunnage::image {

/// A lock file in `staging/`, which a sweep removes when its owner has gone. In it stands how far the owner is.
class TreeClaim {
 public:
  /// Waits while another one has it and gets on with the work; one that was stopped is waited for a moment only.
  /// \param staging  stays the caller's; \param name  "root-HEX"
  /// Throws: CallError, Fault(cancelled, timed_out), what the callback of `watching` throws.
  TreeClaim(int staging, const std::string& name, Watching& watching, const std::string& subject);
  TreeClaim(const TreeClaim&) = delete;
  TreeClaim& operator=(const TreeClaim&) = delete;
  ~TreeClaim();

  /// Tells those who wait. Any thread may call it, as often as it likes.
  void tell(std::uint64_t done, std::uint64_t total) noexcept;

 private:
  bool take();

  int staging_;
  std::string name_;
  kernel::FileDescriptor lock_;
  std::atomic<std::int64_t> told_{0};
};

}  // namespace dunnage::image
