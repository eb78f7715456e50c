// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cli {
namespace {

constexpr std::size_t kGap = 3;

/// Characters, not bytes: a label or a path may hold any UTF-8.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

}  // namespace

Table::Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }

void Table::add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::ostream& operator<<(std::ostream& out, const Table& table) {
  std::vector<std::size_t> widths(table.rows_.front().size());
  for (const auto& row : table.rows_) {
    for (std::size_t column = 0; column < widths.size(); ++column) {
      widths[column] = std::max(widths[column], width(row.at(column)));
    }
  }
  for (const auto& row : table.rows_) {
    for (std::size_t column = 0; column < widths.size(); ++column) {
      out << row[column];
      if (column + 1 < widths.size()) out << std::string(widths[column] - width(row[column]) + kGap, ' ');
    }
    out << '\n';
  }
  return out;
}

}  // namespace cli
