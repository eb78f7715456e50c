// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A system call that failed in a way its caller did not foresee.

#include <system_error>

namespace dunnage::kernel {

/// Carries the name of the call, so that the layer that knows what it was for can write the sentence.
class CallError : public std::system_error {
 public:
  /// \param call  name of the call, a string literal; \param number errno as the call left it
  CallError(const char* call, int number) : std::system_error{number, std::system_category(), call}, call_{call} {}

  [[nodiscard]] const char* call() const noexcept { return call_; }

 private:
  const char* call_;
};

}  // namespace dunnage::kernel
