// SPDX-License-Identifier: Apache-2.0
#include <dunnage/store_report.hpp>

#include "error/printable.hpp"
#include "model/json_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>

namespace dunnage {
namespace {

std::string counted(std::size_t count, std::string_view what) { return fmt::format("{} {}", count, what); }

}  // namespace

std::string_view to_string(StoreFinding::Part part) noexcept {
  switch (part) {
    case StoreFinding::Part::Store:
      return "store";
    case StoreFinding::Part::Volume:
      return "volume";
    case StoreFinding::Part::Container:
      return "container";
    case StoreFinding::Part::Image:
      return "image";
    case StoreFinding::Part::Transaction:
      return "transaction";
    case StoreFinding::Part::Staging:
      return "staging";
    case StoreFinding::Part::Trash:
      return "trash";
    case StoreFinding::Part::Index:
      return "index";
  }
  return "store";
}

std::string_view to_string(StoreFinding::Kind kind) noexcept {
  switch (kind) {
    case StoreFinding::Kind::Damage:
      return "damage";
    case StoreFinding::Kind::Leftover:
      return "leftover";
    case StoreFinding::Kind::Newer:
      return "newer";
  }
  return "damage";
}

std::string StoreFinding::to_string() const {
  const std::string_view what = !repaired.empty() ? "done" : repairable ? "repair" : "to do";
  return fmt::format("{} \"{}\": {}\n    at: {}\n    {}: {}\n", dunnage::to_string(part), error::printable(name),
                     error::printable(problem), error::printable(path.native()), what,
                     error::printable(repaired.empty() ? remedy : repaired));
}

bool StoreReport::is_clean() const noexcept {
  return std::all_of(findings.begin(), findings.end(),
                     [](const StoreFinding& finding) { return !finding.repaired.empty(); });
}

std::string StoreReport::to_string() const {
  if (findings.empty()) {
    return "Nothing is damaged, and nothing is left over.\n";
  }
  std::string text;
  std::size_t repaired = 0;
  std::size_t damaged = 0;
  std::size_t left_over = 0;
  for (const StoreFinding& finding : findings) {
    text += finding.to_string();
    repaired += finding.repaired.empty() ? 0 : 1;
    damaged += finding.repaired.empty() && finding.kind != StoreFinding::Kind::Leftover ? 1 : 0;
    left_over += finding.repaired.empty() && finding.kind == StoreFinding::Kind::Leftover ? 1 : 0;
  }
  text += counted(findings.size(), findings.size() == 1 ? "finding: " : "findings: ");
  text += counted(damaged, "cannot be used as they should be, ") + counted(left_over, "left over");
  text += repaired == 0 ? ".\n" : ", " + counted(repaired, "repaired.\n");
  return text;
}

std::string StoreReport::to_json() const {
  nlohmann::ordered_json json{{"Clean", is_clean()}, {"Findings", nlohmann::ordered_json::array()}};
  for (const StoreFinding& finding : findings) {
    json["Findings"].push_back({{"Part", dunnage::to_string(finding.part)},
                                {"Kind", dunnage::to_string(finding.kind)},
                                {"Name", model::to_json_text(finding.name)},
                                {"Path", model::to_json_text(finding.path.native())},
                                {"Problem", finding.problem},
                                {"Remedy", finding.remedy},
                                {"Repairable", finding.repairable},
                                {"Repaired", finding.repaired}});
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace dunnage
