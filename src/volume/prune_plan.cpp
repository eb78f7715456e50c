// SPDX-License-Identifier: Apache-2.0
#include <dunnage/prune_plan.hpp>

#include <dunnage/error.hpp>

#include "error/printable.hpp"
#include "kernel/call_error.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/prune.hpp"
#include "volume/timestamp.hpp"
#include "volume/usage.hpp"
#include "volume/volume_store_access.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <ostream>
#include <utility>

namespace dunnage {

struct PrunePlan::State {
  VolumeStore store;
  PruneOptions options;
  std::vector<PruneDecision> decisions;
  std::map<std::string, std::pair<std::uint64_t, VolumeInfo>> taken;  ///< inode, and what was known
};

namespace {

constexpr const char* kPruneVolumes = "prune volumes of";
// A directory that once held very many entries stays as large on most disks, and each opening reads the trash.
constexpr std::size_t kMostInTrash = 1024;

/// Takes one that was looked at just now, or says why not. One that somebody else removes meanwhile is in neither list.
void take_or_keep(volume::Removing& removing, const std::string& name, PruneResult& result) {
  try {
    removing.take(name);
    result.removed.push_back(name);
  } catch (const VolumeError& error) {
    if (error.code() == errc::volume_in_use) {
      const std::string users = volume::quoted_list(error.users());
      result.kept.emplace_back(name, users.empty() ? "it is in use" : "it is used by " + users);
    } else if (error.code() == errc::volume_protected) {
      result.kept.emplace_back(name, "it is protected");
    } else if (error.code() != errc::volume_missing) {
      result.kept.emplace_back(name, error.what());
    }
  } catch (const kernel::CallError& error) {
    result.kept.emplace_back(name, error.what());
  }
}

/// Whether that is said to who asked for no plan: not of what is none of a prune's business.
bool is_told(PruneDecision::Reason reason) noexcept {
  return reason != PruneDecision::Reason::Named && reason != PruneDecision::Reason::Filtered;
}

template <typename Decide>
PruneResult prune_each(const volume::Layout& layout, const std::vector<std::string>& names,
                       const RemoveOptions& removal, Decide&& is_taken) {
  PruneResult result;
  volume::Removing removing{layout, removal};
  std::size_t taken = 0;
  for (const std::string& name : names) {
    if (is_taken(name, result)) {
      take_or_keep(removing, name, result);
      if (++taken % kMostInTrash == 0) {
        removing.finish();
      }
    }
  }
  removing.finish();
  return result;
}

}  // namespace

std::string_view to_string(PruneDecision::Reason reason) noexcept {
  constexpr std::string_view kWords[] = {"unused",    "in-use",      "named",          "filtered", "protected",
                                         "too-young", "used-lately", "driver-options", "owned",    "damaged"};
  return kWords[static_cast<std::size_t>(reason)];
}

PrunePlan::PrunePlan(std::shared_ptr<const State> state) : state_{std::move(state)} {}

const std::vector<PruneDecision>& PrunePlan::decisions() const noexcept { return state_->decisions; }

std::vector<std::string> PrunePlan::taken() const {
  std::vector<std::string> names;
  for (const PruneDecision& decision : decisions()) {
    if (decision.is_taken()) {
      names.push_back(decision.volume);
    }
  }
  return names;
}

std::map<std::string, VolumeUsage> PrunePlan::usage(const UsageOptions& options) const {
  const volume::Layout& layout = VolumeStoreAccess::layout(state_->store);
  std::map<std::string, VolumeUsage> usages;
  for (const std::string& name : taken()) {
    const volume::Deed deed{"measure volume", name};
    auto usage = volume::with_deed(
        deed, [&] { return volume::usage_of_all(layout, deed, layout.volumes.get(), name, options); });
    if (usage) {
      usages.emplace(name, std::move(*usage));
    }
  }
  return usages;
}

PruneResult PrunePlan::apply() const {
  const volume::Layout& layout = VolumeStoreAccess::layout(state_->store);
  return volume::explained(kPruneVolumes, state_->store.root().string(), [&] {
    const auto now = std::chrono::system_clock::now();
    return prune_each(layout, taken(), state_->options.removal, [&](const std::string& name, PruneResult& result) {
      const auto look = volume::look_to_prune(layout, name, state_->options, now);
      const auto& [inode, info] = state_->taken.at(name);
      if (look.is_gone) {
        return false;
      }
      if (!look.decision.is_taken()) {
        result.kept.emplace_back(name, look.decision.words);
      } else if (look.inode != inode || look.info != info) {
        result.kept.emplace_back(name, "it has been changed since the plan was made, or is another one");
      } else {
        return true;
      }
      return false;
    });
  });
}

PrunePlan VolumeStore::plan_prune(const PruneOptions& options) const {
  return volume::explained(kPruneVolumes, root().string(), [&] {
    auto state = std::make_shared<PrunePlan::State>(PrunePlan::State{*this, options, {}, {}});
    const auto now = std::chrono::system_clock::now();
    for (const std::string& name : volume::volume_names(state_->layout)) {
      auto look = volume::look_to_prune(state_->layout, name, options, now);
      if (look.is_gone) {
        continue;
      }
      if (look.decision.is_taken()) {
        state->taken.emplace(name, std::pair{look.inode, std::move(look.info)});
      }
      state->decisions.push_back(std::move(look.decision));
    }
    return PrunePlan{std::move(state)};
  });
}

PruneResult VolumeStore::prune(bool all, const VolumeFilter& filter) {
  const volume::Layout& layout = state_->layout;
  return volume::explained(kPruneVolumes, root().string(), [&] {
    const PruneOptions options{.all = all, .filter = filter};
    const auto now = std::chrono::system_clock::now();
    return prune_each(layout, volume::volume_names(layout), {}, [&](const std::string& name, PruneResult& result) {
      auto look = volume::look_to_prune(layout, name, options, now);
      if (!look.is_gone && !look.decision.is_taken() && is_told(look.decision.reason)) {
        result.kept.emplace_back(name, std::move(look.decision.words));
      }
      return look.decision.is_taken();
    });
  });
}

std::string PrunePlan::to_string() const {
  std::string text;
  for (const PruneDecision& decision : decisions()) {
    text += fmt::format("{}  {}  {}\n", decision.is_taken() ? "remove" : "keep  ", error::printable(decision.volume),
                        error::printable(decision.words));
  }
  const std::size_t count = taken().size();
  return text + fmt::format("{} of {} {} would go\n", count, decisions().size(),
                            decisions().size() == 1 ? "volume" : "volumes");
}

std::string PrunePlan::to_json() const {
  const auto time = [](const std::optional<std::chrono::system_clock::time_point>& point) {
    return point ? nlohmann::ordered_json(volume::format_time(*point, volume::Precision::Seconds))
                 : nlohmann::ordered_json(nullptr);
  };
  nlohmann::ordered_json json{{"Volumes", nlohmann::ordered_json::array()}};
  for (const PruneDecision& decision : decisions()) {
    json["Volumes"].push_back({{"Name", decision.volume},
                               {"Action", decision.is_taken() ? "remove" : "keep"},
                               {"Reason", dunnage::to_string(decision.reason)},
                               {"Words", decision.words},
                               {"Users", decision.users},
                               {"CreatedAt", time(decision.created_at)},
                               {"LastUsed", time(decision.last_used)}});
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::ostream& operator<<(std::ostream& out, const PrunePlan& plan) { return out << plan.to_string(); }

}  // namespace dunnage
