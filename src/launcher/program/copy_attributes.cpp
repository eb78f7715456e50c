// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/copy.hpp"
#include "launcher/program/file_attributes.hpp"

namespace dunnage::launcher {
namespace {

bool begins_with(const char* text, const char* prefix) noexcept {
  size_t index = 0;
  while (prefix[index] != '\0' && text[index] == prefix[index]) {
    ++index;
  }
  return prefix[index] == '\0';
}

/// It is gone, or the file system has none of this kind.
bool is_absence(long result) noexcept { return result == -EOPNOTSUPP || result == -ENODATA; }

constexpr size_t kUsualBuffer = 512;

/// The kernel allocates as much as it is offered, so it is offered little first.
template <typename Read>
long read_attribute(Read&& read) noexcept {
  const long size = read(kUsualBuffer);
  return size == -ERANGE ? read(kAttributeBuffer) : size;
}

}  // namespace

bool is_of_archive(const char* name) noexcept {
  const bool mark = begins_with(name, "user.overlay.") || begins_with(name, "trusted.overlay.");
  return !mark && (same_text(name, "security.capability") || begins_with(name, "user.") ||
                   begins_with(name, "trusted.") || begins_with(name, "system.posix_acl_"));
}

long copy_attributes(CopyThread& thread, int from, int to, Step& step) noexcept {
  step = Step::ReadAttributes;
  const long size = read_attribute([&](size_t most) { return list_attributes(from, thread.names, most); });
  return each_attribute(thread.names, size, [&](const char* name) -> long {
    if (thread.copy->gives_away() && same_text(name, "security.capability")) {
      return 0;
    }
    step = Step::ReadAttributes;
    const long value = read_attribute([&](size_t most) { return get_attribute(from, name, thread.value, most); });
    if (value < 0 && !is_absence(value)) {
      return value;
    }
    step = Step::SetAttribute;
    const long result = value < 0 ? 0 : set_attribute(to, name, thread.value, static_cast<size_t>(value));
    return result < 0 && !is_absence(result) ? result : 0;
  });
}

}  // namespace dunnage::launcher
