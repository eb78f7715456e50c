// SPDX-License-Identifier: Apache-2.0
#include "launcher/id_maps.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "launcher/spawn.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launcher {
namespace {

/// The programs may ask a directory service for the ranges.
constexpr auto kPatience = std::chrono::seconds{30};

void write_file(pid_t pid, const char* name, const std::string& text) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const kernel::FileDescriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  // the kernel takes a map in one write or not at all
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw kernel::CallError{name, errno};
  }
}

std::string line_of(const IdRange& range) {
  return std::to_string(range.inside) + " " + std::to_string(range.outside) + " " + std::to_string(range.count) + "\n";
}

/// Boost.Process would fork the host, with its memory and its fork handlers, and raise a SIGCHLD that is not the
/// host's.
void run_map_program(const char* name, pid_t pid, const std::vector<IdRange>& ranges) {
  const std::string path = find_map_program(name);
  const kernel::FileDescriptor program{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (!program) {
    throw kernel::CallError{name, errno};
  }
  std::vector<std::string> words{name, std::to_string(pid)};
  for (const IdRange& range : ranges) {
    words.push_back(std::to_string(range.inside));
    words.push_back(std::to_string(range.outside));
    words.push_back(std::to_string(range.count));
  }
  Spawn request;
  request.program = program.get();
  for (const std::string& word : words) {
    request.argv.push_back(word.c_str());
  }
  if (run_program(request, kPatience) != 0) {
    throw kernel::CallError{name, EPERM};
  }
}

}  // namespace

void write_id_maps(pid_t pid, const Identity& identity) {
  if (identity.privilege == Privilege::Range) {
    run_map_program("newuidmap", pid, identity.users);
    run_map_program("newgidmap", pid, identity.groups);
    return;
  }
  write_file(pid, "setgroups", "deny");  // a user may not write the group map before (user_namespaces(7))
  write_file(pid, "uid_map", line_of(identity.users.at(0)));
  write_file(pid, "gid_map", line_of(identity.groups.at(0)));
}

}  // namespace dunnage::launcher
