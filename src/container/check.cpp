// SPDX-License-Identifier: Apache-2.0
#include "container/check.hpp"

#include "container/config.hpp"
#include "container/control.hpp"
#include "container/lookup.hpp"
#include "container/record.hpp"
#include "container/record_lock.hpp"
#include "container/record_parts.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/failure.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::container {
namespace {

using volume::Entry;
using volume::StoreFault;
using volume::StoreFaults;

constexpr const char* kCannotBeRead = "its configuration cannot be read: ";

/// A record that is being looked at.
struct SeenContainer {
  const volume::Layout& layout;
  std::string name;
  kernel::FileDescriptor directory;
};
using Seen = std::shared_ptr<const SeenContainer>;

StoreFinding record_finding(const volume::Layout& layout, const std::string& name, const char* file,
                            std::string problem, std::string remedy, bool repairable) {
  const std::filesystem::path path = layout.path / "containers" / name;
  return {.part = StoreFinding::Part::Container,
          .name = name,
          .path = *file == '\0' ? path : path / file,
          .problem = std::move(problem),
          .remedy = std::move(remedy),
          .repairable = repairable};
}

/// Nobody looks at the name of a record that was never finished, or that another one has taken the place of.
StoreFaults fault_of_other_name(const volume::Layout& layout, const std::string& name, const Entry& entry) {
  constexpr std::time_t kOld = 600;  // as sweep_unfinished() has it
  StoreFaults faults;
  if (!name.starts_with(kUnfinished)) {
    faults.push_back({record_finding(layout, name, "", "no container can be called that, and nothing ever looks at it",
                                     "move it away; repair() deletes nothing that it does not know", false)});
  } else if (std::time(nullptr) - entry.status.st_mtime >= kOld) {
    faults.push_back({record_finding(layout, name, "", "a process that was killed was making it, or putting it aside",
                                     "repair() deletes it; so does whoever opens the containers of the store", true),
                      [&layout, name] {
                        remove_replaced_record(layout, name.substr(kUnfinished.size()), false);
                        const auto containers = open_containers(layout);
                        return kernel::exists_at(containers.get(), name) ? std::string{} : "it has been deleted";
                      }});
  }
  for (StoreFault& fault : faults) {
    fault.finding.kind = StoreFinding::Kind::Leftover;
  }
  return faults;
}

/// Empty for a configuration that is whole.
std::string problem_of_config(const SeenContainer& record, bool& newer) {
  try {
    const Config config = read_config(record.directory.get());
    return config.name == record.name ? std::string{}
                                      : fmt::format("its configuration is of container \"{}\"", config.name);
  } catch (const std::invalid_argument& fault) {
    newer = std::string_view{fault.what()} == kNewerRecord;
    return kCannotBeRead + std::string{fault.what()};
  } catch (const kernel::CallError& error) {
    const int number = error.code().value();
    if (number == EMFILE || number == ENFILE || number == ENOMEM) {
      throw;
    }
    return kCannotBeRead + std::string{error.what()};
  }
}

void check_config(const Seen& record, StoreFaults& faults) {
  bool newer = false;
  std::string problem = problem_of_config(*record, newer);
  if (problem.empty()) {
    return;
  }
  StoreFinding found = record_finding(
      record->layout, record->name, kConfigName, std::move(problem),
      newer ? "use a newer version of the library; the record is not damaged, and is left alone"
            : "nothing else knows what it was launched with: put the file back from a backup, or save its log and "
              "remove it (rm); its volumes stay, anonymous ones until they are pruned",
      false);
  found.kind = newer ? StoreFinding::Kind::Newer : StoreFinding::Kind::Damage;
  faults.push_back({std::move(found)});
}

std::string put_state_aside(const SeenContainer& record) {
  const RecordLock lock{record.directory.get()};
  const auto entry = volume::look_at(record.directory.get(), kStateName);
  const auto patience = std::chrono::steady_clock::now() + kPatience;
  if (!entry || read_state(record.directory.get()) ||
      contact(record.directory.get(), patience).listener != Listener::Nobody) {
    return {};
  }
  const auto aside = volume::set_aside(record.directory.get(), kStateName, *entry);
  return aside ? fmt::format("it is \"{}\" now, and the container is listed as dead", *aside) : std::string{};
}

/// The launcher replaces it as a whole, so that it is never seen half written.
void check_state(const Seen& record, StoreFaults& faults) {
  if (volume::look_at(record->directory.get(), kStateName) && !read_state(record->directory.get())) {
    faults.push_back(
        {record_finding(record->layout, record->name, kStateName,
                        "what it says of the container's end cannot be understood",
                        "repair() sets it aside, if the container does not run; how it ended is lost", true),
         [record] { return put_state_aside(*record); }});
  }
}

StoreFaults fault_of_directory(const volume::Layout& layout, const std::string& name,
                               const std::shared_ptr<const Entry>& entry) {
  const volume::PrivacyFault fault = volume::privacy_fault(entry->status);
  StoreFaults faults;
  if (!fault.problem.empty()) {
    faults.push_back({record_finding(layout, name, "", fault.problem, fault.remedy, fault.repairable),
                      [entry] { return volume::make_private(*entry); }});
  }
  return faults;
}

StoreFaults faults_of_record(const volume::Layout& layout, int containers, const std::string& name) {
  auto found = volume::look_at(containers, name);
  if (!found) {
    return {};
  }
  const auto entry = std::make_shared<const Entry>(std::move(*found));
  if (!model::is_valid_volume_name(name)) {
    return fault_of_other_name(layout, name, *entry);
  }
  StoreFaults faults = fault_of_directory(layout, name, entry);
  auto directory = kernel::open_beneath(containers, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    return faults;
  }
  const auto record = std::make_shared<const SeenContainer>(SeenContainer{layout, name, std::move(directory)});
  check_config(record, faults);
  check_state(record, faults);
  // what somebody removes loses its files one by one; what takes its place is another one
  return kernel::is_at(containers, name, record->directory.get()) ? std::move(faults) : StoreFaults{};
}

}  // namespace

StoreFaults faults_of_containers(const volume::Layout& layout) {
  StoreFaults faults;
  const auto containers = kernel::open_beneath(layout.root.get(), "containers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!containers) {
    return faults;  // the check of the store's parts tells why
  }
  std::vector<std::string> names = kernel::names_in(containers.get());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    for (StoreFault& fault : faults_of_record(layout, containers.get(), name)) {
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

}  // namespace dunnage::container
