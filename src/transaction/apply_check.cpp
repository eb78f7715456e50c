// SPDX-License-Identifier: Apache-2.0
// What applies that were killed have left, and whether there is a source to go on with.

#include "kernel/await_answer.hpp"
#include "kernel/files.hpp"
#include "kernel/timed_call.hpp"
#include "transaction/baseline.hpp"
#include "transaction/clearing.hpp"
#include "transaction/journal.hpp"
#include "transaction/seen.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

namespace dunnage::transaction {
namespace {

using volume::StoreFaults;

/// Somebody who writes this very moment holds the lock.
bool is_free(const SeenTransaction& seen) {
  bool free = false;
  // what is wrong with the lock was found
  (void)volume::what_keeps_from([&] {
    free = TransactionLock{seen.directory.get(), TransactionLock::Wish::Look}.held();
  });
  return free;
}

std::optional<Place> open_seen(const SeenTransaction& seen, const volume::Deed& deed) {
  std::optional<Place> place;
  try {
    (void)volume::what_keeps_from([&] { place = open_place(seen.layout, deed, seen.name); });
  } catch (const VolumeError&) {
  }
  return place;  // why there is none has been found
}

/// Empty, with the fault, if there is none.
kernel::FileDescriptor open_source_of(const SeenTransaction& seen, const volume::Deed& deed, const Place& place,
                                      StoreFaults& faults) {
  const auto tell = [&](const std::string& why) {
    faults.push_back({finding_of(seen, "", fmt::format("its source \"{}\" {}", place.metadata.source, why),
                                 "put the source back where it was, or discard the transaction", false)});
  };
  if (kernel::await_answer(place.metadata.source, kernel::kPatience) == ETIMEDOUT) {
    tell("does not answer: what serves its file system stands still");
    return {};
  }
  kernel::FileDescriptor source;
  try {
    const std::string why =
        volume::what_keeps_from([&] { source = open_transaction_source(deed, place.metadata.source); });
    if (!why.empty()) {
      tell("cannot be opened: " + why);
    }
  } catch (const VolumeError&) {
    tell("is no directory, or is not there");
  }
  return source;
}

StoreFinding left_over(StoreFinding found) {
  found.kind = StoreFinding::Kind::Leftover;
  return found;
}

std::string put_journal_aside(const SeenTransaction& seen, const char* name) {
  const TransactionLock lock{seen.directory.get()};
  const auto entry = volume::look_at(seen.directory.get(), name);
  if (!lock.held() || !entry || journal_problem(seen.directory.get(), name).empty()) {
    return {};
  }
  const auto aside = volume::set_aside(seen.directory.get(), name, *entry);
  return aside ? fmt::format("it is \"{}\" now; what was applied is found where it is the same on both sides", *aside)
               : std::string{};
}

void check_journals(const Seen& seen, StoreFaults& faults) {
  for (const char* name : {kApplyingName, kAppliedName}) {
    const std::string problem = journal_problem(seen->directory.get(), name);
    if (!problem.empty()) {
      faults.push_back({finding_of(*seen, name, fmt::format("what an apply had begun to do: {}", problem),
                                   "repair() sets it aside; then an apply decides by what it finds", true),
                        [seen, name] { return put_journal_aside(*seen, name); }});
    }
  }
}

bool is_whole_and_old(const SeenTransaction& seen, const char* name, std::chrono::milliseconds grace) {
  const auto entry = volume::look_at(seen.directory.get(), name);
  return entry && volume::is_older(entry->status, grace) && journal_problem(seen.directory.get(), name).empty();
}

std::string finish(const SeenTransaction& seen, const volume::Deed& deed) {
  const TransactionLock lock{seen.directory.get()};
  if (!lock.held() || !has_to_finish(seen.directory.get())) {
    return {};
  }
  const Place place = open_place(seen.layout, deed, seen.name);
  finish_apply(deed, place, open_transaction_source(deed, place.metadata.source).get());
  return "what was applied has left the transaction";
}

void check_ended_applies(const Seen& seen, const volume::Deed& deed, bool has_source, std::chrono::milliseconds grace,
                         StoreFaults& faults) {
  if (is_whole_and_old(*seen, kAppliedName, grace)) {
    faults.push_back({left_over(finding_of(*seen, kAppliedName,
                                           "an apply was killed when its changes were in the source, and they are "
                                           "still in the transaction, too",
                                           has_source ? "repair() takes them out of it; so does whoever looks at it"
                                                      : "put the source back; then repair() takes them out of it",
                                           has_source)),
                      [seen, deed] { return finish(*seen, deed); }});
  }
  if (is_whole_and_old(*seen, kApplyingName, grace)) {
    faults.push_back({left_over(finding_of(
        *seen, kApplyingName,
        "an apply was ended in the middle: some changes are in the source, and all are still in the transaction",
        "apply it once more, which does the rest; or discard it, and keep what is there", false))});
  }
}

/// Those of a directory that is replaced as a whole, and synced.
void check_replacements(const Seen& seen, std::chrono::milliseconds grace, StoreFaults& faults) {
  constexpr std::array kReplaced{kApplyingName, kBaselineName, volume::kMetadataName};
  for (const std::string& name : kernel::names_in(seen->directory.get())) {
    for (const char* replaced : kReplaced) {
      const auto entry =
          name.starts_with(fmt::format(".{}.", replaced)) ? volume::look_at(seen->directory.get(), name) : std::nullopt;
      if (!entry || !volume::is_older(entry->status, grace)) {
        continue;
      }
      faults.push_back({left_over(finding_of(*seen, name, "a process that was killed was writing it",
                                             "repair() deletes it; so does the next apply", true)),
                        [seen, replaced] {
                          const TransactionLock lock{seen->directory.get()};
                          if (lock.held()) {
                            kernel::remove_replacements(seen->directory.get(), replaced);
                          }
                          return lock.held() ? std::string{"it has been deleted"} : std::string{};
                        }});
    }
  }
}

std::string clear(const SeenTransaction& seen, const volume::Deed& deed) {
  const TransactionLock lock{seen.directory.get()};
  if (!lock.held()) {
    return {};
  }
  const Place place = open_place(seen.layout, deed, seen.name);
  const auto source = open_transaction_source(deed, place.metadata.source);
  clear_source(deed, place, source.get(), lock.get());
  return kernel::exists_at(source.get(), stage_name(place)) ? std::string{} : "it has been deleted";
}

void check_source(const Seen& seen, const volume::Deed& deed, const Place& place, int source,
                  std::chrono::milliseconds grace, StoreFaults& faults) {
  const std::string name = stage_name(place);
  const auto entry = volume::look_at(source, name);
  if (!entry || !volume::is_older(entry->status, grace)) {
    return;
  }
  StoreFinding found =
      left_over(finding_of(*seen, "", "an apply that was killed has left a directory in the source, which nobody needs",
                           "repair() deletes it; so does the next apply, or discarding the transaction", true));
  found.path = std::filesystem::path{place.metadata.source} / name;
  faults.push_back({std::move(found), [seen, deed] { return clear(*seen, deed); }});
}

}  // namespace

StoreFaults faults_of_applying(const Seen& seen, std::chrono::milliseconds grace) {
  const volume::Deed deed{"repair transaction", seen->name};
  StoreFaults faults;
  check_journals(seen, faults);
  const auto place = open_seen(*seen, deed);
  const auto source = place ? open_source_of(*seen, deed, *place, faults) : kernel::FileDescriptor{};
  StoreFaults left;
  if (place) {
    check_ended_applies(seen, deed, static_cast<bool>(source), grace, left);
  }
  check_replacements(seen, grace, left);
  if (source) {
    check_source(seen, deed, *place, source.get(), grace, left);
  }
  if (!left.empty() && is_free(*seen)) {
    std::move(left.begin(), left.end(), std::back_inserter(faults));
  }
  return faults;
}

}  // namespace dunnage::transaction
