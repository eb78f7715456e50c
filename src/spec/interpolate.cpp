// SPDX-License-Identifier: Apache-2.0
#include "spec/interpolate.hpp"

#include "spec/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::spec {
namespace {

constexpr std::size_t kLongestResult = 2 * kLongestText;

/// Quotes and line ends may make the input longer than the text.
Span span_of(const Input& input, std::size_t begin, const TemplateFault& fault) {
  const std::size_t column = std::min(begin + fault.begin, input.text().size());
  return at_least_one({column, std::min(fault.end - fault.begin, input.text().size() - column)});
}

[[noreturn]] void refuse(const Input& input, Span span, const TemplateFault& fault, SpecStage stage) {
  switch (fault.kind) {
    case TemplateFault::Kind::TooLong:
      input.refuse(span, {SpecCode::TooLong, stage, ""}, "with its variables the text is longer than 128 KiB",
                   "shorten it");
    case TemplateFault::Kind::Required:
      input.refuse(span,
                   {SpecCode::RequiredVariable, stage,
                    fmt::format("required variable {} is missing a value: {}", fault.name, shown(fault.why))},
                   fmt::format("the variable {} is not set", fault.name), "set it in the environment");
    default:
      input.refuse(
          span,
          {SpecCode::BadTemplate, stage, "invalid interpolation format. You may need to escape any $ with another $."},
          "this is not a variable", "write \"${NAME}\" or \"${NAME:-default}\", or \"$$\" for a dollar sign");
  }
}

}  // namespace

std::string interpolate(const Input& input, std::string_view text, std::size_t begin, const Host& host,
                        SpecStage stage) {
  const Variables variables{.find = [&](const std::string& name) { return host.variable(name); }};
  try {
    return expand_template(text, variables, kLongestResult);
  } catch (const TemplateFault& fault) {
    refuse(input, span_of(input, begin, fault), fault, stage);
  }
}

std::string interpolate(const Input& input, const Host& host, SpecStage stage) {
  return interpolate(input, input.text(), 0, host, stage);
}

}  // namespace dunnage::spec
