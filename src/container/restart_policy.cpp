// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container.hpp>
#include <dunnage/error.hpp>

#include "error/nearest.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage {
namespace {

using Kind = RestartPolicy::Kind;

constexpr std::string_view kNo = "no";
constexpr std::string_view kOnFailure = "on-failure";
constexpr std::string_view kAlways = "always";
constexpr std::array kWords{kNo, kOnFailure, kAlways};

[[noreturn]] void refuse(std::string_view text, std::string cause, std::string remedy) {
  throw LaunchError{{.stage = Stage::Parse,
                     .operation = "use the restart policy",
                     .subject = std::string{text},
                     .detail = {},
                     .cause = std::move(cause),
                     .code = errc::invalid_argument,
                     .remedy = std::move(remedy)}};
}

[[noreturn]] void refuse_word(std::string_view text, std::string_view word) {
  if (word == "unless-stopped") {
    refuse(text, "nothing starts containers after a reboot", "use \"always\"; stop() ends it as well");
  }
  const auto close = error::nearest(word, kWords);
  refuse(text, "unknown policy",
         close ? fmt::format("did you mean \"{}\"?", *close)
               : "use \"no\", \"on-failure\", \"on-failure:<retries>\" or \"always\"");
}

unsigned retries_of(std::string_view text, std::string_view digits) {
  unsigned number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (code != std::errc{} || end != digits.data() + digits.size()) {
    refuse(text, fmt::format("\"{}\" is not a number of retries", digits), "give one such as \"on-failure:5\"");
  }
  return number;
}

}  // namespace

RestartPolicy RestartPolicy::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  RestartPolicy policy;
  if (word == kOnFailure) {
    policy.kind = Kind::OnFailure;
  } else if (word == kAlways) {
    policy.kind = Kind::Always;
  } else if (word != kNo) {
    refuse_word(text, word);
  }
  if (colon != std::string_view::npos) {
    if (policy.kind != Kind::OnFailure) {
      refuse(text, "only \"on-failure\" takes a number of retries", fmt::format("use \"{}\"", word));
    }
    policy.max_retries = retries_of(text, text.substr(colon + 1));
  }
  return policy;
}

std::string RestartPolicy::to_string() const {
  switch (kind) {
    case Kind::No:
      break;
    case Kind::OnFailure:
      return max_retries == 0 ? std::string{kOnFailure} : fmt::format("{}:{}", kOnFailure, max_retries);
    case Kind::Always:
      return std::string{kAlways};
  }
  return std::string{kNo};
}

}  // namespace dunnage
