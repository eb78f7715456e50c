// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/cgroup_settings.hpp"

namespace dunnage::launcher {
namespace {

constexpr size_t kMostContent = 4096;
constexpr size_t kMostLine = 256;
constexpr uint32_t kMostReplaced = 128;

/// What a file said before it was written to.
struct Before {
  uint32_t index = 0;
  char line[kMostLine] = {};
};

constinit Before before[kMostReplaced];

long read_content(int file, char (&text)[kMostContent]) noexcept {
  const long size = raw_syscall(__NR_pread64, file, as_argument(text), sizeof text - 1, 0);
  text[size > 0 ? size : 0] = '\0';
  return size;
}

/// The first line that begins with `prefix`; its size in `size`. Null if there is none.
const char* line_with(const char* text, const char* prefix, size_t prefix_size, size_t& size) noexcept {
  while (*text != '\0') {
    size = 0;
    while (text[size] != '\0' && text[size] != '\n') {
      ++size;
    }
    if (size >= prefix_size && __builtin_memcmp(text, prefix, prefix_size) == 0) {
      return text;
    }
    text += size + (text[size] == '\n' ? 1 : 0);
  }
  return nullptr;
}

bool has_line(const char* text, const char* line) noexcept {
  const size_t wanted = text_size(line);
  size_t size = 0;
  const char* found = line_with(text, line, wanted, size);
  while (found != nullptr && size != wanted) {  // one that is longer
    found = found[size] == '\n' ? line_with(found + size + 1, line, wanted, size) : nullptr;
  }
  return found != nullptr;
}

/// "8:0 " of a setting for one device; 0 for any other.
size_t device_size(const char* value) noexcept {
  size_t size = 0;
  while (value[size] >= '0' && value[size] <= ':') {
    ++size;
  }
  return size > 2 && value[size] == ' ' ? size + 1 : 0;
}

void add(char (&line)[kMostLine], size_t& size, const char* text, size_t length) noexcept {
  const size_t room = kMostLine - 1 - size;
  const size_t taken = length < room ? length : room;
  __builtin_memcpy(line + size, text, taken);
  size += taken;
  line[size] = '\0';
}

/// What has to be written for the file to say again what it does now.
void note_before(Before& known, int file, const char* value, bool unified) noexcept {
  char text[kMostContent];
  (void)read_content(file, text);
  const size_t device = device_size(value);
  known.line[0] = '\0';
  size_t found = 0;
  size_t size = 0;
  const char* line = line_with(text, value, device, found);
  if (line != nullptr && found > 0) {
    add(known.line, size, line, found);
  } else if (device > 0) {
    const char* none = unified ? "rbps=max wbps=max riops=max wiops=max" : "0";
    add(known.line, size, value, device);
    add(known.line, size, none, text_size(none));
  } else {
    add(known.line, size, "\n", 1);
  }
}

/// Writes and reads back. 0, -errno, or 1 when the file says something else then.
long write_and_verify(int file, const Settings& settings, const SettingRecord& setting) noexcept {
  if ((setting.flags & kOnlyVerified) == 0) {
    const char* value = text_of(settings, setting.value);
    const long written = write_bytes(file, value, text_size(value));
    if (written < 0) {
      return written;
    }
  }
  if ((setting.flags & kUnverified) != 0) {
    return 0;
  }
  char text[kMostContent];
  const long size = read_content(file, text);
  return size < 0 ? size : has_line(text, text_of(settings, setting.expected)) ? 0 : 1;
}

Failure failure_of(long result, uint32_t index) noexcept {
  Failure failure;
  failure.step = result > 0 ? Step::VerifyLimit : Step::SetLimit;
  failure.error = result > 0 ? EINVAL : static_cast<int32_t>(-result);
  failure.setting = static_cast<uint16_t>(index + 1);
  return failure;
}

/// \param noted  how many were written so far, to be noted; null: nobody wants them back
Failure apply(const Slot& slot, const Settings& settings, uint32_t* noted) noexcept {
  const SettingRecord* list = list_of(settings);
  bool lacked = false;
  for (uint32_t index = 0; index < settings.list.count; ++index) {
    const SettingRecord& setting = list[index];
    if (((setting.flags & kOnlyIfLacked) != 0 && !lacked) || ((setting.flags & kOnlyUpdate) != 0 && noted == nullptr)) {
      continue;
    }
    const OwnCgroup* cgroup = find_cgroup(slot, cgroups_of(settings)[setting.cgroup]);
    const bool read_only = (setting.flags & kOnlyVerified) != 0;
    const int file = cgroup == nullptr ? -ENOENT
                                       : open_at(cgroup->directory, text_of(settings, setting.file),
                                                 (read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW);
    lacked = file == -ENOENT;
    if (lacked && (setting.flags & kMayLack) != 0) {
      continue;
    }
    if (noted != nullptr && file >= 0 && !read_only) {
      before[*noted].index = index;
      note_before(before[*noted], file, text_of(settings, setting.value), (cgroup->flags & kCgroupUnified) != 0);
      ++*noted;
    }
    const long result = file < 0 ? file : write_and_verify(file, settings, setting);
    if (file >= 0) {
      (void)close_descriptor(file);
    }
    if (result != 0) {
      return failure_of(result, index);
    }
  }
  return {};
}

}  // namespace

const OwnCgroup* find_cgroup(const Slot& slot, const CgroupRecord& record) noexcept {
  for (uint32_t index = 0; index < slot.cgroup_count; ++index) {
    if (slot.cgroups[index].hierarchy == record.hierarchy) {
      return &slot.cgroups[index];
    }
  }
  return nullptr;
}

Failure apply_settings(const Slot& slot, const Settings& settings) noexcept { return apply(slot, settings, nullptr); }

Failure replace_settings(const Slot& slot, const Settings& settings) noexcept {
  uint32_t noted = 0;
  if (settings.list.count > kMostReplaced) {
    return failure_of(-E2BIG, kMostReplaced);
  }
  const Failure failure = apply(slot, settings, &noted);
  if (failure.error == 0) {
    return failure;
  }
  while (noted > 0) {
    const Before& known = before[--noted];
    const SettingRecord& setting = list_of(settings)[known.index];
    const OwnCgroup* cgroup = find_cgroup(slot, cgroups_of(settings)[setting.cgroup]);
    const int file = open_at(cgroup->directory, text_of(settings, setting.file), O_WRONLY | O_NOFOLLOW);
    if (file >= 0) {
      (void)write_bytes(file, known.line, text_size(known.line));
      (void)close_descriptor(file);
    }
  }
  return failure;
}

bool read_field(int directory, const char* file, const char* word, uint64_t& number) noexcept {
  const int fd = open_at(directory, file, O_RDONLY | O_NOFOLLOW);
  if (fd < 0) {
    return false;
  }
  char text[kMostContent];
  (void)read_content(fd, text);
  (void)close_descriptor(fd);
  size_t size = 0;
  const size_t prefix = text_size(word);
  const char* line = line_with(text, word, prefix, size);
  if (line == nullptr) {
    return false;
  }
  number = 0;
  for (size_t index = prefix; index < size && line[index] >= '0' && line[index] <= '9'; ++index) {
    number = number * 10 + static_cast<uint64_t>(line[index] - '0');
  }
  return true;
}

}  // namespace dunnage::launcher
