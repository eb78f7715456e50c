// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An operation in a place of its own, done again and again, each time with another fault.

#include "crash/outcomes.hpp"
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
class Bench : public Outcomes {
 public:
  /// Looks at the process after the call, untraced. It is given the process as it was before.
  using Look = std::function<std::string(const ProcessSnapshot& before)>;

  /// Does the operation once without a fault.
  Bench(StoreOperation wanted, std::filesystem::path place);
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() = default;

  [[nodiscard]] std::filesystem::path store() const { return place_ / "store"; }
  [[nodiscard]] const std::filesystem::path& place() const noexcept { return place_; }
  /// The calls it makes when nothing happens.
  [[nodiscard]] const std::vector<long>& calls() const noexcept { return usual_.calls; }
  [[nodiscard]] const std::vector<long>& calls_of(CallFault::Maker maker) const noexcept;

  /// Does it with a fault, in a process of its own.
  /// \param look  is done there afterwards; what it answers is wrong, and becomes the text of a run that is Broken
  [[nodiscard]] TracedRun run(const CallFault& fault, const Look& look = {}) const;
  /// The store as it is now; another process opens it.
  [[nodiscard]] std::string state() const;
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

  std::filesystem::path place_;
  Leave leave_{*this};
  TracedRun usual_;
};

/// Where operations are hit: launches are the same on each file system, and only tried on others if somebody asks.
enum class Places { OfEachKind, OfOneKind };

/// Has `work` hit each operation, in a place of each kind. Skips where nothing can be traced.
void hit_each(const std::vector<StoreOperation>& operations, const std::function<void(const Bench&)>& work,
              Places places = Places::OfEachKind);

/// So many of them, spread over all.
template <typename Fault>
[[nodiscard]] std::vector<Fault> some_of(const std::vector<Fault>& all, std::size_t number) {
  if (number >= all.size()) return all;
  std::vector<Fault> some;
  for (std::size_t index = 0; index < number; ++index) some.push_back(all[index * all.size() / number]);
  return some;
}

/// How often each operation is hit: DUNNAGE_CRASHES, else `usual`.
[[nodiscard]] std::size_t crashes_of_each(std::size_t usual);

}  // namespace dunnage::test
