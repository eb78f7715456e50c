// SPDX-License-Identifier: Apache-2.0
#include "launcher/found_records.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace dunnage::launcher {
namespace {

/// Takes texts off what follows a record.
class Texts {
 public:
  explicit Texts(std::span<const std::byte> bytes) : rest_{reinterpret_cast<const char*>(bytes.data()), bytes.size()} {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      refuse_message();
    }
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  std::string_view take_name() {
    const std::size_t end = rest_.find('\0');
    const std::string_view name = take(end == std::string_view::npos ? rest_.size() + 1 : end);
    (void)take(1);
    return name;
  }

 private:
  std::string_view rest_;
};

/// The record at the beginning of a message.
template <typename Record>
Record record_of(std::span<const std::byte> payload) {
  Record record;
  if (payload.size() < sizeof record) {
    refuse_message();
  }
  std::memcpy(&record, payload.data(), sizeof record);
  return record;
}

}  // namespace

void each_change(std::span<const std::byte> payload, const ChangeSink& sink) {
  Texts texts{payload};
  while (!texts.empty()) {
    const auto kind = static_cast<ChangeKind>(texts.take(1).front());
    if (kind != ChangeKind::Added && kind != ChangeKind::Changed && kind != ChangeKind::Deleted) {
      refuse_message();
    }
    sink(kind, texts.take_name());
  }
}

PackedEntry packed_entry(std::span<const std::byte> payload, int file) {
  PackedEntry entry;
  entry.record = record_of<PackRecord>(payload);
  Texts texts{payload.subspan(sizeof entry.record)};
  entry.path = texts.take(entry.record.path_size);
  entry.target = texts.take(entry.record.target_size);
  while (!texts.empty()) {
    PackedAttribute attribute;
    attribute.name = texts.take_name();
    std::uint32_t size = 0;
    std::memcpy(&size, texts.take(sizeof size).data(), sizeof size);
    attribute.value = texts.take(size);
    entry.attributes.push_back(attribute);
  }
  entry.file = file;
  return entry;
}

Look seen_at(std::span<const std::byte> payload) {
  Look found;
  found.report = record_of<LookReport>(payload);
  found.target = Texts{payload.subspan(sizeof found.report)}.take(found.report.target_size);
  return found;
}

Examination examination_of(std::span<const std::byte> payload, kernel::FileDescriptor found) {
  Examination examined;
  examined.report = record_of<ExamineReport>(payload);
  Texts texts{payload.subspan(sizeof examined.report)};
  examined.resolved = texts.take(examined.report.resolved_size);
  examined.target = texts.take(examined.report.target_size);
  examined.found = std::move(found);
  return examined;
}

}  // namespace dunnage::launcher
