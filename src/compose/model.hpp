// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a project is made of.

#include "compose/printed.hpp"
#include "compose/value.hpp"

#include <dunnage/project.hpp>

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace compose {

struct Model {
  std::string name{};
  std::filesystem::path directory{};
  std::vector<std::filesystem::path> files{};
  bool interpolated = true;
  Value value{};  ///< normalised, of the enabled services
  std::map<std::string, Service> services{};
  std::map<std::string, std::vector<std::string>> disabled{};  ///< services, with the profiles that enable them
  std::map<std::string, ProjectPlace> places{};                ///< where each service stands
  std::map<std::string, ProjectVolume> volumes{};
  std::map<std::string, ProjectFile> configs{};
  std::map<std::string, ProjectFile> secrets{};
  std::vector<ProjectNote> notes{};
};

/// All of Project::load(). Throws: ProjectError.
[[nodiscard]] Model load_model(const ProjectSource& source);

/// One service of a normalised model. Throws: ProjectError for mounts that Compose would refuse.
[[nodiscard]] Service service_of(const Texts& texts, const std::string& name, const Value& value,
                                 const SpecContext& context);
[[nodiscard]] ProjectVolume volume_of(const Value& value);
[[nodiscard]] ProjectFile file_of(const Value& value);

}  // namespace compose

struct Project::State : compose::Model {
  explicit State(compose::Model model) : Model{std::move(model)} {}

  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { delete hashes.load(); }

  using Hashes = std::map<std::string, std::string>;
  /// Of services; every plan compares all of them. Made by who asks first, and without a lock: a forked copy of the
  /// process would wait for it for ever.
  mutable std::atomic<const Hashes*> hashes{nullptr};
};

}  // namespace dunnage
