// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/peer.hpp"
#include "bench/launch/row.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::bench {
namespace {

/// Programs that take some milliseconds.
Pace peer_pace(unsigned binds) { return {.warm = 1, .count = 2, .every = binds >= 1000 ? 4U : 1U}; }

}  // namespace

void add_peer_rows(std::vector<Row>& rows, const Stage& stage) {
  const auto add = [&](const std::string& who, unsigned binds, std::function<std::function<void()>()> make,
                       unsigned every = 1) {
    Pace pace = peer_pace(binds);
    pace.every = std::max(pace.every, every);
    rows.push_back({.name = row_name(who, binds),
                    .floor = row_name("floor", binds),
                    .ours = row_name("dunnage", binds),
                    .make = [make = std::move(make)] { return timed(make()); },
                    .hot = pace,
                    .cold = binds == 0,
                    .program = true});
  };
  const auto oci = [&](const std::string& program, Isolation isolation, unsigned binds) {
    const bool lean = isolation == Isolation::Lean;
    const std::string who = program + (lean ? " run, lean" : " run, full");
    const auto directory = stage.directory.path() / (program + (lean ? "-lean-" : "-full-") + std::to_string(binds));
    return std::pair{who, [&stage, program, directory, isolation, binds] {
                       return oci_runtime(program, directory, stage, isolation, binds);
                     }};
  };
  for (const unsigned binds : {0U, 10U, 100U, 1000U}) {
    add(
        "bwrap", binds, [&stage, binds] { return bubblewrap(stage, binds); }, binds >= 1000 ? 12 : 1);
    for (const Isolation isolation : {Isolation::Lean, Isolation::Full}) {
      const auto [who, make] = oci("crun", isolation, binds);
      add(who, binds, make);
    }
  }
  for (const unsigned binds : {0U, 1000U}) {
    const auto [who, make] = oci("runc", Isolation::Full, binds);
    add(who, binds, make, 4);
    add(
        "lxc-start", binds, [&stage, binds] { return lxc(stage, binds); }, 4);
  }
}

}  // namespace dunnage::bench
