// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// "self/fd/N" below a /proc: the way to what a descriptor holds that nobody can change.

#include "launcher/detach.hpp"
#include "launcher/program/system.hpp"

namespace dunnage::launcher {

struct OwnPath {
  explicit OwnPath(int fd) noexcept {
    char digits[24];
    const char* number = write_number(static_cast<uint64_t>(fd), 10, digits);
    __builtin_memcpy(text, "self/fd/", 8);
    __builtin_memcpy(text + 8, number, text_size(number) + 1);
  }
  char text[40];
};

}  // namespace dunnage::launcher
