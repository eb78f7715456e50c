// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Mounts that exist and are nowhere: each is a descriptor until a container takes it.
///
///     dunnage::PreparedMounts prepared = plan.prepare();
///     auto container = dunnage::Container::launch({.argv = {"true"}, .mounts = std::move(prepared)});
///
/// Life: prepare() makes them, launch() consumes them, once. Dropped before that, the kernel takes everything back,
/// and anonymous volumes made for them are removed. Volumes are marked as in use from prepare() on.

#include <dunnage/export.hpp>
#include <dunnage/mount_plan.hpp>

#include <memory>

namespace dunnage {

/// Move-only. Thread safety: one thread at a time.
class DUNNAGE_API PreparedMounts {
 public:
  PreparedMounts() noexcept;  ///< no mounts
  PreparedMounts(PreparedMounts&&) noexcept;
  PreparedMounts& operator=(PreparedMounts&&) noexcept;
  PreparedMounts(const PreparedMounts&) = delete;
  PreparedMounts& operator=(const PreparedMounts&) = delete;
  ~PreparedMounts();

  /// The plan they were made from; anonymous and new volumes now have their names and paths.
  [[nodiscard]] const MountPlan& plan() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  friend class PreparedMountsAccess;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dunnage
