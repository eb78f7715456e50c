// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/target.hpp"

#include "bench/statistics.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace dunnage::bench {
namespace {

enum class Pair { Hot, Cold };

const Row* find(const std::vector<Session>& sessions, std::string_view session, std::string_view name) {
  for (const Session& candidate : sessions) {
    const auto row = std::find_if(candidate.rows.begin(), candidate.rows.end(),
                                  [name](const Row& other) { return other.name == name; });
    if (candidate.name == session && row != candidate.rows.end() && row->trouble.empty()) {
      return &*row;
    }
  }
  return nullptr;
}

class Targets {
 public:
  explicit Targets(const std::vector<Session>& sessions) : sessions_{sessions} {}

  void ratio(std::string sentence, std::string_view session, std::string_view slow, std::string_view quick,
             double limit, bool at_least, Pair pair = Pair::Hot) {
    Target target{std::move(sentence), limit, at_least};
    const Row* first = find(sessions_, session, slow);
    const Row* second = find(sessions_, session, quick);
    if (first != nullptr && second != nullptr) {
      const double value = spread_of(pair == Pair::Hot ? paired_ratios(first->hot_series, second->hot_series)
                                                       : paired_ratios(first->cold_series, second->cold_series))
                               .median;
      if (value > 0) {
        target.value = value;
      }
    }
    list.push_back(std::move(target));
  }
  void difference(std::string sentence, std::string_view session, std::string_view slow, std::string_view quick,
                  double limit) {
    Target target{std::move(sentence), limit, false};
    const Row* first = find(sessions_, session, slow);
    const Row* second = find(sessions_, session, quick);
    if (first != nullptr && second != nullptr) {
      target.value = spread_of(paired_differences(first->hot_series, second->hot_series)).median;
    }
    list.push_back(std::move(target));
  }
  void per_second(std::string sentence, std::string_view name, double limit) {
    Target target{std::move(sentence), limit, true};
    if (const Row* row = find(sessions_, "threads", name)) {
      target.value = 1000 / spread_of(values_of(row->hot_series)).median;
    }
    list.push_back(std::move(target));
  }
  void milliseconds(std::string sentence, std::string_view name, double limit) {
    Target target{std::move(sentence), limit, false};
    if (const Row* row = find(sessions_, "launch", name)) {
      target.value = spread_of(values_of(row->hot_series)).median;
    }
    list.push_back(std::move(target));
  }

  std::vector<Target> list;

 private:
  const std::vector<Session>& sessions_;
};

void beside_floors(Targets& targets) {
  for (const bool network : {true, false}) {
    for (const unsigned binds : kBinds) {
      targets.ratio("× the floor: " + row_name("dunnage", binds, network), "launch",
                    row_name("dunnage", binds, network), row_name("floor", binds, network), 1.25, false);
    }
  }
  for (const bool network : {true, false}) {
    for (const unsigned binds : kBinds) {
      targets.ratio("× the template floor: " + row_name("dunnage from a template", binds, network), "launch",
                    row_name("dunnage from a template", binds, network), row_name("template floor", binds, network),
                    1.15, false);
    }
  }
}

void beside_programs(Targets& targets) {
  const std::string ours = row_name("dunnage", 0);
  const auto add = [&](const std::string& who, unsigned binds, double limit, Pair pair) {
    targets.ratio("× dunnage" + std::string{pair == Pair::Hot ? "" : ", after idleness"} + ": " + row_name(who, binds),
                  "launch", row_name(who, binds), row_name("dunnage", binds), limit, true, pair);
  };
  add("crun run, lean", 0, 6, Pair::Hot);
  add("crun run, lean", 0, 6, Pair::Cold);
  add("crun run, full", 0, 7, Pair::Hot);
  add("crun run, full", 0, 12, Pair::Cold);
  for (const Pair pair : {Pair::Hot, Pair::Cold}) {
    targets.ratio("× " + std::string{kKeptReady} + (pair == Pair::Hot ? ": " : ", after idleness: ") +
                      row_name("crun run, full", 0),
                  "launch", row_name("crun run, full", 0), kKeptReady, 14, true, pair);
  }
  add("crun run, full", 1000, 8, Pair::Hot);
  add("bwrap", 0, 3.5, Pair::Hot);
  add("bwrap", 1000, 280, Pair::Hot);
  for (const auto& [who, limit] : {std::pair{"crun run, full", 8.0}, std::pair{"bwrap", 280.0}}) {
    targets.ratio("× dunnage from a template: " + row_name(who, 1000), "launch", row_name(who, 1000),
                  row_name("dunnage from a template", 1000), limit, true);
  }
  add("runc run, full", 0, 28, Pair::Hot);
  for (const auto& [who, limit] : {std::pair{"podman run", 100.0}, std::pair{"docker run", 170.0}}) {
    targets.ratio("× dunnage: " + std::string{who}, "engines", who, ours, limit, true, Pair::Hot);
    targets.ratio("× dunnage, after idleness: " + std::string{who}, "engines", who, ours, limit, true, Pair::Cold);
  }
}

void of_itself(Targets& targets, const std::vector<Session>& sessions) {
  for (const char* image :
       {"dunnage, an image of 10 layers", "dunnage, an image, changes in memory", "dunnage, an image, read-only"}) {
    targets.ratio("× a bound directory: " + std::string{image}, "launch", image, row_name("dunnage", 0), 2, false);
  }
  for (const Session& session : sessions) {
    for (const Row& row : session.rows) {
      if (session.name == "hosts" && row.name != row.ours) {
        const bool mounts = row.name.find("mounts") != std::string::npos;
        targets.ratio("× a host of 10 MiB: " + row.name, "hosts", row.name, row.ours, mounts ? 1.3 : 1.15, false);
      }
    }
  }
  targets.difference("ms more: the default seccomp filter", "launch", kFiltered, row_name("dunnage", 0), 0.1);
  targets.ratio("× the filtered floor: " + std::string{kFiltered}, "launch", kFiltered, row_name("filtered floor", 0),
                1.25, false);
  targets.ratio("× the limited floor: " + std::string{kLimited}, "launch", kLimited, row_name("limited floor", 0), 1.25,
                false);
  targets.milliseconds("ms: first launch of a process", "dunnage, first launch of a process", 3);
  targets.per_second("launches a second: 4 threads, host's network", "dunnage, 4 threads, host's network", 4000);
  targets.per_second("launches a second: 4 threads, network", "dunnage, 4 threads, network", 1200);
}

}  // namespace

std::vector<Target> make_targets(const std::vector<Session>& sessions, const Residency& residency) {
  Targets targets{sessions};
  beside_floors(targets);
  beside_programs(targets);
  of_itself(targets, sessions);
  Target memory{"KiB for a live container, host and launcher", 60, false};
  if (residency.containers > 0) {
    memory.value = residency.library_kib() + residency.launcher_kib();
  }
  targets.list.push_back(std::move(memory));
  return std::move(targets.list);
}

}  // namespace dunnage::bench
