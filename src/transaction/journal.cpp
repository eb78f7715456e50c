// SPDX-License-Identifier: Apache-2.0
#include "transaction/journal.hpp"

#include "error/reason.hpp"
#include "kernel/files.hpp"
#include "launcher/amend_list.hpp"
#include "launcher/connection.hpp"
#include "transaction/baseline.hpp"
#include "transaction/view.hpp"
#include "volume/findings.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"

#include <fmt/format.h>
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

/// Below the tops, and by no way back.
bool is_path_below(std::string_view path) {
  const std::string whole = fmt::format("/{}/", path);
  return !path.empty() && path.front() != '/' && whole.find("/../") == std::string::npos;
}

bool take_item(Journal& journal, char kind, std::string_view path) {
  if (kind == 'u') {
    journal.unveiled.emplace_back(path);
  } else if (kind == 'd') {
    journal.dropped.emplace_back(path);
  } else if (kind == 't') {
    journal.taken_over.emplace(path);
  } else {
    return false;
  }
  return is_path_below(path);
}

/// \return what is wrong with it; empty if nothing is
std::string decode_journal(std::string_view text, Journal& journal) {
  if (auto damage = volume::checksum_fault(text)) {
    return *damage;
  }
  std::string_view rest = volume::without_checksum(text);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos || end == 0 || !take_item(journal, rest.front(), rest.substr(1, end - 1))) {
      return "it names what is no path below the source";
    }
    rest.remove_prefix(end + 1);
  }
  return {};
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
  return decode_journal(text, journal).empty() ? journal : Journal{};
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

std::string journal_problem(int directory, const char* name) {
  const auto entry = volume::look_at(directory, name);
  if (!entry) {
    return {};
  }
  if (std::string problem = volume::file_problem(entry); !problem.empty()) {
    return problem;
  }
  std::string buffer;
  Journal journal;
  const auto [text, number] = kernel::read_small_file(directory, name, buffer, kMostJournal);
  if (number != 0) {
    return number == ENOENT ? std::string{} : "it cannot be read: " + error::errno_reason(number);
  }
  return decode_journal(text, journal);
}

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
