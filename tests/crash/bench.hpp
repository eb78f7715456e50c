// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An operation in a place of its own, done again and again, each time with another fault.

#include "crash/store_operation.hpp"
#include "support/leak_guard.hpp"
#include "support/traced_program.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dunnage::test {

enum class Verdict {
  Done,     ///< the call returned
  Refused,  ///< it threw an Error, whose text is in `words`
  Killed,   ///< neither
  Broken,   ///< it threw something else, ended the process, or hung
};
[[nodiscard]] Verdict verdict_of(const TracedRun& run);

/// One operation, its place, and the two states in which its store may be found.
class Bench {
 public:
  /// Looks at the process after the call, untraced. It is given the process as it was before.
  using Look = std::function<std::string(const ProcessSnapshot& before)>;

  /// Does the operation once without a fault.
  Bench(StoreOperation operation, std::filesystem::path place);
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() = default;

  [[nodiscard]] const StoreOperation& operation() const noexcept { return operation_; }
  [[nodiscard]] std::filesystem::path store() const { return place_ / "store"; }
  [[nodiscard]] const std::filesystem::path& place() const noexcept { return place_; }
  [[nodiscard]] const std::string& before() const noexcept { return before_; }
  [[nodiscard]] const std::string& after() const noexcept { return after_; }
  /// The calls it makes when nothing happens.
  [[nodiscard]] const std::vector<long>& calls() const noexcept { return usual_.calls; }
  [[nodiscard]] const std::vector<long>& calls_of(CallFault::Maker maker) const noexcept;

  /// Does it with a fault, in a process of its own.
  /// \param look  is done there afterwards; what it answers is wrong, and becomes the text of a run that is Broken
  [[nodiscard]] TracedRun run(const CallFault& fault, const Look& look = {}) const;
  /// The store as it is now; another process opens it.
  [[nodiscard]] std::string state() const;
  /// Whether it is as before a call that failed. \param stays  what was done may stay, whole
  [[nodiscard]] bool is_undone(const std::string& state, bool stays) const;
  /// Whether it is as before a call that was killed.
  [[nodiscard]] bool is_as_before(const std::string& state) const;
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
  /// Does it once more, and says what is wrong with that; empty if it is done now.
  [[nodiscard]] std::string retry(bool was_done) const;
  /// Back to before().
  void reset() const;

 private:
  /// Also when what comes after it in the constructor throws.
  struct Leave {
    const Bench& bench;
    explicit Leave(const Bench& of) : bench{of} {}
    Leave(const Leave&) = delete;
    Leave& operator=(const Leave&) = delete;
    ~Leave();
  };

  StoreOperation operation_;
  std::filesystem::path place_;
  Leave leave_{*this};
  std::string before_;
  std::string after_;
  TracedRun usual_;
};

/// Where operations are hit: launches are the same on each file system, and only tried on others if somebody asks.
enum class Places { OfEachKind, OfOneKind };

/// Has `work` hit each operation, in a place of each kind. Skips where nothing can be traced.
void hit_each(const std::vector<StoreOperation>& operations, const std::function<void(const Bench&)>& work,
              Places places = Places::OfEachKind);

/// So many of them, spread over all.
[[nodiscard]] std::vector<CallFault> some_of(const std::vector<CallFault>& all, std::size_t number);

/// How often each operation is hit: DUNNAGE_CRASHES, else `usual`.
[[nodiscard]] std::size_t crashes_of_each(std::size_t usual);

}  // namespace dunnage::test
