// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>

#include "error/caret.hpp"
#include "error/printable.hpp"
#include "error/reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

std::string reason_of(const std::error_code& code) {
  const bool system = code.category() == std::system_category() || code.category() == std::generic_category();
  if (system) {
    return fmt::format("{} [{}]", error::errno_reason(code.value()), error::errno_name(code.value()));
  }
  const std::error_condition condition = code.default_error_condition();
  if (condition.category() == std::generic_category()) {
    return fmt::format("{} [{}]", code.message(), error::errno_name(condition.value()));
  }
  return code.message();
}

std::string compose(const ErrorInfo& info) {
  std::string text = fmt::format("cannot {}", info.operation);
  if (!info.subject.empty()) {
    text += fmt::format(" \"{}\"", error::printable(info.subject));
  }
  if (!info.detail.empty()) {
    text += " " + error::printable(info.detail);
  }
  text += ": ";
  if (!info.cause.empty()) {
    text += error::printable(info.cause) + ": ";
  }
  text += reason_of(info.code);
  if (!info.remedy.empty()) {
    text += "; " + error::printable(info.remedy);
  }
  return text;
}

struct Place {
  std::size_t line;    ///< 0-based
  std::size_t column;  ///< 0-based, in bytes of the line
  std::string_view text;
};

Place place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t feed = before.rfind('\n');
  const std::size_t begin = feed == std::string_view::npos ? 0 : feed + 1;
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  return {static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')), offset - begin,
          text.substr(begin, end - begin)};
}

std::string compose_spec(const ErrorInfo& info, std::string_view text, std::size_t offset, std::size_t length) {
  const auto [line, column, whole] = place_of(text, offset);
  const bool lines = text.find('\n') != std::string_view::npos;
  std::string message =
      fmt::format("{}, {}column {}: {}", info.operation, lines ? fmt::format("line {}, ", line + 1) : std::string{},
                  column + 1, error::printable(info.cause));
  if (!info.remedy.empty()) {
    message += "; " + error::printable(info.remedy);
  }
  return message + error::caret_lines(whole, column, length);
}

}  // namespace

struct Error::State {
  ErrorInfo info;
  std::string message;
};

Error::Error(ErrorInfo info) : Error{info, compose(info)} {}

Error::Error(ErrorInfo info, std::string message)
    : std::system_error{info.code}, state_{std::make_shared<State>(State{std::move(info), std::move(message)})} {}

Error::~Error() = default;

const char* Error::what() const noexcept { return state_->message.c_str(); }
Stage Error::stage() const noexcept { return state_->info.stage; }
const std::string& Error::operation() const noexcept { return state_->info.operation; }
const std::string& Error::subject() const noexcept { return state_->info.subject; }
const std::string& Error::remedy() const noexcept { return state_->info.remedy; }

SpecError::SpecError(ErrorInfo info, SpecRefusal refusal, std::string_view text, std::size_t column, std::size_t length)
    : Error{info, compose_spec(info, text, column, length)},
      refusal_{std::make_shared<const SpecRefusal>(std::move(refusal))},
      line_{place_of(text, column).line + 1},
      column_{place_of(text, column).column + 1},
      length_{std::max<std::size_t>(length, 1)} {}
SpecError::~SpecError() = default;

MountError::MountError(ErrorInfo info, std::string source, std::string target)
    : Error{std::move(info)}, source_{std::move(source)}, target_{std::move(target)} {}
MountError::~MountError() = default;

LaunchError::LaunchError(ErrorInfo info) : Error{std::move(info)} {}
LaunchError::~LaunchError() = default;

VolumeError::VolumeError(ErrorInfo info, std::vector<std::string> users)
    : Error{std::move(info)}, users_{std::move(users)} {}
VolumeError::~VolumeError() = default;

ImageError::ImageError(ErrorInfo info, std::vector<std::string> users)
    : Error{std::move(info)}, users_{std::move(users)} {}
ImageError::~ImageError() = default;

}  // namespace dunnage
