// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A cgroup in which memory or processes are short. It is that of a container, made as any other.

#include <dunnage/container.hpp>

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace dunnage::test {

class ShortCgroup {
 public:
  enum class Of { Memory, Processes };

  /// Launches the container, in this process. \param store  where it may have one
  explicit ShortCgroup(Of kind, const std::filesystem::path& store);
  ShortCgroup(const ShortCgroup&) = delete;
  ShortCgroup& operator=(const ShortCgroup&) = delete;
  ~ShortCgroup();

  /// A process with all its threads; what it starts is in it, too. Where memory is short these are killed first.
  void take(pid_t process);
  /// From here on there may be so much more than there is: bytes, or processes.
  void allow(std::uint64_t more);
  /// Nothing is short any more, and who was taken is where it was.
  void give_back();

 private:
  [[nodiscard]] std::uint64_t current() const;
  void limit_nothing() const;
  void limit(const std::string& text) const;

  Of kind_;
  Container holder_;
  std::filesystem::path directory_;
  std::string before_;  ///< its limit; with one of swap beside it, it cannot have none
  std::map<pid_t, std::filesystem::path> origins_;
};

}  // namespace dunnage::test
