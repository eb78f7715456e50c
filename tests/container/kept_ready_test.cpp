// SPDX-License-Identifier: Apache-2.0
// Network namespaces that a template has made ahead.

#include "container/launcher_support.hpp"
#include "container/rootfs_support.hpp"
#include "container/support.hpp"
#include "container/template_support.hpp"
#include "support/error_code.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <set>
#include <string>
#include <system_error>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

TEST_CASE("network namespaces that are kept ready are there when the call returns, and each is for one container",
          "[container][template][network]") {
  constexpr unsigned kKept = 24;
  const Ground ground;
  CHECK(holds_elsewhere([&] {
    const LaunchTemplate shell{ground.shell("readlink /proc/self/ns/net; cat /proc/net/dev | wc -l")};
    shell.keep_ready(kKept);
    const std::size_t held = ::geteuid() == 0 ? networks_of_launcher().size() : kKept;
    std::set<std::string> seen;
    for (unsigned round = 0; round < kKept + 6; ++round) {
      const std::string text = seen_by(shell).out;
      if (!text.ends_with("\n3\n")) return false;  // two lines of heading, and loopback
      seen.insert(text);
    }
    // none can have the number of another as long as both are held, so that all are kept until now
    return held >= kKept && !seen.empty();
  }));
}

TEST_CASE("containers that run at the same time have each a network of those that were kept ready",
          "[container][template][network]") {
  constexpr unsigned kKept = 12;
  const Ground ground;
  CHECK(holds_elsewhere([&] {
    const LaunchTemplate shell{ground.shell("readlink /proc/self/ns/net; read line")};
    shell.keep_ready(kKept);
    std::set<std::string> seen;
    std::vector<Container> alive;
    for (unsigned round = 0; round < kKept + 4; ++round) {
      alive.push_back(shell.launch({.in = Stdio::pipe(), .out = Stdio::pipe()}));
      std::string line;
      char letter = 0;
      while (::read(alive.back().stdout_fd(), &letter, 1) == 1 && letter != '\n') line += letter;
      seen.insert(line);
    }
    return seen.size() == kKept + 4;
  }));
}

TEST_CASE("more networks than can be kept ready are refused, and none at all is fine",
          "[container][template][network]") {
  const Ground ground;
  CHECK(holds_elsewhere([&] {
    const LaunchTemplate shell{ground.shell("true")};
    const bool refused = code_of([&] { shell.keep_ready(257); }) == errc::invalid_argument;
    shell.keep_ready(0);
    bool right = refused;
    for (int round = 0; round < 6; ++round) right = right && shell.launch().wait().success();
    shell.keep_ready(8);
    return right && shell.launch().wait().success();
  }));
}

TEST_CASE("networks are not kept ready at the cost of the descriptors that containers need",
          "[container][template][network]") {
  const Ground ground;
  CHECK(holds_elsewhere([&] {
    const rlimit few{200, 200};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return false;
    const LaunchTemplate shell{ground.shell("true")};
    const std::error_code code = code_of([&] { shell.keep_ready(256); });
    return code == std::errc::too_many_files_open && shell.launch().wait().success();
  }));
}
