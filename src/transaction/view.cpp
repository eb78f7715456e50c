// SPDX-License-Identifier: Apache-2.0
#include "transaction/view.hpp"

#include "launcher/connection.hpp"
#include "launcher/reveal.hpp"
#include "model/target.hpp"
#include "transaction/nested_mounts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace dunnage::transaction {
namespace {

using launcher::RevealKind;
using launcher::RevealRecord;

void add_record(View& view, const Metadata& metadata, const RevealRecord& record, std::string_view path) {
  ViewEntry& entry = view.entries[std::string{path}];
  entry.upper = record.kind == RevealKind::Upper;
  entry.there = (record.marks & launcher::kRevealThere) != 0;
  entry.covered = (record.marks & launcher::kRevealCovered) != 0;
  entry.what = path == "." ? record.what & ~metadata.ignored : record.what;
  entry.above = record.upper;
  entry.below = record.lower;
}

bool has_names(const ViewEntry& entry) {
  return (entry.upper && !is_directory(entry.above) && entry.above.links > 1) ||
         (entry.there && !is_directory(entry.below) && entry.below.links > 1);
}

/// Inodes of the upper directory and of the source are two worlds.
constexpr std::uint64_t kOfUpper = std::uint64_t{1} << 63U;

void add_links(View& view, const std::string& path, const EntryState& state) {
  if (is_directory(state) || state.links < 2) {
    return;
  }
  view.links_before.add(state.inode, path);
  if (!view.entries.contains(path)) {
    view.links_after.add(state.inode, path);
  }
}

}  // namespace

bool is_directory(const EntryState& state) noexcept { return (state.mode & S_IFMT) == S_IFDIR; }

bool is_within(std::string_view path, std::string_view top) noexcept {
  return top == "." || model::is_at_or_below(path, top);
}

View look_at_transaction(const volume::Deed& deed, const Place& place, int source, const Watch& watch) {
  View view;
  const auto connection = launcher::connection_of_containers();
  volume::require_done(deed, launcher::reveal_overlay(
                                 *connection, place.upper.get(), source,
                                 [&](const RevealRecord& record, std::string_view path) {
                                   add_record(view, place.metadata, record, path);
                                 },
                                 watch));
  const bool links =
      std::any_of(view.entries.begin(), view.entries.end(), [](const auto& entry) { return has_names(entry.second); });
  if (links) {
    for (const auto& [path, state] : take_baseline(deed, source, watch)) {
      add_links(view, path, state);
    }
    for (const auto& [path, entry] : view.entries) {
      if (entry.upper && !is_directory(entry.above) && entry.above.links > 1) {
        view.links_after.add(entry.above.inode | kOfUpper, path);
      }
    }
  }
  view.mounts = nested_mounts(place.metadata.source);
  return view;
}

}  // namespace dunnage::transaction
