// SPDX-License-Identifier: Apache-2.0
#include <dunnage/project.hpp>

#include "error/caret.hpp"
#include "error/printable.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage {
namespace {

/// Without a place the sentence is that of every other error; the subject is the path.
std::string compose(const ErrorInfo& info, const ProjectPlace& place, std::string_view line, std::size_t length) {
  std::string message;
  if (place.line == 0) {
    message = fmt::format("cannot {}{}", info.operation,
                          info.subject.empty() ? "" : fmt::format(" \"{}\"", error::printable(info.subject)));
  } else {
    message = fmt::format("{}:{}:{}", error::printable(place.file), place.line, place.column);
    message += info.subject.empty() ? "" : ": " + error::printable(info.subject);
  }
  message += ": " + error::printable(info.cause);
  if (!info.remedy.empty()) {
    message += "; " + error::printable(info.remedy);
  }
  if (place.line != 0) {
    message += error::caret_lines(line, place.column - 1, length);
  }
  return message;
}

}  // namespace

ProjectError::ProjectError(ErrorInfo info, ProjectPlace place, std::string_view line, std::size_t length)
    : Error{info, compose(info, place, line, length)}, place_{std::move(place)}, path_{std::move(info.subject)} {}
ProjectError::~ProjectError() = default;

}  // namespace dunnage
