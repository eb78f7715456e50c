// SPDX-License-Identifier: Apache-2.0
// What the launcher makes ahead is kept for whom it was made.

#include <dunnage/container.hpp>

#include "container/launcher_support.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/requires.hpp"
#include "unit/volume_support.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>

namespace {

using namespace dunnage;
using test::networks_of_launcher;
using namespace std::chrono_literals;

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error{what};
}

void launch_with(Network network) {
  require(run({.argv = {"true"}, .network = network}).success(), "the program failed");
}

void launch_with_both_networks() {
  launch_with(Network::Host);
  require(test::becomes_true([] { return networks_of_launcher().size() >= 4; }, 10s), "no networks were made ahead");
  const std::set<std::string> before = networks_of_launcher();
  for (int count = 0; count < 20; ++count) launch_with(Network::Host);
  const std::set<std::string> after = networks_of_launcher();
  require(std::includes(after.begin(), after.end(), before.begin(), before.end()), "a network was used up");
  launch_with(Network::Private);
  require(test::becomes_true([&] { return networks_of_launcher() != after; }, 10s), "no network was taken");
}

}  // namespace

TEST_CASE("containers with the host's network use up none that was made ahead for others", "[launch][network]") {
  if (!test::requires_root()) return;
  CHECK(test::wait_for(test::start_process(launch_with_both_networks)) == 0);
}
