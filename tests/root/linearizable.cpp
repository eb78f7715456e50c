// SPDX-License-Identifier: Apache-2.0
#include "root/linearizable.hpp"

#include "root/object_model.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <sstream>
#include <utility>

namespace dunnage::test {
namespace {

/// What changes nothing now, and would not later. The same put, or removal of what is not there yet, may be needed
/// then.
bool only_looks(const Call& call) {
  if (call.answer != Call::Answer::Done) return true;
  for (const auto kind : {Call::Kind::Put, Call::Kind::Unuse, Call::Kind::MayUse, Call::Kind::Start, Call::Kind::End,
                          Call::Kind::Stop, Call::Kind::Erase}) {
    if (call.kind == kind) return false;
  }
  return true;
}

class Search {
 public:
  explicit Search(std::vector<Call> calls) : calls_{std::move(calls)}, taken_(calls_.size(), false) {}

  [[nodiscard]] bool finds_an_order() { return go_on({}, 0, 0); }
  /// Those that the longest order has which was found.
  [[nodiscard]] const std::vector<bool>& longest() const noexcept { return longest_; }

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

  bool go_on(const ObjectState& state, std::size_t count, std::size_t first) {
    if (count == calls_.size()) return true;
    if (count >= most_) {
      most_ = count;
      longest_ = taken_;
    }
    while (taken_[first]) ++first;
    if (!seen_.emplace(state, taken_).second) return false;
    const auto next = candidates(first);
    for (const std::size_t at : next) {  // what only looks need not wait
      if (only_looks(calls_[at]) && after(state, calls_[at]) == state) return take(at, state, count, first);
    }
    return std::any_of(next.begin(), next.end(), [&](std::size_t at) {
      const auto then = after(state, calls_[at]);
      return then && take(at, *then, count, first);
    });
  }

  bool take(std::size_t at, const ObjectState& state, std::size_t count, std::size_t first) {
    taken_[at] = true;
    const bool found = go_on(state, count + 1, first);
    taken_[at] = found;
    return found;
  }

  std::vector<Call> calls_;
  std::vector<bool> taken_;
  std::vector<bool> longest_;
  std::size_t most_ = 0;
  std::set<std::pair<ObjectState, std::vector<bool>>> seen_;
};

std::string to_text(const Call& call) {
  constexpr std::array kKinds{"create", "get or create", "put",     "set",     "remove", "rename",
                              "look",   "use",           "end use", "may use", "launch", "start",
                              "end",    "stop",          "execute", "erase",   "find"};
  constexpr std::array kAnswers{"nothing", "done", "exists", "missing", "in use", "not running"};
  std::ostringstream text;
  text << call.begin << '-' << call.end << ' ' << kKinds[static_cast<std::size_t>(call.kind)] << ' '
       << static_cast<int>(call.slot) << " with " << call.value << ": "
       << kAnswers[static_cast<std::size_t>(call.answer)] << ", saw " << call.seen << '\n';
  return text.str();
}

/// What may have been a use explains nothing but that something was in use meanwhile.
void drop_needless(std::vector<Call>& calls) {
  std::set<int> needless;
  for (const Call& maybe : calls) {
    if (maybe.kind != Call::Kind::MayUse) continue;
    const bool needed = std::ranges::any_of(calls, [&](const Call& call) {
      return call.kind == Call::Kind::Remove && call.answer == Call::Answer::InUse && call.begin < maybe.end &&
             maybe.begin < call.end;
    });
    if (!needed) needless.insert(maybe.value);
  }
  std::erase_if(calls, [&](const Call& call) {
    return (call.kind == Call::Kind::MayUse || call.kind == Call::Kind::Unuse) && needless.contains(call.value);
  });
}

std::string unexplained_together(std::vector<Call> calls) {
  drop_needless(calls);
  std::sort(calls.begin(), calls.end(), [](const Call& one, const Call& other) { return one.begin < other.begin; });
  Search search{calls};
  if (search.finds_an_order()) return {};
  std::string text;
  for (std::size_t at = 0; at < calls.size(); ++at) {
    text += (search.longest()[at] ? "" : "? ") + to_text(calls[at]);  // the longest order comes to these
  }
  return text;
}

}  // namespace

std::string unexplained(std::vector<Call> calls) {
  // what has nothing to do with each other has an order together if each has one alone, and that is found sooner
  const auto of_container = std::ranges::stable_partition(calls, std::not_fn(is_about_container));
  std::string text = unexplained_together({of_container.begin(), of_container.end()});
  calls.erase(of_container.begin(), of_container.end());
  if (!text.empty()) return text;
  if (std::ranges::any_of(calls, [](const Call& call) { return call.kind == Call::Kind::Rename; })) {
    return unexplained_together(std::move(calls));
  }
  const auto second = std::ranges::stable_partition(calls, [](const Call& call) { return call.slot == 0; });
  text = unexplained_together({calls.begin(), second.begin()});
  return text.empty() ? unexplained_together({second.begin(), second.end()}) : text;
}

}  // namespace dunnage::test
