// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SELinux labels of what a mount shows.

#include <dunnage/export.hpp>

#include <string_view>

namespace dunnage {

/// Gives the source a label that containers may use, on a machine with SELinux; elsewhere it does nothing.
enum class Relabel {
  None,
  Shared,   ///< any container (Docker's `z`)
  Private,  ///< this one (Docker's `Z`)
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(Relabel value) noexcept;

}  // namespace dunnage
