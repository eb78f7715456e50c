// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Every key of the Compose specification: what may stand there, how it is printed, and what this library does with it.
/// The one table that validation, canonical output, notes and keys.md are made from.

#include <cstdint>
#include <span>
#include <string_view>

namespace dunnage::compose {

/// What may stand there, and what it becomes in canonical form. "Left out" is about printing.
enum class Type : std::uint8_t {
  Text,             ///< left out if empty
  AlwaysText,       ///< printed even if empty
  NullableText,     ///< a text or nothing
  ScalarText,       ///< a text, number or boolean that is a text in the end
  Bool,             ///< a boolean, or a text that means one; left out if false
  OptionalBool,     ///< printed whenever it is said
  RequiredBool,     ///< always printed
  OptOut,           ///< true unless it is said; printed if false
  External,         ///< a boolean; the form with a name is gone in canonical form
  Integer,          ///< left out if 0
  OptionalInteger,  ///< printed whenever it is said
  Float,            ///< of 32 bits; left out if 0
  Bytes,            ///< a size: "64m", or a number; printed as a text
  FileMode,         ///< an octal text, or a number; printed as "0440"
  Mode,             ///< a number; left out if 0
  Duration,         ///< printed whenever it is said
  DurationValue,    ///< left out if 0
  DeviceCount,      ///< a number, or "all"
  Command,          ///< a text, which is cut into words, or a list
  Test,             ///< a text for a shell, or a list
  TextList,
  TextOrList,
  ScalarList,    ///< of texts and numbers
  KeyValues,     ///< a mapping, or a list of KEY=VALUE; no value is an empty one
  Environment,   ///< a mapping, or a list of KEY=VALUE; no value stays none
  Options,       ///< a mapping of texts and numbers
  MultiOptions,  ///< a mapping of scalars and lists of them
  Hosts,         ///< a mapping of addresses, or a list of HOST=ADDRESS
  Ulimits,       ///< a mapping of numbers, or of soft and hard ones
  KeyList,       ///< `ssh`: a list of `NAME[=VALUE]`
  Object,        ///< printed whenever it is said
  ObjectValue,   ///< left out if empty
  ObjectList,
  ObjectMap,  ///< of a name to an object, or to nothing
  Any,
};

enum class Support : std::uint8_t {
  Honoured,
  Reported,  ///< valid, and not done: a note says so
  Partly,    ///< what is below it says for itself
  Loader,    ///< has its effect while loading
};

struct Shape;

struct Key {
  std::string_view name;
  Type type = Type::Text;
  const Shape* shape = nullptr;  ///< of objects
  Support support = Support::Honoured;
  std::string_view note{};     ///< Reported: what is not done
  std::string_view choices{};  ///< the words it may be, between blanks
};

/// An object. Its keys are in the order in which they are printed; `x-` ones come behind them.
struct Shape {
  std::string_view name;  ///< "a service", for messages
  std::span<const Key> keys;
  std::string_view required{};  ///< names between blanks
};

[[nodiscard]] const Key* find_key(const Shape& shape, std::string_view name);

[[nodiscard]] const Shape& project_shape();
[[nodiscard]] const Shape& service_shape();
[[nodiscard]] const Shape& volume_shape();
[[nodiscard]] const Shape& network_shape();
[[nodiscard]] const Shape& secret_shape();
[[nodiscard]] const Shape& config_shape();

}  // namespace dunnage::compose
