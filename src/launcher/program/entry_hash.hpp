// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Sixty-four bits for what is too long to be told of each entry. 0: there is nothing. They are compared with each
/// other to see a change, and stand for nothing that anybody would gain by forging: whoever can, can make the change
/// itself.

#include "launcher/program/copy.hpp"
#include "launcher/program/file_attributes.hpp"

namespace dunnage::launcher {

class EntryHash {
 public:
  /// Of the attributes that are the file's own, in whatever order they are told. 0 or -errno
  long attributes(int fd, uint64_t& hash) noexcept {
    hash = 0;
    return each_attribute(names_, list_attributes(fd, names_, sizeof names_), [&](const char* name) -> long {
      const long value = get_attribute(fd, name, value_, sizeof value_);
      if (value >= 0) {
        hash += add(add(kSeed, name, text_size(name) + 1), value_, static_cast<size_t>(value));
      }
      return value < 0 && value != -ENODATA ? value : 0;
    });
  }

  /// Of what the kernel knows a file by, whatever it is called.
  static uint64_t handle(int fd) noexcept {
    struct Handle {
      uint32_t size = sizeof bytes;
      int32_t type = 0;
      char bytes[128] = {};
    } handle;
    int mount = 0;
    const long result = raw_syscall(__NR_name_to_handle_at, fd, as_argument(""), as_argument(&handle),
                                    as_argument(&mount), AT_EMPTY_PATH);
    return result < 0 ? 0 : of_handle(static_cast<uint8_t>(handle.type), handle.bytes, handle.size);
  }

  /// The same of what a file of an upper directory was copied of, if the overlay knows.
  static uint64_t origin(int fd, const char* attribute) noexcept {
    constexpr size_t kHead = 21;  // version, magic, length, flags, type, and sixteen bytes for the file system
    constexpr uint8_t kMagic = 0xfb;
    char value[kHead + 128];
    const long size = get_attribute(fd, attribute, value, sizeof value);
    const bool whole = size > static_cast<long>(kHead) && static_cast<uint8_t>(value[1]) == kMagic &&
                       static_cast<uint8_t>(value[2]) == size;
    const uint64_t unknown = size == 0 ? kOfSomething : 0;
    return whole ? of_handle(static_cast<uint8_t>(value[4]), value + kHead, static_cast<size_t>(size) - kHead)
                 : unknown;
  }

 private:
  static constexpr uint64_t kSeed = 0xcbf29ce484222325U;

  static uint64_t add(uint64_t hash, const char* bytes, size_t size) noexcept {
    for (size_t index = 0; index < size; ++index) {
      hash = (hash ^ static_cast<uint8_t>(bytes[index])) * 0x100000001b3U;
    }
    return hash;
  }

  static uint64_t of_handle(uint8_t type, const char* bytes, size_t size) noexcept {
    const char kind = static_cast<char>(type);
    return add(add(kSeed, &kind, 1), bytes, size) | 1U;
  }

  char names_[kAttributeBuffer] = {};
  char value_[kAttributeBuffer] = {};
};

}  // namespace dunnage::launcher
