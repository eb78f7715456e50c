// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/copy.hpp"

namespace dunnage::launcher {
namespace {

constexpr size_t kFirstCapacity = 1024;
constexpr size_t kTextsAtOnce = size_t{1} << 20U;
constexpr size_t kMostTexts = size_t{512} << 20U;  ///< bytes of paths of files with several names

}  // namespace

CopyLink* CopyLinks::place_of(uint64_t device, uint64_t inode) noexcept {
  size_t index = (inode * 0x9e3779b97f4a7c15U ^ device) & (capacity_ - 1);
  while (places_[index].inode != 0 && (places_[index].inode != inode || places_[index].device != device)) {
    index = (index + 1) & (capacity_ - 1);
  }
  return places_ + index;
}

bool CopyLinks::grow() noexcept {
  const size_t before = capacity_;
  CopyLink* old = places_;
  const size_t capacity = before == 0 ? kFirstCapacity : 2 * before;
  auto* places = static_cast<CopyLink*>(map_memory(capacity * sizeof(CopyLink)));  // zeros: all are free
  if (places == nullptr) {
    return false;
  }
  places_ = places;
  capacity_ = capacity;
  for (size_t index = 0; index < before; ++index) {
    if (old[index].inode != 0) {
      *place_of(old[index].device, old[index].inode) = old[index];
    }
  }
  if (old != nullptr) {
    unmap_memory(old, before * sizeof(CopyLink));
  }
  return true;
}

const char* CopyLinks::keep(const char* path) noexcept {
  const size_t size = text_size(path) + 1;
  if (size > texts_left_) {
    texts_ = texts_total_ + kTextsAtOnce > kMostTexts ? nullptr : static_cast<char*>(map_memory(kTextsAtOnce));
    if (texts_ == nullptr) {
      texts_left_ = 0;
      return nullptr;
    }
    texts_total_ += kTextsAtOnce;
    texts_left_ = kTextsAtOnce;
  }
  char* kept = texts_;
  __builtin_memcpy(kept, path, size);
  texts_ += size;
  texts_left_ -= size;
  return kept;
}

CopyLink* CopyLinks::find(const struct statx& status, const char* path, bool& fresh, long& result) noexcept {
  const Locked locked{lock_};
  fresh = false;
  result = -ENOMEM;
  if ((used_ + 1) * 2 > capacity_ && !grow()) {
    return nullptr;
  }
  CopyLink* link = place_of(device_of(status), status.stx_ino);
  if (link->inode == 0) {
    const char* kept = keep(path);
    if (kept == nullptr) {
      return nullptr;
    }
    *link = {status.stx_ino, device_of(status), 0, kept};
    ++used_;
    fresh = true;
  }
  result = 0;
  return link;
}

void CopyLinks::made(const struct statx& status, uint64_t copy) noexcept {
  const Locked locked{lock_};
  place_of(device_of(status), status.stx_ino)->copy = copy;
}

CopyLink CopyLinks::look(const struct statx& status) noexcept {
  const Locked locked{lock_};
  return *place_of(device_of(status), status.stx_ino);
}

}  // namespace dunnage::launcher
