// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The files of a project to one tree, in the order of the specification's reference loader:
///
///     each document: YAML, variables, long forms, include, !reset, extends, merge, one entry a target, schema
///     then, for all: defaults, checks, absolute paths, the environment, names

#include "compose/files.hpp"
#include "compose/surroundings.hpp"
#include "compose/yaml.hpp"

#include <dunnage/project.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dunnage::compose {

/// What is loaded together: the project's files, or those of one include.
struct Unit {
  std::vector<std::string> paths{};  ///< absolute
  std::string directory{};           ///< base of relative paths
  const Surroundings* surroundings = nullptr;
  std::vector<std::string> included{};  ///< the files whose including led here, to find cycles
  Asker asker{};
};

/// A file as it is extended from: its services, which are resolved in place, and its resets.
struct Base {
  Value value{};
  std::vector<Path> resets{};
};

class Loader {
 public:
  Loader(Texts& texts, Files& files, bool interpolate, std::vector<ProjectNote>& notes)
      : texts_{texts}, files_{files}, interpolate_{interpolate}, notes_{notes} {}

  /// The model of all files of the unit, with absolute paths, and without the names that only the whole project has.
  /// \param first documents of paths[0…] that are parsed already; the others are read
  Value load(const Unit& unit, std::vector<std::vector<Document>> parsed = {});

  /// A text whose variables are filled in.
  std::string expand(const Surroundings& surroundings, const std::string& text, Mark mark, const Path& path);

 private:
  friend class Extender;
  void add_document(Value& model, Document document, const Unit& unit, const std::string& file);
  void prepare(Value& value, const Surroundings& surroundings);
  void include(Value& document, const Unit& unit, const std::string& file, const std::vector<Path>& resets);
  void include_one(const Value& entry, Value& document, const Unit& unit, const std::string& file,
                   const std::vector<Path>& resets);
  void import(Value& document, Value model, const std::vector<Path>& resets);
  [[nodiscard]] Surroundings surroundings_of(const Value& entry, const Unit& unit, const std::string& directory);
  Base& base_of(const std::string& path, const Unit& unit, const Asker& asker);

  Texts& texts_;
  Files& files_;
  bool interpolate_;
  std::vector<ProjectNote>& notes_;
  std::map<std::string, Base> bases_{};
};

}  // namespace dunnage::compose
