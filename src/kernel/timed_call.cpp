// SPDX-License-Identifier: Apache-2.0
#include "kernel/timed_call.hpp"

#include "kernel/calls.hpp"
#include "kernel/clone.hpp"
#include "kernel/descriptor_path.hpp"
#include "kernel/timed_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace dunnage::kernel {
namespace {

using std::chrono::milliseconds;

/// \param about  at most two descriptors; -1: none
/// \param give  gives the call what it is made with
template <typename Give>
int in_time(std::array<int, 2> about, const char* text, const Give& give, const CallTerms& terms = {}) noexcept {
  try {
    auto call = std::make_unique<TimedProcess>();
    call->fd = about[0];
    std::ranges::transform(about, call->kept, [](int fd) { return std::max(fd, -1); });
    call->text = text;
    call->path = call->text.c_str();
    if (terms.data.size > 0) {
      std::memcpy(call->data, terms.data.bytes, terms.data.size);
    }
    give(*call);
    return static_cast<int>(make_in_time(std::move(call), terms));
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
}

DUNNAGE_UNSANITIZED long open_there(TimedProcess& call) noexcept {
  return raw_syscall(__NR_openat2, call.fd, as_argument(call.path), as_argument(&call.how), sizeof call.how);
}
DUNNAGE_UNSANITIZED long look_at_path(TimedProcess& call) noexcept {
  return raw_syscall(__NR_statx, AT_FDCWD, as_argument(call.path), AT_NO_AUTOMOUNT, STATX_TYPE, as_argument(call.data));
}
DUNNAGE_UNSANITIZED long look_at_descriptor(TimedProcess& call) noexcept {
  return raw_syscall(__NR_statx, call.fd, as_argument(""), AT_EMPTY_PATH, call.number, as_argument(call.data));
}
DUNNAGE_UNSANITIZED long make_directory_there(TimedProcess& call) noexcept {
  return raw_syscall(__NR_mkdirat, call.fd, as_argument(call.path), call.number);
}
DUNNAGE_UNSANITIZED long set_mode_there(TimedProcess& call) noexcept {
  return raw_syscall(__NR_fchmodat, AT_FDCWD, as_argument(call.path), call.number);
}
DUNNAGE_UNSANITIZED long set_owner_there(TimedProcess& call) noexcept {
  return raw_syscall(__NR_fchownat, call.fd, as_argument(""), call.number, call.other, AT_EMPTY_PATH);
}
DUNNAGE_UNSANITIZED long control_there(TimedProcess& call) noexcept {
  return raw_syscall(__NR_ioctl, call.fd, call.number, as_argument(call.data));
}
DUNNAGE_UNSANITIZED long create_there(TimedProcess& call) noexcept {
  return raw_syscall(__NR_fsconfig, call.fd, FSCONFIG_CMD_CREATE, 0, 0, 0);
}

}  // namespace

int open_served_in_time(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) noexcept {
  return in_time({directory, -1}, path, [&](TimedProcess& call) {
    call.make = open_there;
    call.how.flags = flags | O_CLOEXEC;
    call.how.resolve = resolve;
    call.makes_descriptor = true;
  });
}

int open_in_time(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) noexcept {
  constexpr int kTries = 4;  // a rename or mount anywhere at that moment looks like what is not in memory
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve | RESOLVE_CACHED;
  long result = -EAGAIN;
  for (int tries = 0; result == -EAGAIN && tries < kTries; ++tries) {
    result = raw_syscall(__NR_openat2, directory, as_argument(path), as_argument(&how), sizeof how);
  }
  if (resolve == 0 && (result == -ENOSYS || result == -EPERM)) {
    // without openat2(2) nothing can be mounted, which whoever mounts it says; where a path leads can still be told
    result = raw_syscall(__NR_openat, directory, as_argument(path), static_cast<long>(how.flags));
  }
  return result == -EAGAIN ? open_served_in_time(directory, path, flags, resolve) : static_cast<int>(result);
}

int look_in_time(const char* path, milliseconds patience) noexcept {
  return in_time({-1, -1}, path, [](TimedProcess& call) { call.make = look_at_path; }, {.patience = patience});
}

int TimedCalls::open_at2(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) noexcept {
  return (flags & O_PATH) != 0 ? open_in_time(directory, path, flags, resolve)
                               : open_served_in_time(directory, path, flags, resolve);
}

int TimedCalls::look(int fd, unsigned mask, struct statx& status) noexcept {
  const auto give = [&](TimedProcess& call) {
    call.make = look_at_descriptor;
    call.number = mask;
  };
  return in_time({fd, -1}, "", give, {.data = {&status, sizeof status}});
}

int TimedCalls::make_directory(int parent, const char* name, mode_t mode) noexcept {
  return in_time({parent, -1}, name, [&](TimedProcess& call) {
    call.make = make_directory_there;
    call.number = mode;
  });
}

int TimedCalls::set_mode(int fd, mode_t mode) noexcept {
  const DescriptorPath path{fd};  // it has the same number there
  return in_time({fd, -1}, path.text, [&](TimedProcess& call) {
    call.make = set_mode_there;
    call.number = mode;
  });
}

int TimedCalls::set_owner(int fd, uid_t uid, gid_t gid) noexcept {
  return in_time({fd, -1}, "", [&](TimedProcess& call) {
    call.make = set_owner_there;
    call.number = uid;
    call.other = gid;
  });
}

int TimedCalls::control(int fd, unsigned long request, void* data, std::size_t size, int other) noexcept {
  const auto give = [&](TimedProcess& call) {
    call.make = control_there;
    call.number = static_cast<long>(request);
  };
  return in_time({fd, other}, "", give, {.data = {data, size}});
}

int TimedCalls::create_file_system(int context) noexcept {
  return in_time({context, -1}, "", [](TimedProcess& call) { call.make = create_there; });
}

}  // namespace dunnage::kernel
