// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A table as Docker prints it: a heading in capitals, columns three spaces apart.

#include <ostream>
#include <string>
#include <vector>

namespace cli {

class Table {
 public:
  explicit Table(std::vector<std::string> heading);
  void add(std::vector<std::string> row);  ///< as many cells as the heading has
  friend std::ostream& operator<<(std::ostream& out, const Table& table);

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace cli
