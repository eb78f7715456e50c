// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// clone3(2) onto a stack of the caller's choice. glibc has no such call, and sanitizers must not see it as a fork.

#include "kernel/raw_syscall.hpp"

#include <asm/unistd.h>
#include <linux/sched.h>

/// For what runs in a clone that shares the host's memory: a sanitizer's own records belong to the host's threads.
#define DUNNAGE_UNSANITIZED __attribute__((no_sanitize("address", "undefined", "thread")))

namespace dunnage::kernel {

/// Starts `function(argument)` in a clone; the function must not return. `arguments.stack` and `stack_size` have to be
/// set, the top being 16-aligned. Returns the pid, or -errno.
#if defined(__x86_64__)
[[gnu::noinline]] inline long clone_onto_stack(clone_args* arguments, void (*function)(void*),
                                               void* argument) noexcept {
  register long result __asm__("rax") = __NR_clone3;
  register void (*target)(void*) __asm__("r8") = function;
  register void* parameter __asm__("r9") = argument;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "ud2\n"
      "1:"
      : "+r"(result)
      : "D"(arguments), "S"(sizeof(clone_args)), "r"(target), "r"(parameter)
      : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
[[gnu::noinline]] inline long clone_onto_stack(clone_args* arguments, void (*function)(void*),
                                               void* argument) noexcept {
  register long result __asm__("x0") = reinterpret_cast<long>(arguments);
  register long size __asm__("x1") = sizeof(clone_args);
  register void (*target)(void*) __asm__("x9") = function;
  register void* parameter __asm__("x10") = argument;
  register long number __asm__("x8") = __NR_clone3;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x0, x10\n\t"
      "blr x9\n\t"
      "brk #0\n"
      "1:"
      : "+r"(result)
      : "r"(size), "r"(target), "r"(parameter), "r"(number)
      : "memory");
  return result;
}
#endif

}  // namespace dunnage::kernel
