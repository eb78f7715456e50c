// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container.hpp>
#include <dunnage/error.hpp>

#include "support/catch.hpp"
#include "unit/volume_support.hpp"

using dunnage::RestartPolicy;
using Kind = dunnage::RestartPolicy::Kind;

namespace {

std::string refusal_of(std::string_view text) {
  return dunnage::test::message_of([&] { (void)RestartPolicy::parse(text); });
}

}  // namespace

TEST_CASE("a restart policy is read and written in Docker's words", "[container]") {
  CHECK(RestartPolicy::parse("no") == RestartPolicy{});
  CHECK(RestartPolicy::parse("always") == RestartPolicy{Kind::Always, 0});
  CHECK(RestartPolicy::parse("on-failure") == RestartPolicy{Kind::OnFailure, 0});
  CHECK(RestartPolicy::parse("on-failure:5") == RestartPolicy{Kind::OnFailure, 5});
  for (const char* text : {"no", "always", "on-failure", "on-failure:12"}) {
    CHECK(RestartPolicy::parse(text).to_string() == text);
  }
}

TEST_CASE("a restart policy that is none is refused with what to write instead", "[container]") {
  CHECK(refusal_of("allways") ==
        "cannot use the restart policy \"allways\": unknown policy: invalid argument [EINVAL]; "
        "did you mean \"always\"?");
  CHECK(refusal_of("on-failre:3").find("did you mean \"on-failure\"?") != std::string::npos);
  CHECK(refusal_of("sometimes").find("use \"no\", \"on-failure\"") != std::string::npos);
  CHECK(refusal_of("").find("use \"no\", \"on-failure\"") != std::string::npos);
  CHECK(refusal_of("unless-stopped").find("use \"always\"") != std::string::npos);
  CHECK(refusal_of("always:3").find("only \"on-failure\" takes a number of retries") != std::string::npos);
  for (const char* text : {"on-failure:", "on-failure:x", "on-failure:-1", "on-failure:5x", "on-failure:99999999999"}) {
    CHECK(refusal_of(text).find("is not a number of retries") != std::string::npos);
  }
}

TEST_CASE("a refused restart policy is an invalid argument", "[container]") {
  try {
    (void)RestartPolicy::parse("maybe");
    FAIL("nothing was thrown");
  } catch (const dunnage::LaunchError& error) {
    CHECK(error.code() == dunnage::errc::invalid_argument);
    CHECK(error.subject() == "maybe");
  }
}

TEST_CASE("the states of a container have Docker's names", "[container]") {
  using dunnage::ContainerStatus;
  CHECK(to_string(ContainerStatus::Created) == "created");
  CHECK(to_string(ContainerStatus::Running) == "running");
  CHECK(to_string(ContainerStatus::Paused) == "paused");
  CHECK(to_string(ContainerStatus::Restarting) == "restarting");
  CHECK(to_string(ContainerStatus::Exited) == "exited");
  CHECK(to_string(ContainerStatus::Dead) == "dead");
}
