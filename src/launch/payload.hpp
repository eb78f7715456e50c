// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Writing the flat payload of a launch or exec (launcher/protocol.hpp).

#include <dunnage/mount_plan.hpp>
#include <dunnage/seccomp.hpp>

#include "cgroup/limits.hpp"
#include "launcher/connection.hpp"
#include "launcher/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launch {

class Payload {
 public:
  Payload() : bytes_(sizeof(launcher::LaunchPayload)) {}

  launcher::LaunchPayload fixed{};

  [[nodiscard]] launcher::Text text(std::string_view text);
  /// A list of texts, followed by the word execve(2) wants to be null.
  [[nodiscard]] launcher::List texts(const std::vector<std::string>& texts);
  [[nodiscard]] launcher::List numbers(std::span<const std::uint32_t> numbers);
  /// Words of 64 bits; `count` is left to the caller.
  [[nodiscard]] launcher::List words(std::span<const std::byte> bytes);
  /// The filter of system calls; none if it is unconfined. Throws: LaunchError.
  void filter(const Seccomp& seccomp, std::uint64_t capabilities);
  /// The cgroups and what is written to them. \param with_places  the launcher may have to make its own there
  void limits(const cgroup::Limits& limits, bool with_places);
  void add_mount(const launcher::MountRecord& mount) { mounts_.push_back(mount); }
  [[nodiscard]] const std::vector<launcher::MountRecord>& mounts() const noexcept { return mounts_; }
  /// What was appended as that index.
  [[nodiscard]] int descriptor_at(std::int32_t index) const {
    return index < 0 ? -1 : descriptors_.at(static_cast<std::size_t>(index));
  }
  /// Appends a descriptor, which stays the caller's; returns its index. -1 for -1.
  std::int32_t descriptor(int fd);

  /// The request, complete. Call once.
  [[nodiscard]] launcher::Request finish();

 private:
  std::uint32_t align();
  std::uint32_t append(const void* data, std::size_t size);

  std::vector<std::byte> bytes_;
  std::vector<launcher::MountRecord> mounts_;
  std::vector<int> descriptors_;
};

/// The mount of the plan at that index, without its target and its descriptor.
[[nodiscard]] launcher::MountRecord record_of(const ResolvedMount& mount, std::size_t index);

}  // namespace dunnage::launch
