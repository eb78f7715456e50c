// SPDX-License-Identifier: Apache-2.0
#include "root/own_mounts.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <stdexcept>

namespace dunnage::test {

void require(bool so, const std::string& what) {
  if (!so) throw std::runtime_error{what};
}

void expect(const std::string& seen, const std::string& expected) {
  require(seen == expected, "seen:\n" + seen + "\nexpected:\n" + expected);
}

bool with_own_mounts(unsigned long propagation, const std::function<void()>& work) {
  const pid_t process = ::fork();
  if (process == 0) {
    int code = 0;
    try {
      require(::unshare(CLONE_NEWNS) == 0, "unshare");
      require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private");
      require(propagation == MS_PRIVATE || ::mount(nullptr, "/", nullptr, MS_REC | propagation, nullptr) == 0,
              "propagation");
      work();
    } catch (const std::exception& error) {
      std::cerr << error.what() << std::endl;
      code = 1;
    }
    ::_exit(code);
  }
  int status = 1;
  return ::waitpid(process, &status, 0) == process && status == 0;
}

void mount_memory(const std::filesystem::path& place) {
  std::filesystem::create_directories(place);
  require(::mount("tmpfs", place.c_str(), "tmpfs", 0, nullptr) == 0, "mount a tmpfs at " + place.string());
}

}  // namespace dunnage::test
