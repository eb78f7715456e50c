// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/error.hpp>

#include <functional>
#include <system_error>

namespace dunnage::test {

/// The code of the error that `work` throws; no error if it throws none.
[[nodiscard]] inline std::error_code code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

}  // namespace dunnage::test
