// SPDX-License-Identifier: Apache-2.0
#include "compose/expand.hpp"

#include "compose/cast.hpp"
#include "error/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

[[noreturn]] void refuse(const Texts& texts, const spec::TemplateFault& fault, Mark mark, const Path& path) {
  const std::string where = to_string(path);
  switch (fault.kind) {
    case spec::TemplateFault::Kind::TooLong:
      texts.refuse(mark, where, "with its variables the text is longer than 1 MiB", "make it shorter",
                   errc::limit_exceeded);
    case spec::TemplateFault::Kind::Required:
      texts.refuse(mark, where,
                   fmt::format("required variable {} is missing a value{}{}", error::shortened(fault.name),
                               fault.why.empty() ? "" : ": ", error::shortened(fault.why)),
                   "set it in \".env\", or give it in the environment");
    default:
      texts.refuse(mark, where, "invalid interpolation format",
                   "write \"${NAME}\" or \"${NAME:-default}\", or \"$$\" for a dollar sign");
  }
}

/// Where the text begins in its file, if it stands there as it is here; nothing if escapes or folding changed it.
std::optional<std::uint32_t> begin_of(const Texts& texts, std::string_view text, Mark mark) {
  if (mark.file == 0) {
    return std::nullopt;
  }
  const std::string_view file = texts.text(mark.file);
  std::size_t offset = mark.offset;
  offset += offset < file.size() && (file[offset] == '"' || file[offset] == '\'') ? 1 : 0;
  return file.substr(std::min(offset, file.size()), text.size()) == text
             ? std::optional{static_cast<std::uint32_t>(offset)}
             : std::nullopt;
}

Mark part_of(std::optional<std::uint32_t> origin, Mark mark, std::size_t begin, std::size_t end) {
  return origin ? Mark{mark.file, static_cast<std::uint32_t>(*origin + begin), static_cast<std::uint32_t>(end - begin)}
                : mark;
}

class Expansion {
 public:
  Expansion(Texts& texts, const Interpolation& interpolation) : texts_{texts}, interpolation_{interpolation} {}

  void expand(Value& value) {
    if (value.is_map()) {
      for (auto& [name, part] : value.map()) {
        const Step step{path_, name};
        expand(part);
      }
    } else if (value.is_list()) {
      for (std::size_t index = 0; index < value.list().size(); ++index) {
        const Step step{path_, fmt::format("[{}]", index)};
        expand(value.list()[index]);
      }
    } else if (value.is_text()) {
      expand_one(value);
    }
  }

 private:
  void expand_one(Value& value) {
    if (value.text().find('$') != std::string::npos) {
      const std::string before = value.text();
      const auto origin = begin_of(texts_, before, value.mark);
      spec::Variables variables;
      variables.find = [&](const std::string& name) { return interpolation_.find(name, value.mark, path_); };
      variables.unset = [&](const std::string& name, std::size_t begin, std::size_t end) {
        if (interpolation_.unset) {
          texts_.spend_nodes(1, value.mark);
          interpolation_.unset(name, part_of(origin, value.mark, begin, end), path_);
        }
      };
      value.set(expand_text(texts_, before, value.mark, path_, variables));
    }
    cast(texts_, value, path_);
  }

  Texts& texts_;
  const Interpolation& interpolation_;
  Path path_{};
};

}  // namespace

std::string expand_text(Texts& texts, std::string_view text, Mark mark, const Path& path,
                        const spec::Variables& variables) {
  try {
    std::string result = spec::expand_template(text, variables, Limits::kFileBytes);
    texts.spend_bytes(result.size() > text.size() ? result.size() - text.size() : 0, mark);
    return result;
  } catch (const spec::TemplateFault& fault) {
    refuse(texts, fault, part_of(begin_of(texts, text, mark), mark, fault.begin, fault.end), path);
  }
}

void expand_tree(Texts& texts, Value& value, const Interpolation& interpolation) {
  Expansion{texts, interpolation}.expand(value);
}

}  // namespace dunnage::compose
