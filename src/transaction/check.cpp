// SPDX-License-Identifier: Apache-2.0
#include "transaction/check.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "transaction/seen.hpp"
#include "volume/check.hpp"
#include "volume/failure.hpp"
#include "volume/part_check.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace dunnage::transaction {
namespace {

using volume::StoreFaults;

void add_faults(StoreFaults& all, StoreFaults more) { std::move(more.begin(), more.end(), std::back_inserter(all)); }

StoreFaults fault_of_name(const SeenTransaction& seen) {
  StoreFinding found = finding_of(seen, "", "no transaction can be called that, and nothing ever looks at it",
                                  "move it away; repair() deletes nothing that it does not know", false);
  found.kind = StoreFinding::Kind::Leftover;
  return {{std::move(found)}};
}

StoreFaults fault_of_directory(const SeenTransaction& seen, const std::shared_ptr<const volume::Entry>& entry) {
  volume::PrivacyFault fault = volume::privacy_fault(entry->status);
  if (fault.problem.empty()) {
    return {};
  }
  return {{finding_of(seen, "", std::move(fault.problem), std::move(fault.remedy), fault.repairable),
           [entry] { return volume::make_private(*entry); }}};
}

StoreFaults faults_of_transaction(const volume::Layout& layout, int transactions, const std::string& name,
                                  std::chrono::milliseconds grace) {
  auto found = volume::look_at(transactions, name);
  if (!found) {
    return {};
  }
  const auto entry = std::make_shared<const volume::Entry>(std::move(*found));
  SeenTransaction here{.layout = layout, .name = name, .path = path_of(layout, name), .directory = {}};
  if (!model::is_valid_volume_name(name)) {
    return fault_of_name(here);
  }
  StoreFaults faults = fault_of_directory(here, entry);
  here.directory = kernel::open_beneath(transactions, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!here.directory) {
    return faults;  // what was found keeps us out; or it was discarded
  }
  const auto seen = std::make_shared<const SeenTransaction>(std::move(here));
  add_faults(faults, faults_of_parts(seen));
  add_faults(faults, faults_of_applying(seen, grace));
  // what somebody discards goes with all that is in it
  return kernel::is_at(transactions, name, seen->directory.get()) ? std::move(faults) : StoreFaults{};
}

/// \param take  what becomes of faults: they are told, or repaired, before what they are of is closed
template <typename Take>
std::vector<StoreFinding> look_into(const volume::Layout& layout, std::chrono::milliseconds grace, Take&& take) {
  std::vector<StoreFinding> findings;
  const auto add = [&](StoreFaults faults) {
    std::vector<StoreFinding> more = take(std::move(faults));
    const bool repaired =
        std::any_of(more.begin(), more.end(), [](const auto& each) { return !each.repaired.empty(); });
    std::move(more.begin(), more.end(), std::back_inserter(findings));
    return repaired;
  };
  if (!volume::look_at(layout.root.get(), kTransactionsName)) {
    return findings;  // made when the first one is begun
  }
  add(volume::fault_of_part(layout.root.get(), kTransactionsName, layout.path / kTransactionsName,
                            StoreFinding::Part::Store));
  const auto transactions =
      kernel::open_beneath(layout.root.get(), kTransactionsName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!transactions) {
    return findings;  // which was found
  }
  std::vector<std::string> names = kernel::names_in(transactions.get());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const auto faults_of = [&] {
      const SeenTransaction seen{.layout = layout, .name = name, .path = path_of(layout, name), .directory = {}};
      return volume::faults_or_reason(finding_of(seen, "", {}, {}, false),
                                      [&] { return faults_of_transaction(layout, transactions.get(), name, grace); });
    };
    StoreFaults faults = faults_of();
    if (!faults.empty() && add(std::move(faults))) {
      StoreFaults behind = faults_of();  // what had kept us from seeing it
      std::erase_if(behind, [&](const volume::StoreFault& fault) {
        return std::any_of(findings.begin(), findings.end(), [&](const StoreFinding& told) {
          return told.path == fault.finding.path && told.problem == fault.finding.problem;
        });
      });
      add(std::move(behind));
    }
  }
  return findings;
}

template <typename Work>
std::vector<StoreFinding> work_on_transactions(const char* operation, const volume::Layout& store, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw volume::call_failure(operation, store.path.string(), error);
  }
}

}  // namespace

StoreFinding finding_of(const SeenTransaction& seen, const std::string& file, std::string problem, std::string remedy,
                        bool repairable) {
  return {.part = StoreFinding::Part::Transaction,
          .name = seen.name,
          .path = file.empty() ? seen.path : seen.path / file,
          .problem = std::move(problem),
          .remedy = std::move(remedy),
          .repairable = repairable};
}

std::vector<StoreFinding> check_transactions(const volume::Layout& store, const StoreCheck& options) {
  return work_on_transactions("check transactions of", store, [&] {
    return look_into(store, options.grace, [](StoreFaults faults) { return volume::findings_of(std::move(faults)); });
  });
}

std::vector<StoreFinding> repair_transactions(const volume::Layout& store, const StoreRepair& options) {
  return work_on_transactions("repair transactions of", store, [&] {
    if (!volume::look_at(store.root.get(), kTransactionsName)) {
      return std::vector<StoreFinding>{};
    }
    const volume::RepairLock lock{store};
    return look_into(store, options.grace, [](StoreFaults faults) { return volume::repaired(std::move(faults)); });
  });
}

}  // namespace dunnage::transaction
