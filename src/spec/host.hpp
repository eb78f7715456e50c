// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the policy of an engine asks about the host: the caller's context, and this process where it says nothing.

#include <dunnage/spec.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace dunnage::spec {

/// A view; the context must outlive it.
class Host {
 public:
  Host() noexcept;
  explicit Host(const SpecContext& context) noexcept : context_{&context} {}

  [[nodiscard]] const SpecContext& context() const noexcept { return *context_; }
  [[nodiscard]] std::string working_directory() const;
  [[nodiscard]] std::string project_directory() const;
  [[nodiscard]] std::string project_name() const;
  [[nodiscard]] std::string home() const;  ///< empty: unknown
  [[nodiscard]] std::optional<std::string> variable(const std::string& name) const;
  [[nodiscard]] bool exists(const std::string& path) const;
  /// Clean, and below the working directory if relative.
  [[nodiscard]] std::string absolute(std::string_view path) const;

 private:
  const SpecContext* context_;
};

}  // namespace dunnage::spec
