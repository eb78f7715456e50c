// SPDX-License-Identifier: Apache-2.0
#include "launcher/kept_program.hpp"

#include "kernel/call_error.hpp"
#include "launcher/keep.hpp"
#include "launcher/program_image.hpp"
#include "launcher/socket.hpp"

#include <boost/process/v2/environment.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace dunnage::launcher {
namespace {

/// A killed process goes at once, unless its disk does not answer.
constexpr auto kKeeperEndTimeout = std::chrono::seconds{10};

}  // namespace

std::string find_program(const std::string& name, const std::vector<std::string>& environment) {
  namespace process = boost::process::v2::environment;
  std::vector<process::key_value_pair> variables;
  for (const std::string& entry : environment) {
    variables.emplace_back(boost::process::v2::string_view{entry.data(), entry.size()});
  }
  return process::find_executable(name, variables).string();
}

KeptProgram::KeptProgram(const ProgramRequest& request) {
  auto [ours, theirs] = make_channel();
  const kernel::FileDescriptor image = open_program_image();
  Spawn spawn;
  spawn.program = image.get();
  spawn.argv = {kKeeperName, request.path.c_str()};
  for (const std::string& argument : request.argv) {
    spawn.argv.push_back(argument.c_str());
  }
  for (const std::string& variable : request.environment) {
    spawn.environment.push_back(variable.c_str());
  }
  spawn.descriptors = {theirs.get()};
  spawn.standard = {-1, request.out, request.err};
  keeper_ = spawn_orphan(spawn);
  channel_ = std::move(ours);
}

KeptProgram::~KeptProgram() {
  (void)::shutdown(channel_.get(), SHUT_RDWR);
  (void)wait_for_end(keeper_, kKeeperEndTimeout);
}

std::optional<int> KeptProgram::status() {
  KeptEnd end;
  const ssize_t got = ::recv(channel_.get(), &end, sizeof end, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return std::nullopt;
  }
  if (got != static_cast<ssize_t>(sizeof end)) {
    throw kernel::CallError{"wait for the program", got < 0 ? errno : EPIPE};
  }
  if (end.error != 0) {
    throw kernel::CallError{"execve", end.error};
  }
  return end.status;
}

}  // namespace dunnage::launcher
