// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of containers that other processes find share.

#include "container/support.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dunnage::test {

/// Runs `work` in a forked copy, which launches and asks with launchers and handles of its own.
inline int in_another_process(const std::function<void()>& work) {
  const pid_t process = ::fork();
  if (process == 0) {
    int code = 0;
    try {
      work();
    } catch (const std::exception& error) {
      (void)!::write(2, error.what(), std::string_view{error.what()}.size());
      (void)!::write(2, "\n", 1);
      code = 1;
    }
    ::_exit(code);
  }
  int status = 0;
  return ::waitpid(process, &status, 0) == process && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

inline void require(bool so, const char* what) {
  if (!so) throw std::runtime_error{what};
}

inline LaunchSpec detached(const Ground& ground, const std::string& script, const std::string& name,
                           MountSet mounts = {}) {
  LaunchSpec spec = ground.shell(script, std::move(mounts));
  spec.lifetime = Lifetime::Detached;
  spec.name = name;
  spec.out = Stdio::log();
  spec.err = Stdio::log();
  return spec;
}

inline std::string log_of(const ContainerStore& store, const std::string& name, const LogOptions& options = {}) {
  std::string text;
  store.logs(
      name,
      [&](const LogEntry& entry) {
        text += entry.stream == LogEntry::Stream::Err ? "E:" : "";
        text += entry.data;
      },
      options);
  return text;
}

}  // namespace dunnage::test
