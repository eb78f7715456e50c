// SPDX-License-Identifier: Apache-2.0
// What a transaction consists of. Its changes and the record of its source are nowhere else, so nothing makes these
// again; what only the library needs is made anew.

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"
#include "transaction/baseline.hpp"
#include "transaction/seen.hpp"
#include "volume/private_directory.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace dunnage::transaction {
namespace {

using volume::Entry;
using volume::StoreFaults;

constexpr const char* kKeepUpper = "copy what you need from its directory \"upper\", then discard it";

/// "it is a link, not a directory"; empty for a directory.
std::string directory_problem(const std::optional<Entry>& entry) {
  if (!entry) {
    return "it is missing";
  }
  return entry->is_directory() ? std::string{}
                               : fmt::format("it is {}, not a directory", volume::kind_of(entry->status));
}

bool is_id_of_another(const SeenTransaction& seen, const std::string& id) {
  const auto transactions = open_transactions(seen.layout);
  for (const std::string& name : kernel::names_in(transactions.get())) {
    const auto other = kernel::open_beneath(transactions.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (name == seen.name || !other) {
      continue;
    }
    try {
      const MetadataReading reading = read_metadata(other.get(), name);
      if (reading.metadata && reading.metadata->id == id) {
        return true;
      }
    } catch (const kernel::CallError&) {  // it has none
    }
  }
  return false;
}

/// It was renamed or copied by hand. The directory in which a copy prepares what it applies is not its original's.
std::string rewrite_metadata(const SeenTransaction& seen) {
  const int directory = seen.directory.get();
  const auto entry = volume::look_at(directory, volume::kMetadataName);
  MetadataReading reading = read_metadata(directory, seen.name);
  const TransactionLock lock{directory};
  if (!entry || !reading.metadata || reading.damage.empty() || !lock.held()) {
    return {};
  }
  Metadata metadata = std::move(*reading.metadata);
  metadata.name = seen.name;
  if (is_id_of_another(seen, metadata.id)) {
    metadata.id = kernel::random_hex(kIdDigits);
  }
  const auto text = encode(metadata);
  const auto kept = volume::keep_beside(directory, volume::kMetadataName, *entry);
  if (!text || !kept) {
    return {};
  }
  kernel::write_durably(directory, volume::kMetadataName, *text, volume::kPrivateFile);
  return fmt::format("it is of \"{}\" now; what it was is \"{}\"", seen.name, *kept);
}

void check_metadata(const Seen& seen, StoreFaults& faults) {
  constexpr const char* kCannotBeUsed = "its metadata cannot be used: ";
  const std::string remedy =
      fmt::format("nothing else knows its source: put the file back from a backup, or {}", kKeepUpper);
  const auto told = [&](const std::string& problem) {
    faults.push_back({finding_of(*seen, volume::kMetadataName, kCannotBeUsed + problem, remedy, false)});
  };
  const auto entry = volume::look_at(seen->directory.get(), volume::kMetadataName);
  if (const std::string problem = volume::file_problem(entry); !problem.empty()) {
    told(problem);
    return;
  }
  MetadataReading reading;
  const std::string why = volume::what_keeps_from([&] { reading = read_metadata(seen->directory.get(), seen->name); });
  if (!why.empty()) {
    reading.damage = why;
  }
  if (reading.newer) {
    StoreFinding found = finding_of(*seen, volume::kMetadataName, kCannotBeUsed + reading.damage,
                                    "use a newer version of the library; it is not damaged, and is left alone", false);
    found.kind = StoreFinding::Kind::Newer;
    faults.push_back({std::move(found)});
  } else if (reading.metadata && !reading.damage.empty()) {
    faults.push_back({finding_of(*seen, volume::kMetadataName, kCannotBeUsed + reading.damage,
                                 "repair() writes the name of its directory into it", true),
                      [seen] { return rewrite_metadata(*seen); }});
  } else if (!reading.damage.empty()) {
    told(reading.damage);
  }
}

/// Sets aside what has the name and is not what has to be there. \param make  makes that \return what was done
template <typename Make>
std::string remake(const SeenTransaction& seen, const char* name, bool (Entry::*fits)() const noexcept, Make&& make,
                   std::string made) {
  const int directory = seen.directory.get();
  if (const auto entry = volume::look_at(directory, name)) {
    const auto aside = ((*entry).*fits)() ? std::nullopt : volume::set_aside(directory, name, *entry);
    if (!aside) {
      return {};
    }
    made += fmt::format("; what was there is \"{}\" now", *aside);
  }
  if (!make(directory)) {
    return {};
  }
  kernel::sync(directory);
  return made;
}

std::string remake_lock(const SeenTransaction& seen) {
  const auto make = [](int directory) {
    return static_cast<bool>(kernel::create_file(directory, volume::kLockName, volume::kPrivateFile));
  };
  return remake(seen, volume::kLockName, &Entry::is_file, make, "a new lock file has been made");
}

void check_lock(const Seen& seen, StoreFaults& faults) {
  const std::string problem = volume::file_problem(volume::look_at(seen->directory.get(), volume::kLockName));
  if (!problem.empty()) {
    faults.push_back({finding_of(*seen, volume::kLockName, fmt::format("its lock: {}, so it cannot be used", problem),
                                 "repair() makes a new one; let a container that uses it end before", true),
                      [seen] { return remake_lock(*seen); }});
  }
}

std::string remake_work(const SeenTransaction& seen) {
  const auto make = [](int directory) {
    return kernel::make_directory(directory, kWorkName, volume::kPrivateDirectory);
  };
  return remake(seen, kWorkName, &Entry::is_directory, make, "an empty one has been made");
}

void check_directories(const Seen& seen, StoreFaults& faults) {
  std::string problem = directory_problem(volume::look_at(seen->directory.get(), kUpperName));
  if (!problem.empty()) {
    faults.push_back(
        {finding_of(*seen, kUpperName, fmt::format("its changes are gone: {}", problem),
                    "put the directory back, or discard the transaction; its source was never touched", false)});
  }
  problem = directory_problem(volume::look_at(seen->directory.get(), kWorkName));
  if (!problem.empty()) {
    faults.push_back(
        {finding_of(*seen, kWorkName, fmt::format("the kernel's directory: {}, so it cannot be mounted", problem),
                    "repair() makes an empty one; nothing is lost with it", true),
         [seen] { return remake_work(*seen); }});
  }
}

void check_baseline(const Seen& seen, StoreFaults& faults) {
  std::string problem = volume::file_problem(volume::look_at(seen->directory.get(), kBaselineName));
  if (problem.empty()) {
    try {
      problem = volume::what_keeps_from([&] {
        (void)read_baseline({"check transaction", seen->name}, seen->directory.get());
      });
    } catch (const VolumeError&) {
      problem = "its checksum is wrong";
    }
  }
  if (!problem.empty()) {
    faults.push_back({finding_of(
        *seen, kBaselineName,
        fmt::format("the record of its source as it was: {}, so nobody knows of conflicts", problem),
        fmt::format("put the file back from a backup, or {}: a new record would call every conflict none", kKeepUpper),
        false)});
  }
}

}  // namespace

StoreFaults faults_of_parts(const Seen& seen) {
  StoreFaults faults;
  check_lock(seen, faults);  // it comes first, as other repairs need it
  check_metadata(seen, faults);
  check_directories(seen, faults);
  check_baseline(seen, faults);
  return faults;
}

}  // namespace dunnage::transaction
