// SPDX-License-Identifier: Apache-2.0

// A launcher of functions: what all calls share is prepared once, and each call is a container of its own that starts
// in a moment and leaves nothing behind.

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <fstream>
#include <future>
#include <string>
#include <vector>

using example::check;
using example::read_all;
using example::say;

namespace {

/// One call: its argument goes in by a variable, its result comes out by a pipe.
std::string call(const dunnage::LaunchTemplate& function, int argument) {
  const auto container = function.launch({.env = {{"ARGUMENT", std::to_string(argument)}}});
  const std::string result = read_all(container.stdout_fd());
  if (!container.wait().success()) throw std::runtime_error{"the function has failed"};
  return result;
}

int run(const std::filesystem::path& directory) {
  say("preparing the function once: its code, read-only, and memory to work in");
  std::filesystem::create_directory(directory / "code");
  std::ofstream{directory / "code/square"} << "test ! -e /work/left || exit 1\n"
                                              "echo $((ARGUMENT * ARGUMENT)) > /work/left; cat /work/left\n";
  const dunnage::LaunchTemplate function{{
      .argv = {"sh", "/code/square"},
      .mounts = dunnage::MountSet{dunnage::BindMount{directory / "code", "/code", {.read_only = true}},
                                  dunnage::Tmpfs{"/work"}},
      .out = dunnage::Stdio::pipe(),
  }};
  check(function.plan().size() == 2, "two mounts are prepared");

  function.keep_ready(16);
  say("calling it a hundred times, by four threads");
  std::vector<std::future<bool>> threads;
  for (int first = 0; first < 100; first += 25) {
    threads.push_back(std::async(std::launch::async, [&function, first] {
      bool right = true;
      for (int number = first; number < first + 25; ++number) {
        right = call(function, number) == std::to_string(number * number) + "\n" && right;
      }
      return right;
    }));
  }
  bool right = true;
  for (auto& thread : threads) right = thread.get() && right;
  check(right, "every call has its own result, and has found its memory empty");

  const auto other = function.launch({.argv = {"sh", "-c", "ls /code; touch /code/mine 2>/dev/null || echo no"}});
  check(read_all(other.stdout_fd()) == "square\nno\n", "another program sees the same code, and cannot change it");
  say("A template is prepared once and launched as often as you like.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_directory(argc, argv, run); }
