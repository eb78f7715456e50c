// SPDX-License-Identifier: Apache-2.0
#include "root/linearizable.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

namespace dunnage::test {
namespace {

using Kind = Call::Kind;
using Answer = Call::Answer;

/// Of an object, between two calls.
struct State {
  std::array<int, kSlots> values{};
  std::map<int, int> uses{};  ///< by which use, the slot it is of

  [[nodiscard]] bool is_used(int slot) const {
    return std::any_of(uses.begin(), uses.end(), [&](const auto& use) { return use.second == slot; });
  }
  friend auto operator<=>(const State&, const State&) = default;
};

std::optional<State> given(const State& state, int slot, int value) {
  State after = state;
  after.values[static_cast<std::size_t>(slot)] = value;
  return after;
}

std::optional<State> renamed(const State& state, int from, int to) {
  State after = state;
  std::swap(after.values[static_cast<std::size_t>(from)], after.values[static_cast<std::size_t>(to)]);
  for (auto& [use, slot] : after.uses) slot = slot == from ? to : slot;
  return after;
}

std::optional<State> if_right(bool right, const std::optional<State>& after) { return right ? after : std::nullopt; }

std::optional<State> used(const State& state, const Call& call) {
  State after = state;
  if (call.kind == Kind::Use) {
    after.uses[call.value] = call.slot;
  } else {
    after.uses.erase(call.value);
  }
  return after;
}

std::optional<State> done(const State& state, const Call& call) {
  const int slot = call.slot;
  const int now = state.values[call.slot];
  const int other = kSlots - 1 - slot;
  switch (call.kind) {
    case Kind::Create:
      return if_right(now == 0, given(state, slot, call.value));
    case Kind::GetOrCreate:
      return if_right(call.seen == (now == 0 ? call.value : now), given(state, slot, call.seen));
    case Kind::Put:
      return given(state, slot, call.value);
    case Kind::Set:
      return if_right(now != 0, given(state, slot, call.value));
    case Kind::Remove:
      return if_right(now != 0 && !state.is_used(slot), given(state, slot, 0));
    case Kind::Rename:
      return if_right(now != 0 && state.values[static_cast<std::size_t>(other)] == 0, renamed(state, slot, other));
    case Kind::Look:
      return if_right(now == call.seen, state);
    case Kind::Use:
      return if_right(now != 0, used(state, call));
    case Kind::Unuse:
      return used(state, call);
  }
  return std::nullopt;
}

/// What comes of it; nothing if it cannot be answered so in that state.
std::optional<State> after(const State& state, const Call& call) {
  const int now = state.values[call.slot];
  const bool other_is_there = state.values[kSlots - 1U - call.slot] != 0;
  switch (call.answer) {
    case Answer::Done:
      return done(state, call);
    case Answer::Exists:
      return if_right(call.kind == Kind::Rename ? now != 0 && other_is_there : now != 0, state);
    case Answer::Missing:
      return if_right(now == 0, state);
    case Answer::InUse:
      return if_right(now != 0 && state.is_used(call.slot), state);
    case Answer::None:
      break;
  }
  return std::nullopt;
}

class Search {
 public:
  explicit Search(std::vector<Call> calls) : calls_{std::move(calls)}, taken_(calls_.size(), false) {}

  [[nodiscard]] bool finds_an_order() { return go_on({}, 0, 0); }

 private:
  /// Those that may come next began before any that is not taken ended.
  [[nodiscard]] std::vector<std::size_t> candidates(std::size_t first) const {
    std::vector<std::size_t> next;
    std::uint64_t end = UINT64_MAX;
    for (std::size_t at = first; at < calls_.size() && calls_[at].begin < end; ++at) {
      if (taken_[at]) continue;
      next.push_back(at);
      end = std::min(end, calls_[at].end);
    }
    std::sort(next.begin(), next.end(),
              [&](std::size_t one, std::size_t other) { return calls_[one].end < calls_[other].end; });
    return next;
  }

  bool go_on(const State& state, std::size_t count, std::size_t first) {
    if (count == calls_.size()) return true;
    while (taken_[first]) ++first;
    if (!seen_.emplace(state, taken_).second) return false;
    const auto next = candidates(first);
    for (const std::size_t at : next) {  // what only looks need not wait; the same put later may be needed then
      const bool looks = calls_[at].kind != Kind::Put;
      if (looks && after(state, calls_[at]) == state) return take(at, state, count, first);
    }
    return std::any_of(next.begin(), next.end(), [&](std::size_t at) {
      const auto then = after(state, calls_[at]);
      return then && take(at, *then, count, first);
    });
  }

  bool take(std::size_t at, const State& state, std::size_t count, std::size_t first) {
    taken_[at] = true;
    const bool found = go_on(state, count + 1, first);
    taken_[at] = found;
    return found;
  }

  std::vector<Call> calls_;
  std::vector<bool> taken_;
  std::set<std::pair<State, std::vector<bool>>> seen_;
};

std::string to_text(const Call& call) {
  constexpr std::array kKinds{"create", "get or create", "put", "set", "remove", "rename", "look", "use", "end use"};
  constexpr std::array kAnswers{"nothing", "done", "exists", "missing", "in use"};
  std::ostringstream text;
  text << call.begin << '-' << call.end << ' ' << kKinds[static_cast<std::size_t>(call.kind)] << ' '
       << static_cast<int>(call.slot) << " with " << call.value << ": "
       << kAnswers[static_cast<std::size_t>(call.answer)] << ", saw " << call.seen << '\n';
  return text.str();
}

std::string unexplained_together(std::vector<Call> calls) {
  std::sort(calls.begin(), calls.end(), [](const Call& one, const Call& other) { return one.begin < other.begin; });
  if (Search{calls}.finds_an_order()) return {};
  std::string text;
  for (const Call& call : calls) text += to_text(call);
  return text;
}

}  // namespace

std::string unexplained(std::vector<Call> calls) {
  const bool moves = std::ranges::any_of(calls, [](const Call& call) { return call.kind == Kind::Rename; });
  if (!moves) {  // the names have nothing to do with each other, and the search is shorter for each alone
    const auto second = std::ranges::stable_partition(calls, [](const Call& call) { return call.slot == 0; });
    std::string text = unexplained_together({calls.begin(), second.begin()});
    return text.empty() ? unexplained_together({second.begin(), second.end()}) : text;
  }
  return unexplained_together(std::move(calls));
}

}  // namespace dunnage::test
