// SPDX-License-Identifier: Apache-2.0
#include "transaction/journal.hpp"

#include "kernel/files.hpp"
#include "launcher/amend_list.hpp"
#include "launcher/connection.hpp"
#include "transaction/baseline.hpp"
#include "transaction/view.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <unordered_set>

namespace dunnage::transaction {
namespace {

using launcher::AmendAction;

constexpr std::size_t kMostJournal = std::size_t{2} << 30U;

void add_item(std::string& body, char kind, const std::string& path) {
  body += kind;
  body += path;
  body += '\0';
}

/// Damaged: as if nothing were in it, which is what is safe.
Journal read_journal(const Place& place, const char* name) {
  std::string buffer;
  Journal journal;
  const auto [text, number] = kernel::read_small_file(place.directory.get(), name, buffer, kMostJournal);
  if (number == ENOENT) {
    return journal;
  }
  if (number != 0) {
    throw kernel::CallError{"read what was applied", number};
  }
  if (volume::checksum_fault(text)) {
    return journal;
  }
  std::string_view rest = volume::without_checksum(text);
  while (rest.size() > 1) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    std::string path{rest.substr(1, end - 1)};
    if (rest.front() == 'u') {
      journal.unveiled.push_back(std::move(path));
    } else if (rest.front() == 'd') {
      journal.dropped.push_back(std::move(path));
    } else {
      journal.taken_over.insert(std::move(path));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return journal;
}

void tidy_upper(const volume::Deed& deed, const Place& place, int source, const Journal& journal) {
  launcher::AmendList list;
  for (const std::string& path : journal.unveiled) {
    list.add(AmendAction::Unveil, path);
  }
  for (const std::string& path : journal.dropped) {
    list.add(AmendAction::Drop, path);
  }
  const auto connection = launcher::connection_of_containers();
  const auto outcome = list.obey(*connection, place.upper.get(), source, stage_name(place), {}, {});
  volume::require_done(deed, outcome);
}

bool is_still(const EntryState& before, const EntryState& now) {
  return !is_directory(now) && before.inode == now.inode && before.size == now.size &&
         before.modified == now.modified && before.modified_nanoseconds == now.modified_nanoseconds;
}

/// What was taken over is as it should be; so is what has lost or got a name by that.
void renew_baseline(const volume::Deed& deed, const Place& place, int source, const Journal& journal) {
  Baseline baseline = read_baseline(deed, place.directory.get());
  const Baseline now = take_baseline(deed, source, {});
  std::unordered_set<std::uint64_t> inodes;
  for (const std::string& path : journal.taken_over) {
    if (const auto before = baseline.find(path); before != baseline.end() && !is_directory(before->second)) {
      inodes.insert(before->second.inode);
    }
  }
  for (auto& [path, state] : baseline) {
    const auto found = inodes.contains(state.inode) ? now.find(path) : now.end();
    if (found != now.end() && is_still(state, found->second)) {
      state = found->second;
    }
  }
  for (const std::string& path : journal.taken_over) {
    if (const auto found = now.find(path); found != now.end()) {
      baseline.insert_or_assign(path, found->second);
      continue;
    }
    const std::string below = path + '/';
    auto end = baseline.lower_bound(below);
    while (end != baseline.end() && end->first.starts_with(below)) {
      end = baseline.erase(end);
    }
    baseline.erase(path);
  }
  write_baseline(place.directory.get(), baseline);
}

}  // namespace

void write_journal(const Place& place, const Journal& journal) {
  std::string body;
  for (const std::string& path : journal.unveiled) {
    add_item(body, 'u', path);
  }
  for (const std::string& path : journal.dropped) {
    add_item(body, 'd', path);
  }
  for (const std::string& path : journal.taken_over) {
    add_item(body, 't', path);
  }
  kernel::write_durably(place.directory.get(), kApplyingName, volume::with_checksum(body), volume::kPrivateFile);
}

std::set<std::string> begun_paths(const Place& place) { return read_journal(place, kApplyingName).taken_over; }

void finish_journal(const volume::Deed& deed, const Place& place, int source) {
  const int directory = place.directory.get();
  const int number = kernel::rename_exclusively(directory, kApplyingName, directory, kAppliedName);
  if (number != 0) {
    throw kernel::CallError{"rename", number};
  }
  kernel::sync(directory);
  finish_apply(deed, place, source);
}

bool has_to_finish(int directory) { return kernel::exists_at(directory, kAppliedName); }

void finish_apply(const volume::Deed& deed, const Place& place, int source) {
  const int directory = place.directory.get();
  if (!has_to_finish(directory)) {
    return;
  }
  const Journal journal = read_journal(place, kAppliedName);
  tidy_upper(deed, place, source, journal);
  renew_baseline(deed, place, source, journal);
  if (::unlinkat(directory, kAppliedName, 0) != 0) {
    throw kernel::CallError{"unlink", errno};
  }
  kernel::sync(directory);
}

std::string stage_name(const Place& place) { return ".dunnage-apply-" + place.metadata.id; }

}  // namespace dunnage::transaction
