// SPDX-License-Identifier: Apache-2.0
#include "support/requires.hpp"

#include "support/find_program.hpp"

#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace dunnage::test {

namespace {

int skipped = 0;

bool has_range(const char* table) {
  const passwd* user = ::getpwuid(::getuid());
  const std::string by_name = user == nullptr ? std::string{} : std::string{user->pw_name} + ":";
  const std::string by_id = std::to_string(::getuid()) + ":";
  std::ifstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(by_id) || (!by_name.empty() && line.starts_with(by_name))) return true;
  }
  return false;
}

bool has_id_range() {
  return find_program("newuidmap") && find_program("newgidmap") && has_range("/etc/subuid") && has_range("/etc/subgid");
}

// Some distributions let an ordinary user make the namespace and then refuse every privilege in it: so mount, too.
bool can_mount_in_user_namespace() {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(1);
    ::_exit(::mount("tmpfs", "/", "tmpfs", 0, nullptr) == 0 ? 0 : 2);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool met_or_skip(bool met, std::string_view why) {
  if (!met) skip(why);
  return met;
}

}  // namespace

void skip(std::string_view why) {
  ++skipped;
  std::printf("SKIPPED: %.*s\n", static_cast<int>(why.size()), why.data());
  std::fflush(stdout);
}

int skipped_count() noexcept { return skipped; }

bool requires_root() { return met_or_skip(::geteuid() == 0, "needs root; run the tests with sudo"); }

bool requires_ordinary_user() { return met_or_skip(::geteuid() != 0, "needs an ordinary user, this is root"); }

bool requires_user_namespace() {
  return met_or_skip(::geteuid() == 0 || can_mount_in_user_namespace(),
                     "this user may not mount in a user namespace of its own; see user.max_user_namespaces and "
                     "kernel.apparmor_restrict_unprivileged_userns");
}

bool requires_id_range() {
  return met_or_skip(::geteuid() == 0 || has_id_range(),
                     "needs newuidmap, newgidmap and a range for this user in /etc/subuid and /etc/subgid");
}

bool requires_single_id() {
  return met_or_skip(::geteuid() != 0 && !has_id_range(), "needs an ordinary user without a range of ids");
}

bool requires_program(std::string_view name) {
  return met_or_skip(find_program(name).has_value(), "needs the program \"" + std::string{name} + "\"");
}

}  // namespace dunnage::test
