// SPDX-License-Identifier: Apache-2.0
// The entry point and the four functions a compiler may call by itself.

#include "launcher/keep.hpp"
#include "launcher/program/keep.hpp"
#include "launcher/program/loop.hpp"
#include "launcher/program/system.hpp"

#include <stddef.h>

extern "C" {

void* memcpy(void* destination, const void* source, size_t size) {
#if defined(__x86_64__)
  void* to = destination;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(source), "+c"(size) : : "memory");
#else
  auto* to = static_cast<unsigned char*>(destination);
  const auto* from = static_cast<const unsigned char*>(source);
  for (size_t index = 0; index < size; ++index) {
    to[index] = from[index];
  }
#endif
  return destination;
}

void* memmove(void* destination, const void* source, size_t size) {
  auto* to = static_cast<unsigned char*>(destination);
  const auto* from = static_cast<const unsigned char*>(source);
  if (to < from) {
    return memcpy(destination, source, size);
  }
  for (size_t index = size; index > 0; --index) {
    to[index - 1] = from[index - 1];
  }
  return destination;
}

void* memset(void* destination, int value, size_t size) {
  auto* to = static_cast<unsigned char*>(destination);
  for (size_t index = 0; index < size; ++index) {
    to[index] = static_cast<unsigned char>(value);
  }
  return destination;
}

int memcmp(const void* left, const void* right, size_t size) {
  const auto* a = static_cast<const unsigned char*>(left);
  const auto* b = static_cast<const unsigned char*>(right);
  for (size_t index = 0; index < size; ++index) {
    if (a[index] != b[index]) {
      return a[index] < b[index] ? -1 : 1;
    }
  }
  return 0;
}

/// \param stack  as the kernel left it: argc, argv, a null pointer, the environment, a null pointer
[[noreturn]] void dunnage_launcher_main(char** stack) {
  const long count = *reinterpret_cast<long*>(stack);
  char** argv = stack + 1;
  if (count > 1 && dunnage::launcher::same_text(argv[0], dunnage::launcher::kKeeperName)) {
    dunnage::launcher::keep_program(argv + 1, argv + count + 1);
  }
  dunnage::launcher::run_loop();
  dunnage::launcher::exit_process(0);
}

#if defined(__x86_64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call dunnage_launcher_main\n"
    "  ud2\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  mov x0, sp\n"
    "  bl dunnage_launcher_main\n"
    "  brk #0\n");
#endif
}
