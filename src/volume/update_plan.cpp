// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include "error/printable.hpp"
#include "kernel/call_error.hpp"
#include "model/json_text.hpp"
#include "volume/failure.hpp"
#include "volume/limit_change.hpp"
#include "volume/update.hpp"
#include "volume/volume_access.hpp"
#include "volume/volume_store_access.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace dunnage {

struct VolumeUpdatePlan::State {
  VolumeStore store;
  VolumeChanges changes;
  VolumeInfo before;
  std::vector<VolumeDifference> differences;
  bool needs_no_users = false;
  std::vector<std::string> costs{};
};

namespace {

void require_same(const VolumeInfo& planned, const VolumeInfo& now) {
  if (planned != now) {
    throw VolumeError{{.stage = Stage::Store,
                       .operation = volume::kUpdateVolume,
                       .subject = now.name,
                       .detail = "",
                       .cause = "it has been changed since the plan was made",
                       .code = std::error_code{EAGAIN, std::generic_category()},
                       .remedy = "make the plan anew"}};
  }
}

std::string shown(const std::optional<std::string>& value) {
  return value ? fmt::format("\"{}\"", error::printable(*value)) : "none";
}

nlohmann::ordered_json json_of(const std::optional<std::string>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

VolumeUpdatePlan::VolumeUpdatePlan(std::shared_ptr<const State> state) : state_{std::move(state)} {}

const std::string& VolumeUpdatePlan::volume() const noexcept { return state_->before.name; }
const std::vector<VolumeDifference>& VolumeUpdatePlan::differences() const noexcept { return state_->differences; }
bool VolumeUpdatePlan::needs_no_users() const noexcept { return state_->needs_no_users; }
const std::vector<std::string>& VolumeUpdatePlan::costs() const noexcept { return state_->costs; }

Volume VolumeUpdatePlan::apply(const Watch& watch) const {
  return VolumeAccess::make(volume::explained(volume::kUpdateVolume, volume(), [&] {
    return volume::update(VolumeStoreAccess::layout(state_->store), volume(), state_->changes, watch,
                          [&](const VolumeInfo& now) { require_same(state_->before, now); });
  }));
}

std::string VolumeUpdatePlan::to_string() const {
  std::string text;
  for (const VolumeDifference& difference : differences()) {
    text += fmt::format("{}: {} -> {}\n", error::printable(difference.what), shown(difference.before),
                        shown(difference.after));
  }
  for (const std::string& cost : costs()) {
    text += fmt::format("  {}\n", cost);
  }
  return text.empty() ? "nothing would change\n" : text;
}

std::string VolumeUpdatePlan::to_json() const {
  nlohmann::ordered_json json{
      {"Volume", volume()}, {"NeedsNoUsers", needs_no_users()}, {"Changes", nlohmann::ordered_json::array()}};
  for (const VolumeDifference& difference : differences()) {
    json["Changes"].push_back(
        {{"What", difference.what}, {"Before", json_of(difference.before)}, {"After", json_of(difference.after)}});
  }
  json["Costs"] = costs();
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Volume VolumeStore::update(const std::string& name, const VolumeChanges& changes, const Watch& watch) {
  return VolumeAccess::make(volume::explained(volume::kUpdateVolume, name,
                                              [&] { return volume::update(state_->layout, name, changes, watch); }));
}

VolumeUpdatePlan VolumeStore::plan_update(const std::string& name, const VolumeChanges& changes) const {
  const VolumeInfo before = get(name).info();
  return volume::explained(volume::kUpdateVolume, name, [&] {
    const VolumeInfo after = volume::changed(state_->layout, before, changes);
    return VolumeUpdatePlan{std::make_shared<const VolumeUpdatePlan::State>(VolumeUpdatePlan::State{
        *this, changes, before, volume::differences_of(before, after), volume::needs_no_users(before, after),
        volume::costs_of_limit(state_->layout, {volume::kUpdateVolume, name}, before, after)})};
  });
}

}  // namespace dunnage
