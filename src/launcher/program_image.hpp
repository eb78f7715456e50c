// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The launcher program as a descriptor that can be executed and not be changed.

#include "kernel/file_descriptor.hpp"

namespace dunnage::launcher {

/// A sealed memfd with the program: a container that reaches /proc/<pid>/exe finds nothing it could write to, and the
/// host's own binary is never executed. Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor open_program_image();

}  // namespace dunnage::launcher
