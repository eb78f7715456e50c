// SPDX-License-Identifier: Apache-2.0
#include "launcher/pack_tree.hpp"

#include "kernel/call_error.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

namespace dunnage::launcher {
namespace {

/// Takes texts off what follows a record.
class Texts {
 public:
  explicit Texts(std::span<const std::byte> bytes) : rest_{reinterpret_cast<const char*>(bytes.data()), bytes.size()} {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      throw kernel::CallError{"read what the launcher says", EBADMSG};
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

PackedEntry entry_of(std::span<const std::byte> payload, int file) {
  PackedEntry entry;
  if (payload.size() < sizeof entry.record) {
    throw kernel::CallError{"read what the launcher says", EBADMSG};
  }
  std::memcpy(&entry.record, payload.data(), sizeof entry.record);
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

}  // namespace

WorkOutcome pack_tree(const Connection& connection, const TreePack& pack,
                      const std::function<void(const PackedEntry&)>& sink, const Watch& watch) {
  Work work;
  work.request.kind = WorkKind::Pack;
  work.request.flags = pack.follow == Follow::Yes ? kLookFollow : 0U;
  work.request.most_entries = pack.most_entries;
  work.texts = pack.path + '\0';
  work.descriptors = {pack.root};
  work.descriptors.insert(work.descriptors.end(), pack.locks.begin(), pack.locks.end());
  return run_work(
      connection, work, {{}, watch.stop, watch.deadline},
      [&](std::span<const std::byte> payload, kernel::FileDescriptor& file) { sink(entry_of(payload, file.get())); });
}

}  // namespace dunnage::launcher
