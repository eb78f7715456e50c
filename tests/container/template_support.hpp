// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Programs launched from a template, with what they wrote.

#include "container/support.hpp"

#include <string>
#include <utility>

namespace dunnage::test {

struct Seen {
  std::string out;
  ExitStatus status = ExitStatus::exited(0);
};

inline Seen seen_by(const LaunchTemplate& shell, TemplateLaunch launch = {}) {
  Collector out;
  Seen seen;
  {
    launch.out = out.stdio();
    const Container container = shell.launch(std::move(launch));
    seen.status = container.wait();
  }
  seen.out = out.text();
  return seen;
}

inline Seen seen_by(const LaunchTemplate& shell, std::string script) {
  return seen_by(shell, {.argv = {"sh", "-c", std::move(script)}});
}

}  // namespace dunnage::test
