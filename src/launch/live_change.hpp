// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One change of the mounts of a container that runs, from the plan it begins with to the one there is then. What is
/// attached is resolved by then.

#include <dunnage/live_mounts.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/prepared_mounts.hpp>

#include "container/failure.hpp"
#include "container/record_mounts.hpp"
#include "container/running.hpp"
#include "container/state.hpp"
#include "launch/mount_change.hpp"
#include "prepare/state.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace dunnage::launch {

/// What is done to a mount, in the words of errors.
struct Verb {
  std::string_view word;  ///< "attach"
  MountEvent::Kind event;
};
inline constexpr Verb kAttachVerb{"attach", MountEvent::Kind::Attached};
inline constexpr Verb kDetachVerb{"detach", MountEvent::Kind::Detached};
inline constexpr Verb kReplaceVerb{"replace", MountEvent::Kind::Replaced};
inline constexpr Verb kHoldersVerb{"look who uses", MountEvent::Kind::Detached};

[[nodiscard]] MountError mount_failure(const Verb& verb, const ResolvedMount& mount, std::string cause,
                                       std::error_code code, std::string remedy);

/// Of a handle whose `restarting` is held, but for holders(). Use it once.
class LiveChange {
 public:
  /// Throws: LaunchError(not_running, wrong_process).
  LiveChange(ContainerAccess::ContainerState& state, const Verb& verb);

  ResolvedMount attach(const ResolvedMount& wanted);

  ResolvedMount replace(std::string_view target, const ResolvedMount& wanted);

  void detach(std::string_view target, bool lazily);

  [[nodiscard]] std::vector<MountHolder> holders(std::string_view target);

 private:
  [[nodiscard]] const ResolvedMount& made() const { return mounts_->plan[std::size_t{0}]; }

  [[nodiscard]] LaunchError not_running() const;

  /// From here on nobody else changes its mounts. The record of a container that lives may have been removed by hand.
  void open_record();

  void read_record();
  /// Others may change it until it is opened again.
  void pause_record() noexcept;
  void keep_record();

  /// Before what takes long, and is to be checked again afterwards: nobody is waited for who changes it just now,
  /// unless what that one has written, and may take back, is what stands in the way.
  void check_ahead(const std::function<void()>& check);
  void take_kept_record();

  void require_free(const ResolvedMount& wanted) const;

  [[nodiscard]] const ResolvedMount& require_there(std::string_view target) const;

  /// A copy, as the plan is replaced.
  [[nodiscard]] ResolvedMount require_alone(std::string_view target) const;

  void prepare(const ResolvedMount& wanted);

  void change(ChangeRequest request, std::vector<ResolvedMount> after, const ResolvedMount& shown);

  void check(const ChangeAnswer& answer, const ResolvedMount& mount) const;

  /// The launcher may have it, now or later.
  void leave();

  void leave_mounts();

  /// Of what is attached.
  [[nodiscard]] std::vector<volume::KnownVolume> known() const;

  void remember(MountPlan plan, const std::vector<AnonymousVolume>& more);

  ContainerAccess::ContainerState& state_;
  const Verb& verb_;
  std::shared_ptr<container::Running> run_;
  container::Deed deed_;
  MountPlan plan_;
  std::optional<container::RecordMounts> record_;
  PreparedMounts prepared_;
  PreparedMountsAccess::State* mounts_ = nullptr;
};

}  // namespace dunnage::launch
