// SPDX-License-Identifier: Apache-2.0
#include "launcher/amend_list.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>

namespace dunnage::launcher {
namespace {

constexpr std::size_t kAmendBuffer = std::size_t{256} << 10U;
constexpr std::size_t kLongestAmended = 4095;

bool is_amendable(std::string_view path) {
  return !path.empty() && path.front() != '/' && path.find('\0') == std::string_view::npos;
}

}  // namespace

AmendList::AmendList() : memory_{::memfd_create("dunnage-amendments", MFD_CLOEXEC)} {
  if (!memory_) {
    throw kernel::CallError{"memfd_create", errno};
  }
}

void AmendList::add(AmendAction action, std::string_view path, std::string_view other) {
  if (!is_amendable(path) || (!other.empty() && !is_amendable(other))) {
    throw kernel::CallError{"list what is to be done to a file", EINVAL};
  }
  if (path.size() > kLongestAmended || other.size() > kLongestAmended) {
    throw kernel::CallError{"list what is to be done to a file", ENAMETOOLONG};
  }
  AmendRecord record;
  record.action = action;
  record.path_size = static_cast<std::uint32_t>(path.size() + 1);
  record.other_size = static_cast<std::uint32_t>(other.size() + 1);
  const std::size_t used = sizeof record + record.path_size + record.other_size;
  record.size = static_cast<std::uint32_t>((used + 7) / 8 * 8);
  buffer_.append(reinterpret_cast<const char*>(&record), sizeof record);
  buffer_.append(path);
  buffer_ += '\0';
  buffer_.append(other);
  buffer_ += '\0';
  buffer_.append(record.size - used, '\0');
  ++count_;
  if (buffer_.size() >= kAmendBuffer) {
    flush();
  }
}

void AmendList::flush() {
  kernel::write_all(memory_.get(), buffer_);
  buffer_.clear();
}

WorkOutcome AmendList::obey(const Connection& connection, int upper, int lower, const std::string& stage,
                            const std::vector<int>& locks, const Watch& watch) {
  flush();
  Work work;
  work.request.kind = WorkKind::Amend;
  work.texts = stage + '\0' + (connection.identity().rootless() ? "user" : "trusted") + '\0';
  work.descriptors = {upper, lower, memory_.get()};
  work.descriptors.insert(work.descriptors.end(), locks.begin(), locks.end());
  work.step = "apply";
  return run_work(connection, work, watch);
}

}  // namespace dunnage::launcher
