// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace {

using dunnage::Container;
using dunnage::LaunchTimings;
using std::chrono::nanoseconds;

bool has(const LaunchTimings& timings, std::string_view name) {
  return std::any_of(timings.steps.begin(), timings.steps.end(),
                     [name](const dunnage::LaunchStep& step) { return step.name == name; });
}

nanoseconds took_by(const LaunchTimings& timings, std::string_view name) {
  nanoseconds result{};
  for (const dunnage::LaunchStep& step : timings.steps) {
    result += step.name == name ? step.duration : nanoseconds{};
  }
  return result;
}

}  // namespace

TEST_CASE("the timings of a launch add up to the time it took, and those of a restart are its own",
          "[container][timings]") {
  const auto before = std::chrono::steady_clock::now();
  Container container = Container::launch({.argv = {"sleep", "60"}, .timings = true});
  const nanoseconds took = std::chrono::steady_clock::now() - before;
  const LaunchTimings timings = container.timings();
  nanoseconds sum{};
  for (const dunnage::LaunchStep& step : timings.steps) {
    CHECK(step.begin == sum);
    CHECK(step.duration >= nanoseconds{});
    sum += step.duration;
  }
  CHECK(sum == timings.total());
  CHECK(sum <= took);
  CHECK(sum > took / 2);
  for (const char* name : {"resolve", "prepare", "send", "receive", "mounts attached", "execute", "report"}) {
    CHECK(has(timings, name));
  }
  // whoever waits for a processor, the container's steps take the time they take
  for (const char* name : {"namespaces", "root attached", "paths protected", "user and streams"}) {
    CHECK(took_by(timings, name) > nanoseconds{});
  }
  CHECK(timings.to_json().find("\"Name\":\"mounts attached\"") != std::string::npos);
  container.restart(std::chrono::milliseconds{0});
  CHECK(container.timings().steps.size() == timings.steps.size());
  CHECK(container.timings() != timings);
}

TEST_CASE("a launch that is not asked for its timings has none", "[container][timings]") {
  const Container container = Container::launch({.argv = {"true"}});
  CHECK(container.timings().empty());
  CHECK(container.timings().total() == nanoseconds{});
}
