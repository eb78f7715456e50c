// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The record of a container whose mounts were changed, for the next change: what was read of it is not read again, as
/// long as it is the same file. Nobody is kept off meanwhile.

#include "container/record_mounts.hpp"

#include <optional>

namespace dunnage::container {

/// Thread safety: none; other ones are independent.
class KeptRecord {
 public:
  KeptRecord() = default;
  KeptRecord(const KeptRecord&) = delete;
  KeptRecord& operator=(const KeptRecord&) = delete;
  ~KeptRecord();

  /// Gives its lock up, and keeps it; of many containers some are kept only, as each has descriptors open.
  void keep(RecordMounts record);
  /// What was kept, with the present names of volumes; others may have changed it since.
  [[nodiscard]] std::optional<RecordMounts> take();

 private:
  std::optional<RecordMounts> record_;
};

}  // namespace dunnage::container
