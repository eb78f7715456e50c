// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/mount_lines.hpp"

namespace dunnage::launcher {
namespace {

constexpr unsigned kTargetField = 4;  ///< after its number, its parent's, the device, and its root

/// A path with what is written as "\040", in its own place.
void unescape(char* text) noexcept {
  char* out = text;
  for (const char* in = text; *in != '\0'; ++out) {
    const bool octal =
        in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' && in[3] >= '0' && in[3] <= '7';
    *out = octal ? static_cast<char>((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0')) : *in;
    in += octal ? 4 : 1;
  }
  *out = '\0';
}

}  // namespace

int MountLines::read_letter() noexcept {
  if (position_ == size_) {
    position_ = 0;
    size_ = read_bytes(file_, buffer_, sizeof buffer_);
    if (size_ <= 0) {
      const int result = size_ < 0 ? static_cast<int>(size_) : -ENODATA;
      size_ = 0;
      return result;
    }
  }
  return static_cast<unsigned char>(buffer_[position_++]);
}

int MountLines::next(MountLine& line) noexcept {
  if (file_ < 0) {
    return file_;
  }
  line.id = line.parent = 0;
  unsigned field = 0;
  size_t size = 0;
  for (;;) {
    const int letter = read_letter();
    if (letter < 0) {
      return letter == -ENODATA ? 0 : letter;
    }
    if (letter == '\n') {
      line.target[size] = '\0';
      unescape(line.target);
      return 1;
    }
    if (letter == ' ') {
      ++field;
    } else if (field < 2) {
      uint64_t& number = field == 0 ? line.id : line.parent;
      number = number * 10 + static_cast<uint64_t>(letter - '0');
    } else if (field == kTargetField && size < kMostMountPath - 1) {
      line.target[size++] = static_cast<char>(letter);
    }
  }
}

int find_mount_line(int proc, uint64_t id, MountLine& line) noexcept {
  MountLines lines{proc};
  int result = 0;
  do {
    result = lines.next(line);
  } while (result == 1 && line.id != id);
  return result;
}

}  // namespace dunnage::launcher
