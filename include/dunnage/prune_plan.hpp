// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A prune as a value one can read before anything goes.
///
///     const auto plan = store.plan_prune({.all = true, .unused_for = std::chrono::hours{24 * 30}});
///     std::cout << plan;             // each volume, whether it goes, and why
///     const auto result = plan.apply();
///
/// Making a plan changes nothing. apply() looks at each volume again: it takes none that is not in the plan, and keeps,
/// with the reason, what has been used, changed, protected or made anew since.

#include <dunnage/export.hpp>
#include <dunnage/volume_store.hpp>

#include <chrono>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// Which volumes go: those that no container uses or owns, that are not protected, have no driver options, and meet
/// all of this.
struct PruneOptions {
  bool all = false;                                       ///< named ones, too
  VolumeFilter filter{};                                  ///< those alone
  std::optional<std::chrono::milliseconds> older_than{};  ///< made at least so long ago
  std::optional<std::chrono::milliseconds> unused_for{};  ///< not used for so long; never used: since it was made
  RemoveOptions removal{};                                ///< `keep` puts them into the trash
};

/// What becomes of one volume.
struct PruneDecision {
  enum class Reason {
    Unused,    ///< it goes: nothing speaks for it
    InUse,     ///< by `users`
    Named,     ///< it has a name, and `all` was not asked for
    Filtered,  ///< the filter does not mean it
    Protected,
    TooYoung,       ///< made later than `older_than` wants
    UsedLately,     ///< used later than `unused_for` wants
    DriverOptions,  ///< what it shows is somebody's who said where
    Owned,          ///< anonymous, and its container is there, running or not
    Damaged,        ///< it cannot be read
  };
  std::string volume{};
  Reason reason = Reason::Unused;
  std::string words{};  ///< the reason in a sentence: who uses it, how old it is
  std::vector<std::string> users{};
  std::optional<std::chrono::system_clock::time_point> created_at{};
  std::optional<std::chrono::system_clock::time_point> last_used{};  ///< as far as it was looked at

  [[nodiscard]] bool is_taken() const noexcept { return reason == Reason::Unused; }
  friend bool operator==(const PruneDecision&, const PruneDecision&) = default;
};

/// "unused", "in-use", "named", "filtered", "protected", "too-young", "used-lately", "driver-options", "owned",
/// "damaged"
[[nodiscard]] DUNNAGE_API std::string_view to_string(PruneDecision::Reason reason) noexcept;

/// An immutable value: every volume of the store, sorted by name. Thread safety: any thread may use it.
class DUNNAGE_API PrunePlan {
 public:
  [[nodiscard]] const std::vector<PruneDecision>& decisions() const noexcept;
  [[nodiscard]] auto begin() const noexcept { return decisions().begin(); }
  [[nodiscard]] auto end() const noexcept { return decisions().end(); }
  /// Names of those that go.
  [[nodiscard]] std::vector<std::string> taken() const;

  /// How much space each of taken() would give back: all that belongs to it, with its snapshots, found by walks that
  /// UsageOptions::watch ends. No lock is held; what is gone by now is left out.
  /// Throws: VolumeError(cancelled, timed_out), or with the errno of what failed.
  [[nodiscard]] std::map<std::string, VolumeUsage> usage(const UsageOptions& options = {}) const;

  /// Does it. `kept` of the result names those of taken() that stay nevertheless.
  /// Throws: VolumeError with the errno of what failed; what had been removed by then is back, as after prune().
  PruneResult apply() const;

  /// A table: remove or keep, the name, and why.
  [[nodiscard]] std::string to_string() const;
  /// {"Volumes": [{"Name", "Action": "remove"|"keep", "Reason", "Words", "Users", "CreatedAt", "LastUsed"}]}
  [[nodiscard]] std::string to_json() const;

 private:
  friend class VolumeStore;
  struct State;
  explicit PrunePlan(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

DUNNAGE_API std::ostream& operator<<(std::ostream& out, const PrunePlan& plan);

}  // namespace dunnage
