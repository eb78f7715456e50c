// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A registry of the test's own, on a free port of this machine.

#include "support/temporary_directory.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::test {

/// Runs a program to its end; FAILs the test unless it exits with 0. \return what it wrote to its standard output
std::string run_tool(std::vector<std::string> argv);

/// docker-registry(1), until the end of this object. It speaks HTTP.
class Registry {
 public:
  static constexpr const char* kUser = "sailor";
  static constexpr const char* kPassword = "open sesame";

  enum class Access { Everybody, WithPassword };
  explicit Registry(Access access = Access::Everybody);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  /// "127.0.0.1:PORT"
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::string name(std::string_view rest) const { return address_ + "/" + std::string{rest}; }
  /// What stands for the user and this password in an auth file.
  [[nodiscard]] static std::string encoded_login(std::string_view password = kPassword);
  /// An auth file with this password for this registry.
  [[nodiscard]] std::filesystem::path auth_file(std::string_view password = kPassword) const;
  /// Pushes an image of an OCI layout or a directory as skopeo writes them: "oci:/path:tag", "dir:/path".
  void push(const std::string& source, std::string_view name, std::vector<std::string> flags = {}) const;
  /// Blobs that were asked for so far, manifests aside.
  [[nodiscard]] std::size_t blobs_served() const;

 private:
  [[nodiscard]] bool start(Access access);

  TemporaryDirectory directory_;
  Access access_;
  std::string address_;
  std::uint16_t port_ = 0;
  mutable int marks_ = 0;
  pid_t process_ = -1;
};

}  // namespace dunnage::test
