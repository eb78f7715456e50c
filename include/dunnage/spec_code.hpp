// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Why a storage text is refused: a code that stays the same over versions, and the moment at which the engine would
/// have refused it.
///
///     catch (const dunnage::SpecError& error) {
///       if (error.spec_code() == dunnage::SpecCode::UnknownOption) suggest(error.remedy());
///     }

#include <dunnage/export.hpp>

#include <optional>
#include <string_view>

namespace dunnage {

/// Whose rules a text is read by. The same text legally means different things to them.
enum class Engine { Docker, Podman, Compose };

/// "docker", "podman", "compose"
[[nodiscard]] DUNNAGE_API std::string_view to_string(Engine engine) noexcept;
[[nodiscard]] DUNNAGE_API std::optional<Engine> engine_named(std::string_view word) noexcept;

/// When the engine refuses: reading the flag, creating the container (volumes made before stay), starting it; the
/// others are the steps of Compose's loader, in their order.
enum class SpecStage { Parse, Create, Start, Interpolate, Merge, Schema, Canonical, Validate, Paths, Decode, Load };

/// "parse", "create", ...
[[nodiscard]] DUNNAGE_API std::string_view to_string(SpecStage stage) noexcept;

/// One cause each; to_string() gives the word in capitals that is in JSON: `EMPTY_SPEC`.
enum class SpecCode {
  BadBool,
  BadCsv,
  BadDriverOption,
  BadEnum,
  BadFileMode,
  BadInt,
  BadKey,
  BadLabel,
  BadPropagation,
  BadSize,
  BadSubpath,
  BadTemplate,
  BadTmpfsOption,
  BadType,
  BadUrl,
  BadYaml,
  CifsPort,
  DeprecatedOption,
  DuplicateOption,
  DuplicateTarget,
  EmptyOptionValue,
  EmptySection,
  EmptySpec,
  EmptyValue,
  ExternalConflict,
  ExtraField,
  ExtraSource,
  InvalidMode,
  InvalidSpec,
  MissingField,
  MissingOption,
  MissingSource,
  MissingTarget,
  MissingType,
  MixedOptions,
  NameConflict,
  NameInvalid,
  NameTooShort,
  NoQuota,
  NoSuchContainer,
  NotKeyValue,
  OptionConflict,
  OptionNotAllowed,
  OverlayConflict,
  OverlayDirs,
  QuotaConflict,
  RequiredVariable,
  RequiresReadonly,
  RequiresRprivate,
  SourceNotAbsolute,
  SourceNotFound,
  SubpathAnonymous,
  TargetIsRoot,
  TargetNotAbsolute,
  TimeoutLocal,
  TooLong,
  TooManyColons,
  UndefinedVolume,
  UnknownField,
  UnknownOption,
  UnknownType,
  Unsupported,
  WhitespaceKey,
  WhitespaceValue,
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(SpecCode code) noexcept;

}  // namespace dunnage
