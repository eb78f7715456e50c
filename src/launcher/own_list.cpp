// SPDX-License-Identifier: Apache-2.0
#include "launcher/own_list.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <sys/mman.h>

#include <cerrno>

namespace dunnage::launcher {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} << 10U;
constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kLongestCapability = 64;

}  // namespace

OwnList::OwnList() : memory_{::memfd_create("dunnage-owners", MFD_CLOEXEC)} {
  if (!memory_) {
    throw kernel::CallError{"memfd_create", errno};
  }
}

void OwnList::add(std::string_view path, const Owning& owning) {
  const bool bad_path = path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos;
  if (bad_path || owning.uid.has_value() != owning.gid.has_value() || owning.capability.size() > kLongestCapability) {
    throw kernel::CallError{"list the owner of a file", EINVAL};
  }
  if (path.size() >= kLongestPath) {
    throw kernel::CallError{"list the owner of a file", ENAMETOOLONG};
  }
  OwnRecord record;
  record.flags = (owning.uid ? kOwnOwner : 0U) | (owning.mode ? kOwnMode : 0U) | (owning.modified ? kOwnTime : 0U);
  record.uid = owning.uid.value_or(0);
  record.gid = owning.gid.value_or(0);
  record.mode = owning.mode.value_or(0);
  record.seconds = owning.modified ? owning.modified->tv_sec : 0;
  record.nanoseconds = owning.modified ? static_cast<std::uint32_t>(owning.modified->tv_nsec) : 0;
  record.path_size = static_cast<std::uint32_t>(path.size() + 1);
  record.capability_size = static_cast<std::uint32_t>(owning.capability.size());
  const std::size_t used = sizeof record + record.path_size + record.capability_size;
  record.size = static_cast<std::uint32_t>((used + 7) / 8 * 8);
  buffer_.append(reinterpret_cast<const char*>(&record), sizeof record);
  buffer_.append(path);
  buffer_ += '\0';
  buffer_.append(owning.capability);
  buffer_.append(record.size - used, '\0');
  ++count_;
  if (buffer_.size() >= kBuffer) {
    flush();
  }
}

void OwnList::flush() {
  kernel::write_all(memory_.get(), buffer_);
  buffer_.clear();
}

WorkOutcome OwnList::apply(const Connection& connection, int tree, const Watch& watch) {
  flush();
  Work work;
  work.request.kind = WorkKind::Own;
  work.descriptors = {tree, memory_.get()};
  work.step = "own";
  return run_work(connection, work, watch);
}

}  // namespace dunnage::launcher
