// SPDX-License-Identifier: Apache-2.0
#include "container/launcher_support.hpp"

#include "launcher/connection.hpp"
#include "launcher/identity.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <system_error>

namespace dunnage::test {

bool holds_elsewhere(const std::function<bool()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    bool right = false;
    try {
      right = work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in the copy: %s\n", error.what());
    }
    ::_exit(right ? 0 : 1);
  }
  int status = 1;
  return ::waitpid(pid, &status, 0) == pid && status == 0;
}

pid_t launcher_pid() { return launcher::Connection::get(launcher::identity_for(0, 0))->pid(); }

std::set<std::string> networks_of_launcher() {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/" + std::to_string(launcher_pid()) + "/fd"}) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (target.starts_with("net:")) found.insert(target);
  }
  return found;
}

}  // namespace dunnage::test
