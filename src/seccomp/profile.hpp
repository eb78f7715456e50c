// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A seccomp profile as Docker and Podman write it: JSON to a value. Untrusted text.

#include <dunnage/error.hpp>

#include "seccomp/names.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::seccomp {

inline constexpr std::size_t kMostProfileBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMostConditions = 8192;  ///< of all calls together
inline constexpr unsigned kArguments = 6;

/// What is wrong with a profile, and where: "syscalls[3].args[0].op".
class ProfileFault : public std::runtime_error {
 public:
  ProfileFault(std::string place, const std::string& what) : std::runtime_error{what}, place_{std::move(place)} {}
  [[nodiscard]] const std::string& place() const noexcept { return place_; }
  /// The same with the line in the text: "line 7: syscalls[3].args[0].op".
  [[nodiscard]] ProfileFault in(std::string_view text) const;

 private:
  std::string place_;
};

enum class Operator { NotEqual, Less, LessOrEqual, Equal, GreaterOrEqual, Greater, MaskedEqual };

/// Of an argument of the call. With MaskedEqual `value` is the mask and `value_two` what has to be left.
struct Condition {
  unsigned index = 0;
  Operator comparison = Operator::Equal;
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;
  friend bool operator==(const Condition&, const Condition&) = default;
};

/// When a rule counts, or does not.
struct When {
  std::vector<std::string> capabilities;  ///< "SYS_ADMIN"
  std::vector<std::string> architectures;
  std::optional<std::uint32_t> kernel;  ///< the first it is for, as major << 16 | minor
};

struct Rule {
  std::vector<std::string> names;
  std::uint32_t action = 0;  ///< as the kernel has it: SECCOMP_RET_*, with the errno
  std::vector<Condition> conditions;
  When includes;
  When excludes;
};

struct ArchitectureGroup {
  std::string architecture;
  std::vector<std::string> below;
};

struct Profile {
  std::uint32_t default_action = 0;
  std::vector<std::string> architectures;  ///< either these, or the map
  std::vector<ArchitectureGroup> architecture_map;
  std::vector<Rule> rules;
  std::uint32_t flags = 0;  ///< SECCOMP_FILTER_FLAG_*
};

/// Throws: ProfileFault.
[[nodiscard]] Profile parse_profile(std::string_view text);

}  // namespace dunnage::seccomp
