// SPDX-License-Identifier: Apache-2.0
#include "container/kept_record.hpp"

#include <atomic>
#include <utility>

namespace dunnage::container {
namespace {

constexpr int kMostKeptRecords = 32;  ///< of this process, with three descriptors each
std::atomic<int> kept_records{0};

}  // namespace

KeptRecord::~KeptRecord() {
  if (record_) {
    --kept_records;
  }
}

void KeptRecord::keep(RecordMounts record) {
  record.pause();
  (void)take();
  if (++kept_records > kMostKeptRecords) {
    --kept_records;
    return;
  }
  record_.emplace(std::move(record));
}

std::optional<RecordMounts> KeptRecord::take() {
  if (!record_) {
    return std::nullopt;
  }
  --kept_records;
  RecordMounts taken = std::move(*record_);
  record_.reset();
  taken.follow_renames();
  return taken;
}

}  // namespace dunnage::container
