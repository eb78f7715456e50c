// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A transaction that is being looked at, and what may be wrong with it.

#include "kernel/file_descriptor.hpp"
#include "transaction/place.hpp"
#include "volume/findings.hpp"
#include "volume/layout.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace dunnage::transaction {

struct SeenTransaction {
  const volume::Layout& layout;
  std::string name;
  std::filesystem::path path;
  kernel::FileDescriptor directory;  ///< readable
};
using Seen = std::shared_ptr<const SeenTransaction>;

/// \param file  of the transaction, where it is found; empty: the transaction itself
[[nodiscard]] StoreFinding finding_of(const SeenTransaction& seen, const std::string& file, std::string problem,
                                      std::string remedy, bool repairable);

/// Of what it consists of: record, lock, directories, and the record of its source. Throws: CallError.
[[nodiscard]] volume::StoreFaults faults_of_parts(const Seen& seen);

/// Of its source, and of applies that were ended. Needs its metadata and its upper directory; nothing without these.
/// Throws: CallError.
[[nodiscard]] volume::StoreFaults faults_of_applying(const Seen& seen, std::chrono::milliseconds grace);

}  // namespace dunnage::transaction
