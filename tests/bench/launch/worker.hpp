// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A process that launches one kind of container whenever it is told to, and says how long that took. Kinds that want
/// a host of their own (gigabytes of memory, thousands of mounts) can so take turns in one run.

#include "bench/launch/timed.hpp"
#include "kernel/file_descriptor.hpp"

#include <sys/types.h>

#include <functional>
#include <string>

namespace dunnage::bench {

/// How a row is measured in a round.
struct Pace {
  unsigned idle = 0;   ///< milliseconds of idleness before
  unsigned warm = 5;   ///< launches that are not counted, right before those that are
  unsigned count = 5;  ///< launches that are timed as a whole
  unsigned every = 1;  ///< only in every so many rounds: it takes long
};

class Worker {
 public:
  /// Forks; `make` runs in the worker and returns what is to be measured. To be called before there are threads.
  explicit Worker(const std::function<Launch()>& make);
  Worker(Worker&&) noexcept = default;
  ~Worker();

  /// Empty if it works; else why not.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  /// Milliseconds of a launch, the mean of `pace.count`. Throws: std::runtime_error.
  [[nodiscard]] double measure(const Pace& pace);
  /// Kibibytes: the largest of the programs it started and waited for, and of those they waited for.
  [[nodiscard]] long peak_kib() const noexcept { return peak_kib_; }

 private:
  struct Answer;
  [[noreturn]] static void serve(int socket, const std::function<Launch()>& make) noexcept;
  [[nodiscard]] Answer receive() const;

  kernel::FileDescriptor socket_;
  pid_t pid_ = 0;
  std::string trouble_;
  long peak_kib_ = 0;
};

}  // namespace dunnage::bench
