// SPDX-License-Identifier: Apache-2.0
#include "plan/store_look.hpp"

#include "kernel/absolute_path.hpp"
#include "volume/volume_store_access.hpp"

#include <boost/filesystem.hpp>

namespace dunnage::plan {
namespace {

/// What is no store, or one without volumes, is not opened.
std::optional<VolumeStore> open_for_look(const std::filesystem::path& root) {
  boost::system::error_code fault;
  const auto type = boost::filesystem::status((root / "volumes").string(), fault).type();
  return type == boost::filesystem::file_not_found ? std::nullopt : VolumeStoreAccess::open_existing(root);
}

}  // namespace

std::filesystem::path StoreLook::root_of(const std::filesystem::path& own) {
  if (!own.empty()) {
    return kernel::absolute_path(own).lexically_normal();
  }
  if (!usual_) {
    usual_ = kernel::absolute_path(asked_.empty() ? default_store() : asked_).lexically_normal();
  }
  return *usual_;
}

std::optional<Volume> StoreLook::find(const std::filesystem::path& root, const std::string& name) {
  auto known = opened_.find(root.native());
  if (known == opened_.end()) {
    known = opened_.emplace(root.native(), open_for_look(root)).first;
  }
  return known->second ? known->second->find(name) : std::nullopt;
}

}  // namespace dunnage::plan
