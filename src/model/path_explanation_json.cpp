// SPDX-License-Identifier: Apache-2.0
#include <dunnage/path_explanation.hpp>

#include "model/json_text.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {
namespace {

using ExplanationJson = nlohmann::ordered_json;

ExplanationJson json_of(const std::vector<std::string>& texts) {
  ExplanationJson list = ExplanationJson::array();
  for (const std::string& text : texts) {
    list.push_back(model::to_json_text(text));
  }
  return list;
}

ExplanationJson json_of(const std::vector<IdRange>& ranges) {
  ExplanationJson list = ExplanationJson::array();
  for (const IdRange& range : ranges) {
    list.push_back({{"Inside", range.inside}, {"Outside", range.outside}, {"Count", range.count}});
  }
  return list;
}

ExplanationJson json_of(const std::optional<FileOwner>& owner) {
  return owner ? ExplanationJson{{"Uid", owner->uid}, {"Gid", owner->gid}, {"Mode", owner->mode}}
               : ExplanationJson(nullptr);
}

ExplanationJson json_of(const std::optional<PathAccess>& access) {
  return access ? ExplanationJson{{"Read", access->read}, {"Write", access->write}, {"Execute", access->execute}}
                : ExplanationJson(nullptr);
}

std::string_view word_of(PathExplanation::Presence presence) {
  switch (presence) {
    case PathExplanation::Presence::There:
      return "there";
    case PathExplanation::Presence::Missing:
      return "missing";
    case PathExplanation::Presence::Unknown:
      break;
  }
  return "unknown";
}

}  // namespace

std::string PathExplanation::to_json() const {
  using model::to_json_text;
  const ExplanationJson value{{"Path", to_json_text(path)},
                              {"Presence", word_of(presence)},
                              {"Kind", kind},
                              {"LeadsTo", to_json_text(leads_to)},
                              {"Mount", to_json_text(mount)},
                              {"MountInWords", to_json_text(mount_in_words)},
                              {"Place", to_json_text(place)},
                              {"Source", to_json_text(source)},
                              {"FileSystem", to_json_text(file_system)},
                              {"MountOptions", json_of(mount_options)},
                              {"FileSystemOptions", json_of(file_system_options)},
                              {"IdMapped", id_mapped},
                              {"Users", json_of(users)},
                              {"Groups", json_of(groups)},
                              {"Reasons", json_of(reasons)},
                              {"Hides", json_of(hides)},
                              {"MountsBelow", json_of(mounts_below)},
                              {"Inside", json_of(inside)},
                              {"OnDisk", json_of(on_disk)},
                              {"User", user},
                              {"Access", json_of(by_kernel ? by_kernel : by_rules)},
                              {"ByRules", json_of(by_rules)},
                              {"ByKernel", json_of(by_kernel)},
                              {"Obstacles", json_of(obstacles)},
                              {"Remedies", json_of(remedies)},
                              {"Notes", json_of(notes)}};
  return value.dump(2);
}

}  // namespace dunnage
