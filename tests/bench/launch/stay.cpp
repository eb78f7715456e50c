// SPDX-License-Identifier: Apache-2.0
// A program that stays until it is killed.

#include "kernel/raw_syscall.hpp"

#include <asm/unistd.h>

extern "C" [[noreturn]] void _start() {
  for (;;) {
    (void)dunnage::kernel::raw_syscall(__NR_ppoll, 0, 0, 0, 0, 0);
  }
}
