// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of limits share: disks of each kind, and who fills a volume up.

#include "container/history_support.hpp"
#include "crash/places.hpp"
#include "support/loop_devices.hpp"

#include <cstdlib>
#include <memory>
#include <string>

namespace dunnage::test {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// Temporary directories are on a disk of that kind while this is there; "machine": where they always are.
class OnDisk {
 public:
  explicit OnDisk(const std::string& kind) : place_{make_place(kind)} { ::setenv("TMPDIR", place_->path().c_str(), 1); }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;
  ~OnDisk() { ::unsetenv("TMPDIR"); }

 private:
  std::unique_ptr<CrashPlace> place_;
};

inline MountSet at_d(const std::string& volume) { return MountSet{VolumeMount{volume, "/d"}}; }

/// Writes until nothing more goes in, and says why and what is there of before.
inline std::string fill_up(const Ground& ground, const std::string& volume) {
  const Outcome outcome = outcome_of(ground.shell(
      "echo before > /d/before; dd if=/dev/zero of=/d/filling bs=64k count=16384; sync; cat /d/before", at_d(volume)));
  for (const char* cause : {"No space left on device", "Disk quota exceeded"}) {
    if (outcome.err.find(cause) != std::string::npos) return outcome.out + cause;
  }
  return outcome.out + "not refused";
}

inline std::string in(const Ground& ground, const std::string& volume, const std::string& script) {
  return output_of(ground.shell(script, at_d(volume)));
}

inline std::uint64_t filled(const Ground& ground, const std::string& volume) {
  return std::stoull(in(ground, volume, "stat -c %s /d/filling"));
}

inline bool has_tools() {
  return requires_root() && requires_program("mkfs.ext4") && requires_program("mkfs.xfs") &&
         requires_program("mkfs.btrfs");
}

}  // namespace dunnage::test
