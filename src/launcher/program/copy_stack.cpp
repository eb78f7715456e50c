// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/copy.hpp"

#include <new>

namespace dunnage::launcher {
namespace {

constexpr uint32_t kNodesAtOnce = 256;

}  // namespace

CopyNode* CopyStack::take_free() noexcept {
  const Locked locked{lock_};
  if (free_ == nullptr) {
    if (made_ == kMostWaiting) {
      return nullptr;
    }
    auto* nodes = static_cast<CopyNode*>(map_memory(kNodesAtOnce * sizeof(CopyNode)));
    if (nodes == nullptr) {
      return nullptr;
    }
    made_ += kNodesAtOnce;
    for (uint32_t index = 0; index < kNodesAtOnce; ++index) {
      nodes[index].next = free_;
      free_ = nodes + index;
    }
  }
  CopyNode* node = free_;
  free_ = node->next;
  return new (node) CopyNode;
}

void CopyStack::give_back(CopyNode* node) noexcept {
  const Locked locked{lock_};
  node->next = free_;
  free_ = node;
}

void CopyStack::push(CopyNode* node) noexcept {
  lock_.lock();
  node->next = top_;
  top_ = node;
  size_.fetch_add(1, std::memory_order_relaxed);
  const bool awaited = waiting_ > 0;
  turn_.fetch_add(1, std::memory_order_relaxed);
  lock_.unlock();
  if (awaited) {
    wake_threads(turn_, 1);
  }
}

CopyNode* CopyStack::pop() noexcept {
  lock_.lock();
  while (top_ == nullptr && !closed_) {
    const uint32_t turn = turn_.load(std::memory_order_relaxed);
    ++waiting_;
    lock_.unlock();
    wait_while(turn_, turn);
    lock_.lock();
    --waiting_;
  }
  CopyNode* node = closed_ ? nullptr : top_;
  if (node != nullptr) {
    top_ = node->next;
    size_.fetch_sub(1, std::memory_order_relaxed);
  }
  lock_.unlock();
  return node;
}

void CopyStack::close() noexcept {
  lock_.lock();
  closed_ = true;
  turn_.fetch_add(1, std::memory_order_relaxed);
  lock_.unlock();
  wake_threads(turn_, INT32_MAX);
}

}  // namespace dunnage::launcher
