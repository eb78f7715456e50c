// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// System calls by name, for each architecture a filter can be made for.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::seccomp {

enum class Architecture { X86_64, X86, X32, Aarch64, Arm };

inline constexpr std::uint32_t kX32Bit = 0x40000000;
inline constexpr std::uint32_t kFirstOfX32 = 512;  ///< from here on x32 has calls of its own

/// What the library is compiled for.
#if defined(__aarch64__)
inline constexpr Architecture kNative = Architecture::Aarch64;
#else
inline constexpr Architecture kNative = Architecture::X86_64;
#endif

/// "SCMP_ARCH_X86_64"; none for one that no filter is made for.
[[nodiscard]] std::optional<Architecture> architecture_named(std::string_view name) noexcept;
/// As the kernel has it in seccomp_data (AUDIT_ARCH_*).
[[nodiscard]] std::uint32_t audit_number(Architecture architecture) noexcept;
/// "amd64": as includes.arches of a profile has it.
[[nodiscard]] std::string_view go_name(Architecture architecture) noexcept;

/// Of x32 without its bit; none if the architecture has no call of that name.
[[nodiscard]] std::optional<std::uint32_t> number_of(Architecture architecture, const std::string& name);
/// Whether any architecture has a call of that name.
[[nodiscard]] bool is_system_call(const std::string& name);
/// Whether some call has that number.
[[nodiscard]] bool is_known(Architecture architecture, std::uint32_t number);

}  // namespace dunnage::seccomp
