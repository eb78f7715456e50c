// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Names in archives of layers, and the special ones that hide what is in the layers below.

#include <dunnage/image_store.hpp>

#include <string>
#include <string_view>

namespace dunnage::image {

/// A name that was checked: components with one "/" between them; empty for the root itself.
/// Throws: Fault(image_invalid) if it is empty or has "..", Fault(limit_exceeded).
[[nodiscard]] std::string checked_name(std::string_view name, const ImageLimits& limits);

/// Enough of a name for people to find it, whatever is in it.
[[nodiscard]] std::string shown(std::string_view name);

/// "a/b" is "a" and "b"; "b" is "" and "b".
struct SplitName {
  std::string_view directory;
  std::string_view leaf;
};
[[nodiscard]] SplitName split_name(std::string_view name) noexcept;

[[nodiscard]] std::string join_name(std::string_view directory, std::string_view leaf);

enum class NameRole {
  Plain,
  Whiteout,   ///< ".wh.NAME": the layers below have no NAME
  Opaque,     ///< ".wh..wh..opq": of the directory it is in, nothing of the layers below is seen
  Forgotten,  ///< what else aufs left in old images
};

inline constexpr std::string_view kWhiteout = ".wh.";

/// \param name  checked. Throws: Fault(image_invalid) for a whiteout of nothing, ".", or "..", or with something in it.
[[nodiscard]] NameRole role_of(std::string_view name);

}  // namespace dunnage::image
