// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How far numbered pieces of work had got when the power was cut: each goes through the same stages, and tells when it
/// begins one and when that is acknowledged.

#include "crash/cut_disk.hpp"

#include <functional>
#include <map>
#include <string>

namespace dunnage::test {

/// Of one piece.
struct Reached {
  int certain = 0;   ///< the last stage that was acknowledged before the cut
  int possible = 0;  ///< the last one that may have begun before it

  [[nodiscard]] bool surely(int stage) const noexcept { return certain >= stage; }
  [[nodiscard]] bool maybe(int stage) const noexcept { return possible >= stage; }
  /// It stands at that stage, and nothing else had begun.
  [[nodiscard]] bool exactly(int stage) const noexcept { return certain == stage && possible == stage; }
};

/// Does a stage, and tells of it.
void do_stage(const Report& report, int number, int stage, const std::function<void()>& work);

/// By number.
[[nodiscard]] std::map<int, Reached> reached(const Told& told);

/// What is not as it has to be, a line for each; empty if all is.
class Complaints {
 public:
  void require(bool right, const std::string& what) {
    if (!right) text_ += what + "\n";
  }
  /// What is thrown is one, too.
  void trying(const std::string& what, const std::function<void()>& work);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace dunnage::test
