// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A profile for one container: what becomes of each system call of each architecture.

#include "seccomp/names.hpp"
#include "seccomp/profile.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace dunnage::seccomp {

/// What a filter is made for.
struct Target {
  Architecture native = kNative;
  std::uint64_t capabilities = 0;  ///< one bit each, as in capabilities(7)
  std::uint32_t kernel = 0;        ///< major << 16 | minor
};

/// A comparison of an argument, or of its lower half where the kernel looks at no more.
struct Test {
  Condition condition;
  bool narrow = false;
  friend bool operator==(const Test&, const Test&) = default;
};

struct Alternative {
  std::vector<Test> tests;  ///< all of them
  std::uint32_t action = 0;
  friend bool operator==(const Alternative&, const Alternative&) = default;
};

/// The first alternative that holds counts, else `otherwise`.
struct Verdict {
  std::vector<Alternative> alternatives;
  std::uint32_t otherwise = 0;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// From its first number to the next range's.
struct Range {
  std::uint32_t first = 0;
  Verdict verdict;
};

struct Calls {
  Architecture architecture{};
  std::vector<Range> ranges;  ///< the first one begins at 0
};

/// The native architecture first. What no rule is about: of calls newer than every call the profile names, and of
/// numbers that are no call, ENOSYS, so that programs fall back on what is older; else the default action.
/// Throws: ProfileFault.
[[nodiscard]] std::vector<Calls> calls_of(const Profile& profile, const Target& target);

}  // namespace dunnage::seccomp
