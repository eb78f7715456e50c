// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/residency.hpp"

#include "kernel/file_descriptor.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"

#include <dunnage/container.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

namespace dunnage::bench {
namespace {

double resident_kib(pid_t pid) {
  std::ifstream lines{"/proc/" + std::to_string(pid) + "/status"};
  double value = 0;
  for (std::string word; lines >> word;) {
    if (word == "VmRSS:") {
      lines >> value;
    }
  }
  return value;
}

Residency measure_here(const Stage& stage, unsigned containers) {
  const auto launch = [&stage] {
    return Container::launch({.rootfs = Rootfs::directory(stage.root),
                              .argv = {"/stay"},
                              .in = Stdio::null(),
                              .out = Stdio::null(),
                              .err = Stdio::null()});
  };
  std::vector<Container> alive;
  alive.reserve(containers + 1);
  alive.push_back(launch());
  const pid_t launcher = launcher::Connection::get(launcher::identity_for(0, 0))->pid();
  Residency result{
      .containers = containers, .host_before = resident_kib(::getpid()), .launcher_before = resident_kib(launcher)};
  for (unsigned index = 0; index < containers; ++index) {
    alive.push_back(launch());
  }
  result.host_after = resident_kib(::getpid());
  result.launcher_after = resident_kib(launcher);
  return result;
}

}  // namespace

Residency measure_residency(const Stage& stage, unsigned containers) {
  int ends[2];
  if (::pipe(ends) != 0) {
    return {};
  }
  const kernel::FileDescriptor ours{ends[0]};
  kernel::FileDescriptor theirs{ends[1]};
  const pid_t pid = ::fork();
  if (pid == 0) {
    Residency result;
    try {
      result = measure_here(stage, containers);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the memory of containers could not be measured: %s\n", error.what());
    }
    (void)!::write(theirs.get(), &result, sizeof result);
    ::_exit(0);
  }
  theirs.reset();
  Residency result;
  const bool told = ::read(ours.get(), &result, sizeof result) == sizeof result;
  (void)::waitpid(pid, nullptr, 0);
  return told ? result : Residency{};
}

}  // namespace dunnage::bench
