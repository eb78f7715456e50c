// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Content by its SHA-256: "sha256:" and 64 lower-case hex digits.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace dunnage::image {

inline constexpr std::string_view kAlgorithm = "sha256:";
inline constexpr std::size_t kHexDigits = 64;

/// Whether this is such a digest and nothing else, so that its digits can be the name of a file.
[[nodiscard]] bool is_digest(std::string_view text) noexcept;
[[nodiscard]] bool is_hex(std::string_view text) noexcept;

/// The digits of a digest. Throws: Fault(image_invalid) if it is none, Fault(not_supported) if it is of another kind.
[[nodiscard]] std::string hex_of(std::string_view digest);

/// A digest in the making.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view data);
  void add(const void* data, std::size_t size) { add({static_cast<const char*>(data), size}); }
  /// Ends it.
  [[nodiscard]] std::string digest();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

[[nodiscard]] std::string digest_of(std::string_view content);

}  // namespace dunnage::image
