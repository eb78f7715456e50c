// SPDX-License-Identifier: Apache-2.0
// Capabilities that this process does not have cannot be given to anybody.

#include "container/support.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

using namespace dunnage;
using namespace dunnage::test;

namespace {

std::uint64_t effective_in(LaunchSpec spec) {
  spec.argv = {"cat", "/proc/self/status"};
  return std::stoull(field_of(output_of(std::move(spec)), "CapEff"), nullptr, 16);
}

std::uint64_t bit(int capability) { return std::uint64_t{1} << static_cast<unsigned>(capability); }

Feature feature_named(std::string_view name) {
  const Support found = support();
  const auto feature =
      std::ranges::find_if(found.features, [&](const Feature& candidate) { return candidate.name == name; });
  if (feature == found.features.end()) throw std::runtime_error{"no such feature"};
  return *feature;
}

void give_up(int capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> has{};
  if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 || ::syscall(SYS_capget, &header, has.data()) != 0) {
    throw std::runtime_error{"drop"};
  }
  for (unsigned half = 0; half < 2; ++half) {
    const auto drop = static_cast<std::uint32_t>(bit(capability) >> (32 * half));
    has.at(half).permitted &= ~drop;
    has.at(half).effective &= ~drop;
  }
  if (::syscall(SYS_capset, &header, has.data()) != 0) throw std::runtime_error{"capset"};
}

/// In a forked copy without a capability, whose launcher is one of its own. \return what `work` answers
std::string without(int capability, const std::function<std::string()>& work) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t process = ::fork();
  if (process == 0) {
    std::string answer;
    try {
      give_up(capability);
      answer = work();
    } catch (const std::exception& error) {
      answer = std::string{"threw "} + error.what();
    }
    (void)!::write(pipe[1], answer.data(), answer.size());
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string answer(4096, '\0');
  const ssize_t size = ::read(pipe[0], answer.data(), answer.size());
  ::close(pipe[0]);
  answer.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  REQUIRE(::waitpid(process, nullptr, 0) == process);
  return answer;
}

}  // namespace

TEST_CASE("ALL is every capability there is, and support() says which there are not", "[container][capabilities]") {
  const Ground ground;
  LaunchSpec spec = ground.program({});
  spec.add_capabilities = {"ALL"};
  const std::uint64_t given = effective_in(std::move(spec));
  const Feature all = feature_named("all capabilities");
  CHECK_FALSE(all.required);
  CHECK(all.available == (given == (std::uint64_t{1} << 41U) - 1));
  CHECK(all.available == (all.detail.find("without ") == std::string::npos));
  CHECK((all.detail.find("SYS_RESOURCE") == std::string::npos) == ((given & bit(CAP_SYS_RESOURCE)) != 0));
  // the one machines most often take away; by name it is given, or refused
  spec = ground.program({"true"});
  spec.add_capabilities = {"SYS_RESOURCE"};
  if ((given & bit(CAP_SYS_RESOURCE)) != 0) {
    CHECK((effective_in(std::move(spec)) & bit(CAP_SYS_RESOURCE)) != 0);
  } else {
    CHECK(code_of([&] { (void)Container::launch(std::move(spec)); }) == errc::not_supported);
  }
}

TEST_CASE("a capability this process lacks is refused by name, and left out of the default where support() says so",
          "[container][capabilities]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto spec_with = [&](std::vector<std::string> add, std::vector<std::string> drop = {}) {
    LaunchSpec spec = ground.program({"true"});
    spec.add_capabilities = std::move(add);
    spec.drop_capabilities = std::move(drop);
    return spec;
  };
  CHECK(feature_named("default capabilities").available);
  CHECK(without(CAP_KILL, [&] { return feature_named("default capabilities").detail; }) ==
        "without KILL: this process may not have it itself (CapBnd in /proc/self/status); start this program with "
        "it (CapabilityBoundingSet= of its service, --cap-add of the container it is in)");
  CHECK(without(CAP_NET_RAW,
                [&] { return message_of([&] {
                        (void)Container::launch(spec_with({"ALL", "cap_net_raw"}));
                      }); }) ==
        "cannot add the capability \"NET_RAW\": this process may not have it itself (CapBnd in "
        "/proc/self/status): not supported here [EOPNOTSUPP]; leave it out, or start this program with it "
        "(CapabilityBoundingSet= of its service, --cap-add of the container it is in)");
  CHECK(without(CAP_NET_RAW, [&] {
          const std::uint64_t all = effective_in(spec_with({"ALL"}));
          const std::uint64_t dropped = effective_in(spec_with({"NET_RAW"}, {"NET_RAW"}));
          return std::string{(all & bit(CAP_NET_RAW)) == 0 && (all & bit(CAP_SYS_PTRACE)) != 0 ? "all " : ""} +
                 ((dropped & bit(CAP_NET_RAW)) == 0 ? "dropped" : "");
        }) == "all dropped");
  CHECK(without(CAP_KILL, [&] { return (effective_in(spec_with({})) & bit(CAP_KILL)) == 0 ? "left out" : "given"; }) ==
        "left out");
}
