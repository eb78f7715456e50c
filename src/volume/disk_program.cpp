// SPDX-License-Identifier: Apache-2.0
#include "volume/disk_program.hpp"

#include "error/printable.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/kept_program.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>

namespace dunnage::volume {
namespace {

/// These lie where only the PATH of root leads on some machines; what the host has set is not asked.
constexpr const char* kDiskPrograms = "PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

/// What it wrote to a file in memory, in one line.
std::string last_words(int log) {
  constexpr std::size_t kMostWords = 512;
  std::array<char, kMostWords> text{};
  const off_t end = ::lseek(log, 0, SEEK_END);
  const ssize_t got = ::pread(log, text.data(), text.size(), std::max<off_t>(0, end - off_t{kMostWords}));
  std::string words{text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  std::replace(words.begin(), words.end(), '\n', ' ');
  while (!words.empty() && words.back() == ' ') {
    words.pop_back();
  }
  return error::printable(words);
}

int wait_for_end(const Deed& deed, launcher::KeptProgram& program, const Watch& watch) {
  constexpr int kGlance = 50;  // milliseconds between two looks at the caller's wishes
  std::optional<int> status;
  while (!(status = program.status())) {
    pollfd ended{program.channel(), POLLIN, 0};
    (void)::poll(&ended, 1, kGlance);  // whatever it says, its status is looked at next
    stop_if_asked(deed, watch);
  }
  return *status;
}

}  // namespace

std::string find_disk_program(const std::string& name) { return launcher::find_program(name, {kDiskPrograms}); }

std::string remedy_without(const std::string& program) {
  return fmt::format("install the package \"{}\"", program == "mkfs.xfs" ? "xfsprogs" : "e2fsprogs");
}

void run_disk_program(const Deed& deed, const std::string& name, const std::vector<std::string>& arguments,
                      const Watch& watch) {
  const std::string path = find_disk_program(name);
  if (path.empty()) {
    throw deed_failure(deed, fmt::format("{}(8) is not installed", name), make_error_code(errc::not_supported),
                       remedy_without(name));
  }
  const kernel::FileDescriptor log{::memfd_create("dunnage-words", MFD_CLOEXEC)};
  if (!log) {
    throw kernel::CallError{"memfd_create", errno};
  }
  std::vector<std::string> argv{name};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  launcher::KeptProgram program{
      {.path = path, .argv = std::move(argv), .environment = {kDiskPrograms}, .err = log.get()}};
  if (const int status = wait_for_end(deed, program, watch); status != 0) {
    const std::string words = last_words(log.get());
    const bool full = words.find("No space left on device") != std::string::npos;
    throw deed_failure(deed, fmt::format("{} exited with {}: {}", name, status, words),
                       std::make_error_code(full ? std::errc::no_space_on_device : std::errc::io_error),
                       full ? remedy_for(ENOSPC) : "see what it says; the disk may be full");
  }
}

}  // namespace dunnage::volume
