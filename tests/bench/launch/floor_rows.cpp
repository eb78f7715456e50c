// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/floor.hpp"
#include "bench/launch/row.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::bench {
namespace {

std::function<Launch()> floor(FloorOptions options) {
  return [options = std::move(options)] {
    auto made = std::make_shared<Floor>(options);
    return timed([made] { made->launch(); });
  };
}

}  // namespace

std::string row_name(const std::string& who, unsigned binds, bool network) {
  return who + ", " + std::to_string(binds) + (binds == 1 ? " bind" : " binds") + (network ? "" : ", host's network");
}

Pace pace_of(unsigned binds) { return binds >= 1000 ? Pace{.warm = 1, .count = 2} : Pace{}; }

void add_floor_rows(std::vector<Row>& rows, const Stage& stage) {
  rows.push_back({.name = "clone3, execve, wait, with six namespaces", .make = floor({}), .hot = {}, .cold = true});
  rows.push_back({.name = "clone3, execve, wait, host's network", .make = floor({.network = false}), .hot = {}});
  for (const bool network : {true, false}) {
    for (const unsigned binds : kBinds) {
      const FloorTree tree{.root = stage.root, .binds = stage.some(binds)};
      const std::string classic = row_name("floor", binds, network);
      rows.push_back({.name = classic,
                      .floor = classic,
                      .make = floor({.network = network, .tree = tree}),
                      .hot = pace_of(binds),
                      .cold = binds == 0});
    }
    for (const unsigned binds : kBinds) {
      FloorTree tree{.way = FloorTree::Way::Template, .root = stage.root, .binds = stage.some(binds)};
      rows.push_back({.name = row_name("template floor", binds, network),
                      .floor = row_name("floor", binds, network),
                      .make = floor({.network = network, .tree = std::move(tree)}),
                      .hot = pace_of(binds),
                      .cold = binds == 0});
    }
    rows.push_back({.name = row_name("secured floor", 0, network),
                    .floor = row_name("floor", 0, network),
                    .make = floor({.network = network, .secured = true, .tree = {.root = stage.root}}),
                    .hot = {}});
  }
  rows.push_back({.name = row_name("limited floor", 0),
                  .floor = row_name("floor", 0),
                  .make = floor({.limited = true, .tree = {.root = stage.root}}),
                  .hot = {},
                  .cold = true});
  rows.push_back({.name = row_name("filtered floor", 0),
                  .floor = row_name("floor", 0),
                  .make = floor({.filtered = true, .tree = {.root = stage.root}}),
                  .hot = {}});
}

}  // namespace dunnage::bench
