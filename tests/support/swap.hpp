// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The attacker of a race: two names are exchanged without end, each exchange at once, so that a path over one of them
/// leads to the one or to the other thing and never to nothing.

#include <atomic>
#include <filesystem>
#include <thread>

namespace dunnage::test {

/// Exchanges two names once (renameat2(2), RENAME_EXCHANGE). \return false if one of them is not there
bool exchange_names(const std::filesystem::path& one, const std::filesystem::path& other) noexcept;

/// Exchanges them in a thread of its own, as long as it lives, and counts.
class Swap {
 public:
  Swap(std::filesystem::path one, std::filesystem::path other);
  Swap(const Swap&) = delete;
  Swap& operator=(const Swap&) = delete;
  ~Swap();
  [[nodiscard]] unsigned count() const noexcept { return count_; }
  /// Until both names have been at both places since.
  void wait_for_more() const;

 private:
  std::atomic<bool> stop_{false};
  std::atomic<unsigned> count_{0};
  std::thread thread_;
};

}  // namespace dunnage::test
