// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/copy.hpp"

namespace dunnage::launcher {
namespace {

bool begins_with(const char* text, const char* prefix) noexcept {
  size_t index = 0;
  while (prefix[index] != '\0' && text[index] == prefix[index]) {
    ++index;
  }
  return prefix[index] == '\0';
}

bool is_of_file(const Copy& copy, const char* name) noexcept {
  return is_of_archive(name) && !(copy.gives_away() && same_text(name, "security.capability"));
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
  if (size < 0) {
    return size == -EOPNOTSUPP ? 0 : size;
  }
  for (long position = 0; position < size;) {
    const char* name = thread.names + position;
    position += static_cast<long>(text_size(name)) + 1;
    if (!is_of_file(*thread.copy, name)) {
      continue;
    }
    step = Step::ReadAttributes;
    const long value = read_attribute([&](size_t most) { return get_attribute(from, name, thread.value, most); });
    if (value < 0 && !is_absence(value)) {
      return value;
    }
    step = Step::SetAttribute;
    const long result = value < 0 ? 0 : set_attribute(to, name, thread.value, static_cast<size_t>(value));
    if (result < 0 && !is_absence(result)) {
      return result;
    }
  }
  return 0;
}

}  // namespace dunnage::launcher
