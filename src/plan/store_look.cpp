// SPDX-License-Identifier: Apache-2.0
#include "plan/store_look.hpp"

#include "volume/volume_store_access.hpp"

#include <boost/filesystem.hpp>

#include <system_error>

namespace dunnage::plan {
namespace {

std::filesystem::path full_store_path(const std::filesystem::path& path) {
  std::error_code lost;  // the current directory, if that has been removed
  const std::filesystem::path full = std::filesystem::absolute(path, lost);
  return (lost ? path : full).lexically_normal();
}

/// What is no store, or one without volumes, is not opened.
std::optional<VolumeStore> open_for_look(const std::filesystem::path& root) {
  boost::system::error_code fault;
  const auto type = boost::filesystem::status((root / "volumes").string(), fault).type();
  return type == boost::filesystem::file_not_found ? std::nullopt : VolumeStoreAccess::open_existing(root);
}

}  // namespace

std::filesystem::path StoreLook::root_of(const std::filesystem::path& own) {
  if (!own.empty()) {
    return full_store_path(own);
  }
  if (!usual_) {
    usual_ = full_store_path(asked_.empty() ? default_store() : asked_);
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
