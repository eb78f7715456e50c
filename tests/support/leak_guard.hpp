// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Nothing may stay behind: no descriptor, no mount of the host, no child process.
///
///     dunnage::test::LeakGuard guard{[] { (void)dunnage::support(); }};   // what may stay: the launcher's connection
///     ... launch, stop ...
///     guard.check();                                                      // or leave it to the destructor

#include <functional>
#include <string>

namespace dunnage::test {

/// What the process holds, as text, so that a difference explains itself. Two snapshots of an idle process are equal.
struct ProcessSnapshot {
  std::string descriptors;  ///< "3 -> socket:[81]" per line
  std::string mounts;       ///< /proc/self/mountinfo
  std::string children;     ///< "812 (name)" per line

  [[nodiscard]] static ProcessSnapshot take();
  friend bool operator==(const ProcessSnapshot&, const ProcessSnapshot&) = default;
};

class LeakGuard {
 public:
  /// Runs `warm_up` first: whatever it leaves behind is not held against the test.
  explicit LeakGuard(const std::function<void()>& warm_up = {});
  LeakGuard(const LeakGuard&) = delete;
  LeakGuard& operator=(const LeakGuard&) = delete;
  /// Checks, unless check() has been called or an exception is on its way.
  ~LeakGuard();

  /// CHECKs that everything is as it was, and gives a busy machine the time to get there.
  void check();

 private:
  ProcessSnapshot before_;
  bool checked_ = false;
};

}  // namespace dunnage::test
