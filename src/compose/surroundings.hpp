// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The variables a project can name: the environment it is given, and its files of variables.

#include "compose/dotenv.hpp"
#include "compose/expand.hpp"
#include "compose/files.hpp"

#include <dunnage/project.hpp>

#include <map>
#include <optional>
#include <string>

namespace dunnage::compose {

class Surroundings {
 public:
  Surroundings(Texts& texts, const ProjectSource& source);

  /// Nothing if it is not set. Throws: ProjectError(not_granted) for one that only the environment of this process
  /// has, if that is neither granted nor replaced.
  [[nodiscard]] std::optional<std::string> find(const std::string& name, Mark mark, const Path& path) const;
  /// Without asking for what is not there.
  [[nodiscard]] std::optional<std::string> known(const std::string& name) const;
  [[nodiscard]] const Environment& variables() const noexcept { return variables_; }
  void set(const std::string& name, std::string value) { variables_.insert_or_assign(name, std::move(value)); }

  /// Adds a file of variables; what is known already stays. \param seen values of files read before at the same time
  void add_file(std::uint32_t file, Environment& seen) const;
  void add(const Environment& variables) { variables_.insert(variables.begin(), variables.end()); }

  /// What "~" is; empty if it is not known. That of this process is no secret: it leads out of the project anyway.
  [[nodiscard]] std::string home() const;

 private:
  Texts* texts_;
  bool hidden_;  ///< the environment of this process is there, and not for this project
  Environment variables_;
};

}  // namespace dunnage::compose
