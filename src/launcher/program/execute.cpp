// SPDX-License-Identifier: Apache-2.0
// The last steps: the working directory, signals as a new program expects them, and the program itself.

#include "launcher/program/read_back.hpp"

namespace dunnage::launcher {
namespace {

constexpr size_t kLongestPath = 4096;

/// The dispositions are the default ones since the launcher was spawned (launcher/spawn.cpp), and it installs none.
void unblock_signals() noexcept {
  const uint64_t none = 0;
  (void)raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, as_argument(&none), 0, 8);
}

const char* path_variable(char** environment) noexcept {
  for (; *environment != nullptr; ++environment) {
    const char* entry = *environment;
    if (entry[0] == 'P' && entry[1] == 'A' && entry[2] == 'T' && entry[3] == 'H' && entry[4] == '=') {
      return entry + 5;
    }
  }
  return "";
}

bool has_slash(const char* text) noexcept {
  while (*text != '\0' && *text != '/') {
    ++text;
  }
  return *text == '/';
}

/// execvp(3) without the C library: tries each directory; "permission denied" is remembered, for it says more.
int execute_along_path(const char* program, char** argv, char** environment) noexcept {
  const char* directory = path_variable(environment);
  const size_t name_size = text_size(program);
  int error = ENOENT;
  char path[kLongestPath];
  while (*directory != '\0') {
    size_t size = 0;
    while (directory[size] != '\0' && directory[size] != ':') {
      ++size;
    }
    if (size > 0 && size + name_size + 2 <= sizeof path) {
      __builtin_memcpy(path, directory, size);
      path[size] = '/';
      __builtin_memcpy(path + size + 1, program, name_size + 1);
      const long result = raw_syscall(__NR_execve, as_argument(path), as_argument(argv), as_argument(environment));
      if (result != -ENOENT && result != -ENOTDIR) {
        error = static_cast<int>(-result);
        if (error != EACCES) {
          return error;
        }
      }
    }
    directory += size;
    directory += *directory == ':' ? 1 : 0;
  }
  return error;
}

}  // namespace

void enter_working_directory(Child& child) noexcept {
  const char* path = text_of(child.slot, child.slot.request->working_directory);
  if (path != nullptr) {
    require(child, Step::EnterWorkingDirectory, raw_syscall(__NR_chdir, as_argument(path)));
    char buffer[kLongestPath];
    require(child, Step::EnterWorkingDirectory, raw_syscall(__NR_getcwd, as_argument(buffer), sizeof buffer));
    if (buffer[0] != '/') {  // "(unreachable)": a directory outside of the root
      fail(child, Step::EnterWorkingDirectory, EXDEV);
    }
  }
}

void set_up_execution(Child& child) noexcept {
  unblock_signals();
  // Close-on-exec is too late: the kernel looks up the program, and the interpreter a script names, before it closes
  // anything, and by /proc/self/fd an image would reach the host's directories that are open here. What stays is the
  // socket by whose end the launcher sees that the program runs; nothing is reached by that.
  constexpr int kFirst = 3;
  const int status = child.slot.child_status;
  if (status > kFirst) {
    require(child, Step::Execute, raw_syscall(__NR_close_range, kFirst, status - 1, 0));
  }
  require(child, Step::Execute, raw_syscall(__NR_close_range, status + 1, ~0U, 0));
  read_back_closed(child);
}

void execute(Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  char** argv = texts_of(child.slot, request.argv);
  char** environment = texts_of(child.slot, request.environment);
  if (has_slash(argv[0])) {
    const long result = raw_syscall(__NR_execve, as_argument(argv[0]), as_argument(argv), as_argument(environment));
    fail(child, Step::Execute, static_cast<int>(-result));
  }
  fail(child, Step::Execute, argv[0][0] == '\0' ? ENOENT : execute_along_path(argv[0], argv, environment));
}

}  // namespace dunnage::launcher
