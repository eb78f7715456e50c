// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"

#include <dunnage/mount_set.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) {
    return memory;
  }
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace {

std::size_t allocations_of(std::string_view text) {
  (void)dunnage::parse_mount_flag(text);  // what is set up once
  const std::size_t before = allocations.load();
  const dunnage::Mount mount = dunnage::parse_mount_flag(text);
  return allocations.load() - before;
}

TEST_CASE("reading an option allocates nothing but the strings the mount keeps", "[spec]") {
  CHECK(allocations_of("type=volume,source=db,target=/data") == 0);
  CHECK(allocations_of("type=volume,source=db,target=/data,readonly,volume-nocopy,nocreate,noexec,suid,dev") == 0);
  CHECK(allocations_of("type=tmpfs,target=/run,tmpfs-size=64m,tmpfs-mode=0700,tmpfs-uid=7,tmpfs-gid=8,noswap,exec") ==
        0);
  const std::size_t bind = allocations_of("type=bind,source=/a,target=/b");
  CHECK(allocations_of("readonly,bind-propagation=rslave,bind-recursive=writable,bind-create-src,optional,chown,"
                       "relabel=shared,owner=match-user,create-mode=0700,noexec,type=bind,source=/a,target=/b") ==
        bind);
  CHECK(allocations_of("type=volume,source=db,target=/data,exclude=short") == 1);
  CHECK(allocations_of("type=volume,source=db,target=/data,volume-label=key=value") == 1);
}

}  // namespace
