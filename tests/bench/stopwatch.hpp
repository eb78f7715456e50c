// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What benchmarks beside other programs run and measure with.

#include <chrono>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>

namespace dunnage::bench {

/// Has the shell run a command. Throws: std::runtime_error if it fails.
inline void run(const std::string& command) {
  if (std::system(command.c_str()) != 0) throw std::runtime_error{command};
}

inline double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace dunnage::bench
