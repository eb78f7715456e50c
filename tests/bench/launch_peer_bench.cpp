// SPDX-License-Identifier: Apache-2.0
// The C++ side of python_launch.py: launches a root file system's /true whenever it reads a line, and answers with the
// nanoseconds until launch() returned, until the program had ended, and until the handle had gone.
//
//     launch_peer_bench ROOTFS

#include <dunnage/container.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

long long nanoseconds(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

void launch_once(const std::string& root) {
  const auto start = Clock::now();
  std::optional<dunnage::Container> container{
      dunnage::Container::launch({.rootfs = dunnage::Rootfs::directory(root), .argv = {"/true"}})};
  const auto launched = Clock::now();
  (void)container->wait();
  const auto ended = Clock::now();
  container.reset();
  std::cout << nanoseconds(launched - start) << ' ' << nanoseconds(ended - start) << ' '
            << nanoseconds(Clock::now() - start) << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "launch_peer_bench ROOTFS\n";
    return 2;
  }
  for (std::string line; std::getline(std::cin, line);) {
    launch_once(argv[1]);
  }
  return 0;
}
