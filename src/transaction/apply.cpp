// SPDX-License-Identifier: Apache-2.0
#include "transaction/apply.hpp"

#include "kernel/files.hpp"
#include "launcher/amend_list.hpp"
#include "launcher/connection.hpp"
#include "transaction/baseline.hpp"
#include "transaction/changes.hpp"
#include "transaction/conflicts.hpp"
#include "transaction/journal.hpp"
#include "transaction/selection.hpp"
#include "transaction/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace dunnage::transaction {
namespace {

using Kind = TransactionChange::Kind;
using launcher::AmendAction;

/// All directories on the way to a path.
template <typename Visit>
void each_parent(const std::string& path, Visit&& visit) {
  for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    visit(path.substr(0, end));
  }
}

/// What the source is to be told, in the order in which nothing is missing that something else needs.
class Amendments {
 public:
  explicit Amendments(const View& view) : view_{view} {}

  void add_all(const std::vector<TransactionChange>& changes) {
    for (const TransactionChange& change : changes) {
      if (change.kind != Kind::Deleted) {
        add_entry(change);
      }
    }
    for (const TransactionChange& change : changes) {
      if (change.kind == Kind::Deleted || !change.from.empty()) {
        remove(change.from.empty() ? change.path : change.from);
      }
    }
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
      list_.add(AmendAction::Give, *directory);  // once more: what was made in it has changed its time
    }
  }

  [[nodiscard]] launcher::AmendList& list() noexcept { return list_; }

 private:
  void add_entry(const TransactionChange& change) {
    const auto found = view_.entries.find(change.path);
    if (found == view_.entries.end() || !found->second.upper) {
      return;  // it has lost a name by what is done to another one
    }
    const EntryState& above = found->second.above;
    const bool went = change.kind == Kind::Replaced && is_directory(found->second.below);
    if (is_directory(above)) {
      list_.add(change.kind == Kind::Metadata ? AmendAction::Give : AmendAction::MakeDirectory, change.path);
      directories_.push_back(change.path);
      return;
    }
    const auto first = above.links > 1 ? names_.emplace(above.inode, change.path) : std::pair{names_.end(), true};
    if (first.second) {
      list_.add(AmendAction::Put, change.path);
    } else {
      list_.add(AmendAction::Link, change.path, first.first->second);
    }
    if (went) {
      gone_.insert(change.path);
    }
  }

  void remove(const std::string& path) {
    bool within = gone_.contains(path);
    each_parent(path, [&](const std::string& parent) { within = within || gone_.contains(parent); });
    if (!within) {
      list_.add(AmendAction::Remove, path);
      gone_.insert(path);
    }
  }

  const View& view_;
  launcher::AmendList list_;
  std::unordered_map<std::uint64_t, std::string> names_;
  std::vector<std::string> directories_;
  std::unordered_set<std::string> gone_;  ///< and all below
};

/// What leaves the upper directory with these changes, and with all that changes nothing.
Journal journal_of(const View& view, const std::vector<TransactionChange>& all, const Selection& selection) {
  std::unordered_set<std::string> changed;
  for (const TransactionChange& change : all) {
    changed.insert(change.path);
    if (!change.from.empty()) {
      changed.insert(change.from);
    }
  }
  Journal journal;
  for (const TransactionChange& change : selection.changes) {
    journal.taken_over.insert(change.path);
    if (!change.from.empty()) {
      journal.taken_over.insert(change.from);
    }
  }
  for (const auto& [path, entry] : view.entries) {
    const bool same = !changed.contains(path) && !(entry.upper && is_directory(entry.above));
    if (path != "." && same && !entry.hidden()) {
      journal.taken_over.insert(path);
    }
  }
  std::set<std::string> unveiled;
  std::set<std::string> dropped;
  for (const std::string& path : journal.taken_over) {
    const auto found = view.entries.find(path);
    if (found != view.entries.end() && found->second.upper && is_directory(found->second.above)) {
      unveiled.insert(path);
    }
    dropped.insert(path);
    each_parent(path, [&](const std::string& parent) {
      unveiled.insert(parent);
      if (!changed.contains(parent)) {
        dropped.insert(parent);  // it goes only if it is empty then
      }
    });
  }
  dropped.erase(".");
  unveiled.erase(".");
  journal.unveiled.assign(unveiled.begin(), unveiled.end());
  journal.dropped.assign(dropped.rbegin(), dropped.rend());
  return journal;
}

VolumeError conflict_failure(const volume::Deed& deed, const std::vector<TransactionConflict>& conflicts) {
  constexpr std::size_t kNamed = 3;
  std::string paths;
  for (std::size_t index = 0; index < std::min(conflicts.size(), kNamed); ++index) {
    paths += fmt::format("{}\"{}\" ({} in the source)", index == 0 ? "" : ", ", conflicts[index].path,
                         to_string(conflicts[index].source));
  }
  if (conflicts.size() > kNamed) {
    paths += fmt::format(" and {} more", conflicts.size() - kNamed);
  }
  const bool mounted = std::any_of(conflicts.begin(), conflicts.end(), [](const TransactionConflict& conflict) {
    return conflict.source == TransactionConflict::Source::Mounted;
  });
  return volume::deed_failure(deed, std::move(paths), make_error_code(errc::transaction_conflict),
                              mounted ? "unmount what is mounted there, or leave these paths out"
                                      : "look at conflicts(), then leave these paths out, or apply with overwrite");
}

void refuse_conflicts(const volume::Deed& deed, const Place& place, const View& view, const Selection& selection,
                      bool overwrite) {
  auto conflicts =
      conflicts_of(selection.changes, view, read_baseline(deed, place.directory.get()), begun_paths(place));
  if (overwrite) {
    std::erase_if(conflicts, [](const TransactionConflict& conflict) {
      return conflict.source != TransactionConflict::Source::Mounted;
    });
  }
  if (!conflicts.empty()) {
    throw conflict_failure(deed, conflicts);
  }
}

}  // namespace

TransactionApplied apply_changes(const volume::Deed& deed, const Place& place, int source, int lock,
                                 const TransactionApplyOptions& options) {
  finish_apply(deed, place, source);
  const View view = look_at_transaction(deed, place, source, options.watch);
  const auto changes = changes_in(view);
  Selection selection = select_changes(changes, view, options.filter);
  refuse_conflicts(deed, place, view, selection, options.overwrite);
  volume::stop_if_asked(deed, options.watch);
  for (const char* replaced : {kApplyingName, kBaselineName}) {
    kernel::remove_replacements(place.directory.get(), replaced);
  }
  write_journal(place, journal_of(view, changes, selection));
  Amendments amendments{view};
  amendments.add_all(selection.changes);
  const auto connection = launcher::connection_of_containers();
  const auto outcome =
      amendments.list().obey(*connection, place.upper.get(), source, stage_name(place), {lock}, options.watch);
  volume::require_done(deed, outcome);
  finish_journal(deed, place, source);
  return {.changes = std::move(selection.changes), .came_along = std::move(selection.came_along)};
}

}  // namespace dunnage::transaction
