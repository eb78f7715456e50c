// SPDX-License-Identifier: Apache-2.0
#include "container/records_support.hpp"
#include "unit/volume_support.hpp"

#include <csignal>
#include <optional>

using namespace dunnage;
using namespace dunnage::test;

TEST_CASE("what another program runs in a detached container goes on when the one that launched it is killed",
          "[container][exec]") {
  const Ground ground;
  ContainerStore store = ground.containers();
  const pid_t host = start_process([&] {
    (void)Container::launch(detached(ground, kSleep, "stays"));
    LaunchSpec goes = ground.shell(kSleep);
    goes.name = "goes";
    goes.remove_on_exit = false;
    const Container with_host = Container::launch(std::move(goes));
    ::pause();
  });
  const auto status = [&](const char* name) {
    const auto found = store.find(name);
    return found ? std::optional{found->status} : std::nullopt;
  };
  REQUIRE(eventually([&] { return status("goes") == ContainerStatus::Running; }));
  const auto running = store.get("stays");
  const Process waits =
      running.exec({.argv = {"sh", "-c", "read word; exit 5"}, .in = Stdio::pipe(), .out = Stdio::null()});
  REQUIRE(::kill(host, SIGKILL) == 0);
  REQUIRE(WIFSIGNALED(wait_for(host)));
  REQUIRE(eventually([&] { return status("goes") == ContainerStatus::Exited; }));  // its launcher has seen it
  CHECK_FALSE(waits.wait_for(std::chrono::milliseconds{0}));
  CHECK(::write(waits.stdin_fd(), "go on\n", 6) == 6);
  CHECK(waits.wait().exit_code() == 5);
  for (const char* name : {"stays", "goes"}) store.remove(name, true);
}
