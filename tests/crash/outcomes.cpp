// SPDX-License-Identifier: Apache-2.0
#include "crash/outcomes.hpp"

#include "crash/store_state.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace dunnage::test {
namespace {

/// Whether each line of `part` is one of `whole`.
bool is_part_of(const std::string& part, const std::string& whole) {
  std::istringstream lines{part};
  for (std::string line; std::getline(lines, line);) {
    if (("\n" + whole).find("\n" + line + "\n") == std::string::npos) return false;
  }
  return true;
}

/// How often each path stands in a state, whatever is there by that name.
std::map<std::string, int> paths_of(const std::string& state) {
  std::map<std::string, int> paths;
  std::istringstream lines{state};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) ++paths[line.substr(2, line.find(' ', 2) - 2)];
  }
  return paths;
}

/// Without volumes nobody chose a name for, if nobody uses one.
std::string without_orphans(const std::string& state) {
  const bool used = state.find("USED (anonymous)") != std::string::npos;
  return used ? state : without_parts(state, "volume (anonymous)");
}

/// Of volumes alone.
std::string volumes_in(const std::string& state) {
  std::istringstream lines{state};
  std::string volumes;
  bool in_volume = false;
  for (std::string line; std::getline(lines, line);) {
    in_volume = line.starts_with("volume ") || (in_volume && line.starts_with("  "));
    const bool of_volumes = line.starts_with("DAMAGED volume ") || line.starts_with("THE INDEX ");
    if (in_volume || of_volumes) volumes += line + "\n";
  }
  return volumes;
}

/// Without the lines that have this in them.
std::string without_lines(const std::string& state, const std::string& part) {
  std::istringstream lines{state};
  std::string rest;
  for (std::string line; std::getline(lines, line);) rest += line.find(part) != line.npos ? "" : line + "\n";
  return rest;
}

/// \param part  empty: of no line
bool has(const std::string& line, const std::string& part) { return !part.empty() && line.find(part) != line.npos; }

/// Each layer that is unpacked, with all that is in it.
std::vector<std::string> trees_of(const std::string& state) {
  std::vector<std::string> trees;
  std::istringstream lines{state};
  bool in_tree = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("tree ")) trees.emplace_back();
    in_tree = line.starts_with("tree ") || (in_tree && line.starts_with("  "));
    if (in_tree) trees.back() += line + "\n";
  }
  return trees;
}

}  // namespace

std::string state_of_place(const StoreOperation& operation, const std::filesystem::path& place) {
  const std::filesystem::path store = place / "store";
  const std::string text = std::filesystem::exists(store) ? state_of(store) : std::string{};
  return operation.beside ? text + operation.beside(place) + "\n" : text;
}

bool Outcomes::is_undone(const std::string& state, bool stays) const {
  if (state == before_ || (stays && state == after_)) return true;
  return operation_.cache && without_trees(state) == without_trees(before_);
}

bool Outcomes::is_as_before(const std::string& state) const {
  const std::string rest = operation_.passing.empty() ? state : without_lines(state, operation_.passing);
  return rest == before_ || (operation_.orphans && without_orphans(rest) == before_);
}

bool Outcomes::is_as_after(const std::string& state) const {
  return (operation_.passes_later ? without_lines(state, operation_.passing) : state) == after_;
}

bool Outcomes::is_left_at_end(const std::string& state) const {
  const std::string& left = operation_.left_at_end;
  return !left.empty() && without_orphans(without_lines(state, left)) == after_;
}

bool Outcomes::is_between(const std::string& state) const {
  return is_part_of(state, before_) && is_part_of(after_, state);
}

std::string Outcomes::strange_lines(const std::string& state) const {
  std::string strange;
  std::istringstream lines{state};
  for (std::string line; std::getline(lines, line);) {
    const bool ours = line.find(".dunnage-apply-") != std::string::npos ||
                      line.starts_with("  metadata new/");  // the names of a file appear one after the other
    if (ours || has(line, operation_.passing) || has(line, operation_.begun)) continue;
    if (!is_part_of(line, before_) && !is_part_of(line, after_)) strange += line + "\n";
  }
  return strange;
}

std::string Outcomes::lost_paths(const std::string& state) const {
  std::string lost;
  auto now = paths_of(state);
  auto after = paths_of(after_);
  for (const auto& [path, times] : paths_of(before_)) {
    if (now[path] < std::min(times, after[path])) lost += "LOST " + path + "\n";
  }
  return lost;
}

std::string Outcomes::passing_lines(const std::string& state) const {
  std::string passing;
  std::istringstream lines{state};
  for (std::string line; std::getline(lines, line);) passing += has(line, operation_.passing) ? line + "\n" : "";
  return passing;
}

std::string Outcomes::wrong_after_cut(const std::string& state, bool done) const {
  if (operation_.unsynced_containers) return wrong_without_containers(state, done);
  if (operation_.cache) {
    for (const std::string& tree : trees_of(state)) {
      if ((before_ + after_).find(tree) == std::string::npos) return "half a layer:\n" + tree;
    }
    const std::string rest = without_trees(state);
    const bool right = rest == without_trees(after_) || (!done && rest == without_trees(before_));
    return right ? std::string{} : state;
  }
  if (state == after_) return {};
  if (done) return "it was acknowledged, and there is\n" + state;
  if (operation_.resumes) return strange_lines(state) + lost_paths(state);
  const bool right = operation_.partial ? is_between(state) : is_as_before(state);
  return right ? std::string{} : "it is neither done nor undone:\n" + state;
}

/// What is left of volumes is whole. Volumes nobody chose a name for go with their containers, and with a prune.
std::string Outcomes::wrong_without_containers(const std::string& whole, bool done) const {
  const auto rest_of = [](const std::string& state) { return without_orphans(volumes_in(state)); };
  const std::string state = rest_of(whole);
  if (state == rest_of(after_)) return {};
  if (done) return "it was acknowledged, and there is\n" + whole;
  std::string strange;
  std::istringstream lines{state};
  for (std::string line; std::getline(lines, line);) {
    const bool known = is_part_of(line, before_) || is_part_of(line, after_);
    strange += known || has(line, operation_.passing) ? "" : line + "\n";
  }
  return strange;
}

void Outcomes::do_again(const std::filesystem::path& place, bool was_done) const {
  try {
    operation_.ready(place)();
  } catch (const Error& error) {
    if (!was_done || !operation_.done_before || error.code() != operation_.done_before) throw;
    return;
  }
  if (const std::string bad = operation_.wrong ? operation_.wrong(place) : ""; !bad.empty()) {
    throw std::runtime_error{bad};
  }
}

std::string Outcomes::wrong_after_retry(const std::string& state) const {
  const bool orphans = operation_.orphans && operation_.resumes;
  const bool right = orphans ? without_orphans(state) == without_orphans(after_) : state == after_;
  return right ? std::string{} : "after a second try there is\n" + state;
}

}  // namespace dunnage::test
