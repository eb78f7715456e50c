// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The two states in which a store may be found around one operation, and what else of it may be found in between.

#include "crash/store_operation.hpp"

#include <filesystem>
#include <string>
#include <utility>

namespace dunnage::test {

/// The store of an operation, and what it has beside it. Another process may have opened it.
[[nodiscard]] std::string state_of_place(const StoreOperation& operation, const std::filesystem::path& place);

class Outcomes {
 public:
  explicit Outcomes(StoreOperation operation) : operation_{std::move(operation)} {}

  [[nodiscard]] const StoreOperation& operation() const noexcept { return operation_; }
  [[nodiscard]] const std::string& before() const noexcept { return before_; }
  [[nodiscard]] const std::string& after() const noexcept { return after_; }
  void set_before(std::string state) { before_ = std::move(state); }
  void set_after(std::string state) { after_ = std::move(state); }

  /// Whether it is as before a call that failed. \param stays  what was done may stay, whole
  [[nodiscard]] bool is_undone(const std::string& state, bool stays) const;
  /// Whether it is as before a call that was killed.
  [[nodiscard]] bool is_as_before(const std::string& state) const;
  /// Whether it is as after a call that was done by somebody who was killed.
  [[nodiscard]] bool is_as_after(const std::string& state) const;
  /// Whether it is as after a call whose end could not remove what goes then.
  [[nodiscard]] bool is_left_at_end(const std::string& state) const;
  /// Whether a removal of several has been done for some.
  [[nodiscard]] bool is_between(const std::string& state) const;
  /// What is neither as before nor as after: nothing may be, of an operation that goes on where it was ended.
  [[nodiscard]] std::string strange_lines(const std::string& state) const;
  /// The paths that are there before and after, and not now: nothing that was there may be gone meanwhile.
  [[nodiscard]] std::string lost_paths(const std::string& state) const;
  /// The lines of what is made for a moment; only who was killed may leave them.
  [[nodiscard]] std::string passing_lines(const std::string& state) const;
  /// What is wrong with what a power cut has left. \param done  it had been acknowledged
  [[nodiscard]] std::string wrong_after_cut(const std::string& state, bool done) const;

  /// Does it once more, in this process.
  void do_again(const std::filesystem::path& place, bool was_done) const;
  /// What is wrong with the state it leaves then; empty if it is done now.
  [[nodiscard]] std::string wrong_after_retry(const std::string& state) const;

 private:
  [[nodiscard]] std::string wrong_without_containers(const std::string& whole, bool done) const;

  StoreOperation operation_;
  std::string before_;
  std::string after_;
};

}  // namespace dunnage::test
