// SPDX-License-Identifier: Apache-2.0
#include "launcher/record_list.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <sys/mman.h>

#include <cerrno>

namespace dunnage::launcher {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} << 10U;
constexpr std::size_t kLongestPath = 4096;

}  // namespace

RecordList::RecordList(const char* name) : memory_{::memfd_create(name, MFD_CLOEXEC)} {
  if (!memory_) {
    throw kernel::CallError{"memfd_create", errno};
  }
}

void RecordList::append(std::string_view record, std::initializer_list<std::string_view> parts, std::size_t padding) {
  buffer_.append(record);
  for (const std::string_view part : parts) {
    buffer_.append(part);
  }
  buffer_.append(padding, '\0');
  ++count_;
  if (buffer_.size() >= kBuffer) {
    flush();
  }
}

void RecordList::flush() {
  kernel::write_all(memory_.get(), buffer_);
  buffer_.clear();
}

int RecordList::file() {
  flush();
  return memory_.get();
}

void require_listable(const char* call, std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) {
    throw kernel::CallError{call, EINVAL};
  }
  if (path.size() >= kLongestPath) {
    throw kernel::CallError{call, ENAMETOOLONG};
  }
}

}  // namespace dunnage::launcher
