// SPDX-License-Identifier: Apache-2.0
#include "launcher/program_image.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

extern "C" {
extern const char dunnage_launcher_program_begin[];
extern const char dunnage_launcher_program_end[];
}

namespace dunnage::launcher {

kernel::FileDescriptor open_program_image() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  kernel::FileDescriptor image{::memfd_create("dunnage-launcher", kFlags | MFD_EXEC)};
  if (!image && errno == EINVAL) {  // before Linux 6.3 a memfd was executable without saying so
    image.reset(::memfd_create("dunnage-launcher", kFlags));
  }
  if (!image) {
    throw kernel::CallError{"memfd_create", errno};
  }
  kernel::write_all(image.get(), std::string_view{dunnage_launcher_program_begin, dunnage_launcher_program_end});
  // who may trace reaches it by /proc/PID/exe, and must not change its mode either; Linux 6.3
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (::fcntl(image.get(), F_ADD_SEALS, kSeals | F_SEAL_EXEC | F_SEAL_SEAL) != 0 &&
      ::fcntl(image.get(), F_ADD_SEALS, kSeals | F_SEAL_SEAL) != 0) {
    throw kernel::CallError{"seal memfd", errno};
  }
  return image;
}

}  // namespace dunnage::launcher
