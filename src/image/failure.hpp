// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The sentences of the errors of images. What reads content does not know for whom: it throws a Fault, and the verb
/// puts operation and subject to it.

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::image {

/// What is wrong with content, without the operation it hinders.
class Fault : public std::exception {
 public:
  Fault(errc code, std::string cause, std::string remedy)
      : code_{code}, cause_{std::move(cause)}, remedy_{std::move(remedy)} {}

  [[nodiscard]] const char* what() const noexcept override { return cause_.c_str(); }
  [[nodiscard]] errc code() const noexcept { return code_; }
  [[nodiscard]] const std::string& cause() const noexcept { return cause_; }
  [[nodiscard]] const std::string& remedy() const noexcept { return remedy_; }

 private:
  errc code_;
  std::string cause_;
  std::string remedy_;
};

/// errc::image_invalid: nothing but another image helps.
[[nodiscard]] Fault malformed(std::string cause);

[[nodiscard]] ImageError failure(std::string operation, std::string subject, const Fault& fault);
[[nodiscard]] ImageError call_failure(std::string operation, std::string subject, const kernel::CallError& error);
[[nodiscard]] ImageError missing_failure(std::string operation, const std::string& name,
                                         const std::vector<std::string>& known_names);
[[nodiscard]] ImageError in_use_failure(std::string operation, const std::string& name, std::vector<std::string> users);

/// Runs `work`, and makes the sentence of what fails in it.
template <typename Work>
auto explained(const char* operation, const std::string& subject, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw call_failure(operation, subject, error);
  } catch (const Fault& fault) {
    throw failure(operation, subject, fault);
  }
}

}  // namespace dunnage::image
