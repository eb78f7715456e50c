// SPDX-License-Identifier: Apache-2.0
#include <dunnage/spec_code.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace dunnage {
namespace {

constexpr std::array<std::string_view, 3> kEngines{"docker", "podman", "compose"};
constexpr std::array<std::string_view, 11> kStages{"parse",     "create",   "start", "interpolate", "merge", "schema",
                                                   "canonical", "validate", "paths", "decode",      "load"};
/// In the order of the enumeration.
constexpr std::array kCodes{
    std::string_view{"BAD_BOOL"},
    std::string_view{"BAD_CSV"},
    std::string_view{"BAD_DRIVER_OPTION"},
    std::string_view{"BAD_ENUM"},
    std::string_view{"BAD_FILE_MODE"},
    std::string_view{"BAD_INT"},
    std::string_view{"BAD_KEY"},
    std::string_view{"BAD_LABEL"},
    std::string_view{"BAD_PROPAGATION"},
    std::string_view{"BAD_SIZE"},
    std::string_view{"BAD_SUBPATH"},
    std::string_view{"BAD_TEMPLATE"},
    std::string_view{"BAD_TMPFS_OPTION"},
    std::string_view{"BAD_TYPE"},
    std::string_view{"BAD_URL"},
    std::string_view{"BAD_YAML"},
    std::string_view{"CIFS_PORT"},
    std::string_view{"DEPRECATED_OPTION"},
    std::string_view{"DUPLICATE_OPTION"},
    std::string_view{"DUPLICATE_TARGET"},
    std::string_view{"EMPTY_OPTION_VALUE"},
    std::string_view{"EMPTY_SECTION"},
    std::string_view{"EMPTY_SPEC"},
    std::string_view{"EMPTY_VALUE"},
    std::string_view{"EXTERNAL_CONFLICT"},
    std::string_view{"EXTRA_FIELD"},
    std::string_view{"EXTRA_SOURCE"},
    std::string_view{"INVALID_MODE"},
    std::string_view{"INVALID_SPEC"},
    std::string_view{"MISSING_FIELD"},
    std::string_view{"MISSING_OPTION"},
    std::string_view{"MISSING_SOURCE"},
    std::string_view{"MISSING_TARGET"},
    std::string_view{"MISSING_TYPE"},
    std::string_view{"MIXED_OPTIONS"},
    std::string_view{"NAME_CONFLICT"},
    std::string_view{"NAME_INVALID"},
    std::string_view{"NAME_TOO_SHORT"},
    std::string_view{"NO_QUOTA"},
    std::string_view{"NO_SUCH_CONTAINER"},
    std::string_view{"NOT_KEY_VALUE"},
    std::string_view{"OPTION_CONFLICT"},
    std::string_view{"OPTION_NOT_ALLOWED"},
    std::string_view{"OVERLAY_CONFLICT"},
    std::string_view{"OVERLAY_DIRS"},
    std::string_view{"QUOTA_CONFLICT"},
    std::string_view{"REQUIRED_VARIABLE"},
    std::string_view{"REQUIRES_READONLY"},
    std::string_view{"REQUIRES_RPRIVATE"},
    std::string_view{"SOURCE_NOT_ABSOLUTE"},
    std::string_view{"SOURCE_NOT_FOUND"},
    std::string_view{"SUBPATH_ANONYMOUS"},
    std::string_view{"TARGET_IS_ROOT"},
    std::string_view{"TARGET_NOT_ABSOLUTE"},
    std::string_view{"TIMEOUT_LOCAL"},
    std::string_view{"TOO_LONG"},
    std::string_view{"TOO_MANY_COLONS"},
    std::string_view{"UNDEFINED_VOLUME"},
    std::string_view{"UNKNOWN_FIELD"},
    std::string_view{"UNKNOWN_OPTION"},
    std::string_view{"UNKNOWN_TYPE"},
    std::string_view{"UNSUPPORTED"},
    std::string_view{"WHITESPACE_KEY"},
    std::string_view{"WHITESPACE_VALUE"},
};
static_assert(kCodes.size() == static_cast<std::size_t>(SpecCode::WhitespaceValue) + 1);

template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < words.size() ? words[index] : "unknown";
}

}  // namespace

std::string_view to_string(Engine engine) noexcept { return word_of(kEngines, engine); }
std::string_view to_string(SpecStage stage) noexcept { return word_of(kStages, stage); }
std::string_view to_string(SpecCode code) noexcept { return word_of(kCodes, code); }

std::optional<Engine> engine_named(std::string_view word) noexcept {
  for (std::size_t index = 0; index < kEngines.size(); ++index) {
    if (kEngines[index] == word) {
      return static_cast<Engine>(index);
    }
  }
  return std::nullopt;
}

}  // namespace dunnage
