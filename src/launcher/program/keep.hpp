// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The keeper: what the launcher program is when it is started to run one program of the machine (launcher/keep.hpp).

namespace dunnage::launcher {

/// \param argv  path of the program, then its arguments with its name in front
[[noreturn]] void keep_program(char** argv, char** environment) noexcept;

}  // namespace dunnage::launcher
