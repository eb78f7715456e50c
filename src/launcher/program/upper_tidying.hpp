// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What leaves the upper directory of an overlay when the lower one has taken it over.

#include "launcher/program/each_entry.hpp"
#include "launcher/program/file_attributes.hpp"
#include "launcher/program/held_entry.hpp"
#include "launcher/program/overlay_marks.hpp"
#include "launcher/program/parent_directory.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {

class UpperTidying {
 public:
  UpperTidying(ParentDirectory& above, ParentDirectory& below, const OverlayMarks& marks, Step& step) noexcept
      : above_{above}, below_{below}, marks_{marks}, step_{step} {}

  /// All that the directory hides is hidden one by one before it stops hiding it. 0 or -errno
  long unveil(const char* path) noexcept {
    const Held above{open(above_, path)};
    if (above.fd < 0) {
      return is_absent(above.fd) ? 0 : above.fd;
    }
    if (!marks_.is_opaque(above.fd)) {
      return 0;
    }
    const Held below{open(below_, path)};
    long result = below.fd >= 0 || is_absent(below.fd) ? 0 : below.fd;
    if (below.fd >= 0) {
      result = each_entry(below.fd, entries_, [&](const DirectoryEntry& entry) { return hide(above.fd, entry.name); });
    }
    step_ = Step::SetAttribute;
    return result < 0 ? result : remove_attribute(above.fd, marks_.opaque());
  }

  /// 0 or -errno
  long drop(const char* path) noexcept {
    step_ = Step::ReplaceEntry;
    const char* leaf = path;
    const int directory = above_.open(path, leaf);
    if (directory < 0) {
      return is_absent(directory) ? 0 : directory;
    }
    long result = raw_syscall(__NR_unlinkat, directory, as_argument(leaf), 0);
    if (result == -EISDIR || result == -EPERM) {
      result = raw_syscall(__NR_unlinkat, directory, as_argument(leaf), AT_REMOVEDIR);
    }
    return result == -ENOENT || result == -ENOTEMPTY || result == -EEXIST ? 0 : result;
  }

 private:
  static bool is_absent(int opened) noexcept { return opened == -ENOENT || opened == -ENOTDIR || opened == -ELOOP; }

  int open(ParentDirectory& side, const char* path) noexcept {
    step_ = Step::OpenEntry;
    const char* leaf = path;
    const int directory = side.open(path, leaf);
    return directory < 0 ? directory
                         : kernel::open_at2(directory, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kOneComponent);
  }

  long hide(int above, const char* name) noexcept {
    step_ = Step::MakeEntry;
    const Held entry{kernel::open_at2(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kOneComponent)};
    if (entry.fd == -ENOENT) {
      return raw_syscall(__NR_mknodat, above, as_argument(name), S_IFCHR, 0);
    }
    if (entry.fd == -ENOTDIR || entry.fd == -ELOOP) {
      return 0;  // it hides what is below it by being there
    }
    step_ = Step::SetAttribute;
    return entry.fd < 0 ? entry.fd : set_attribute(entry.fd, marks_.opaque(), "y", 1);
  }

  ParentDirectory& above_;
  ParentDirectory& below_;
  const OverlayMarks& marks_;
  Step& step_;
  alignas(8) char entries_[8192] = {};
};

}  // namespace dunnage::launcher
