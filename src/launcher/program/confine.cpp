// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/confine.hpp"

#include "launcher/program/entry.hpp"

namespace dunnage::launcher {
namespace {

// As linux/landlock.h has them; the header may be older than the kernel.
constexpr long kAskVersion = 1;
constexpr long kPathBeneath = 1;
constexpr uint64_t kFirstRights = 0x1fff;  // execute, read, write, make and remove
constexpr uint64_t kRefer = 0x2000;        // renaming and linking from one directory to another
constexpr uint64_t kTruncate = 0x4000;
constexpr uint64_t kControlDevice = 0x8000;
constexpr uint64_t kReadFile = 0x4;
constexpr uint64_t kReading = 0xc;  // of files and directories
constexpr uint64_t kRightsOfFiles = 0x7 | kTruncate | kControlDevice;

struct Ruleset {
  uint64_t handled = 0;
};

struct [[gnu::packed]] PathRule {
  uint64_t allowed = 0;
  int32_t parent = -1;
};

uint64_t rights_of(long version) noexcept {
  constexpr long kWithTruncate = 3;
  constexpr long kWithDevices = 5;
  return kFirstRights | kRefer | (version >= kWithTruncate ? kTruncate : 0) |
         (version >= kWithDevices ? kControlDevice : 0);
}

uint64_t rights_for(Use use, uint64_t all) noexcept {
  // who writes looks into directories, too, and reads no file
  return use == Use::Reading ? kReading : use == Use::Writing ? all & ~kReadFile : all;
}

long allow(int ruleset, int descriptor, uint64_t rights) noexcept {
  struct statx status {};
  const long result = status_of(descriptor, status);
  if (result < 0) {
    return result;
  }
  PathRule rule;
  rule.allowed = kind_of(status) == S_IFDIR ? rights : rights & kRightsOfFiles;
  rule.parent = descriptor;
  const long added = raw_syscall(__NR_landlock_add_rule, ruleset, kPathBeneath, as_argument(&rule), 0);
  // memory, a socket, a pipe: it is open, and is nowhere to be looked up
  return added == -EBADFD || added == -EBADF ? 0 : added;
}

}  // namespace

void confine_to(const int* descriptors, uint32_t count, Use first, Use others) noexcept {
  constexpr long kWithRefer = 2;  // before, nothing could be renamed from one directory to another
  const long version = raw_syscall(__NR_landlock_create_ruleset, 0, 0, kAskVersion);
  if (version < kWithRefer) {
    return;
  }
  Ruleset rules;
  rules.handled = rights_of(version);
  const int ruleset = static_cast<int>(raw_syscall(__NR_landlock_create_ruleset, as_argument(&rules), sizeof rules, 0));
  if (ruleset < 0) {
    return;
  }
  long result = 0;
  for (uint32_t index = 0; index < count && result >= 0; ++index) {
    result = allow(ruleset, descriptors[index], rights_for(index == 0 ? first : others, rules.handled));
  }
  if (result >= 0) {
    (void)raw_syscall(__NR_landlock_restrict_self, ruleset, 0);
  }
  (void)close_descriptor(ruleset);
}

}  // namespace dunnage::launcher
