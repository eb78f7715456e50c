// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_plan.hpp>

#include "error/printable.hpp"
#include "model/mount_name.hpp"
#include "model/target.hpp"
#include "plan/attributes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

using Row = std::array<std::string, 4>;

Row row_of(const ResolvedMount& mount) {
  return {error::printable(mount.target), std::string{to_string(mount.kind)}, error::printable(plan::source_of(mount)),
          plan::attributes_of(mount)};
}

std::size_t width_of(const std::vector<Row>& rows, std::size_t column) {
  std::size_t width = 0;
  for (const Row& row : rows) {
    width = std::max(width, row.at(column).size());
  }
  return width;
}

}  // namespace

std::string_view to_string(MountKind kind) noexcept {
  switch (kind) {
    case MountKind::Bind:
      return "bind";
    case MountKind::Volume:
      return "volume";
    case MountKind::Tmpfs:
      return "tmpfs";
    case MountKind::Image:
      return "image";
  }
  return "unknown";
}

std::string ResolvedMount::to_string() const {
  return error::printable(fmt::format("{} {} -> \"{}\" ({})", dunnage::to_string(kind), plan::source_of(*this), target,
                                      plan::attributes_of(*this)));
}

MountPlan::MountPlan(std::vector<ResolvedMount> mounts) : mounts_{std::move(mounts)} {}

const ResolvedMount& MountPlan::operator[](std::string_view target) const {
  const std::string clean = model::clean_path(target);
  const auto found = std::find_if(begin(), end(), [&](const ResolvedMount& mount) { return mount.target == clean; });
  if (found == end()) {
    throw std::out_of_range{fmt::format("nothing is mounted at \"{}\"", error::printable(target))};
  }
  return *found;
}

std::string MountPlan::to_string() const {
  if (empty()) {
    return "no mounts";
  }
  std::vector<Row> rows{{"TARGET", "KIND", "SOURCE", "ATTRIBUTES"}};
  std::transform(begin(), end(), std::back_inserter(rows), row_of);
  const std::array widths{width_of(rows, 0), width_of(rows, 1), width_of(rows, 2)};
  std::string text;
  for (std::size_t index = 0; index < rows.size(); ++index) {
    const auto& [target, kind, source, attributes] = rows[index];
    text += fmt::format("{}{:<{}}  {:<{}}  {:<{}}  {}", index == 0 ? "" : "\n", target, widths[0], kind, widths[1],
                        source, widths[2], attributes);
    if (index > 0) {
      for (const std::string& reason : mounts_[index - 1].reasons) {
        text += fmt::format("\n    - {}", error::printable(reason));
      }
    }
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const MountPlan& plan) { return out << plan.to_string(); }

}  // namespace dunnage
