// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Files of variables: `.env`, `env_file`, `label_file`.

#include "compose/texts.hpp"

#include <dunnage/environment.hpp>

#include <functional>
#include <optional>
#include <string>

namespace dunnage::compose {

using Lookup = std::function<std::optional<std::string>(const std::string&)>;

/// Adds what the file says to `variables`, over what is there. A value in no or in double quotes may name variables:
/// `lookup` is asked for them first, then `variables`. A line that is only a name takes it from `lookup`.
/// Throws: ProjectError.
void read_dotenv(Texts& texts, std::uint32_t file, const Lookup& lookup, Environment& variables);

/// `KEY=VALUE` lines as they are: `env_file` with `format: raw`.
void read_raw_env(Texts& texts, std::uint32_t file, const Lookup& lookup, Environment& variables);

}  // namespace dunnage::compose
