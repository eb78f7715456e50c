// SPDX-License-Identifier: Apache-2.0
#include <dunnage/store_check.hpp>

#include <dunnage/container_store.hpp>
#include <dunnage/error.hpp>

#include "container/check.hpp"
#include "container/store_state.hpp"
#include "image/check.hpp"
#include "kernel/call_error.hpp"
#include "transaction/check.hpp"
#include "volume/check.hpp"
#include "volume/failure.hpp"
#include "volume/part_check.hpp"

#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

constexpr const char* kCheckContainers = "check containers of";
constexpr const char* kRepairContainers = "repair containers of";

void add_findings(std::vector<StoreFinding>& all, std::vector<StoreFinding> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

template <typename Work>
std::vector<StoreFinding> work_on(const char* operation, const std::filesystem::path& root, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw volume::call_failure(operation, root.string(), error);
  }
}

volume::PartCheck parts_of(const std::filesystem::path& root, std::chrono::milliseconds grace) {
  const std::filesystem::path path = volume::full_path(root);
  try {
    return volume::check_parts(path, grace);
  } catch (const kernel::CallError& error) {
    throw volume::call_failure("check store", path.string(), error);
  }
}

std::vector<StoreFinding> check_containers(const volume::Layout& layout) {
  return work_on(kCheckContainers, layout.path,
                 [&] { return volume::findings_of(container::faults_of_containers(layout)); });
}

std::vector<StoreFinding> repair_containers(const volume::Layout& layout) {
  return work_on(kRepairContainers, layout.path, [&] {
    const volume::RepairLock lock{layout};
    return volume::repaired(container::faults_of_containers(layout));
  });
}

}  // namespace

StoreReport ContainerStore::check(const StoreCheck&) const {
  return volume::report_of(check_containers(state_->layout()));
}

StoreReport ContainerStore::repair(const StoreRepair&) {
  return volume::report_of(repair_containers(state_->layout()));
}

StoreReport check_store(const std::filesystem::path& root, const StoreCheck& options) {
  std::vector<StoreFinding> findings = volume::check_volumes(root, options);
  // what is wrong with its parts has been found before
  if (const auto parts = parts_of(root, options.grace); parts.layout) {
    add_findings(findings, check_containers(*parts.layout));
    add_findings(findings, image::check_images(*parts.layout, options));
    add_findings(findings, transaction::check_transactions(*parts.layout, options));
  }
  return volume::report_of(std::move(findings));
}

StoreReport repair_store(const std::filesystem::path& root, const StoreRepair& options) {
  std::vector<StoreFinding> findings = volume::repair_volumes(root, options);
  if (const auto parts = parts_of(root, options.grace); parts.layout && parts.may_repair) {
    add_findings(findings, repair_containers(*parts.layout));
    add_findings(findings, image::repair_images(*parts.layout, options));
    add_findings(findings, transaction::repair_transactions(*parts.layout, options));
  }
  return volume::report_of(std::move(findings));
}

}  // namespace dunnage
