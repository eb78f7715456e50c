// SPDX-License-Identifier: Apache-2.0
// Cgroups go, whoever is killed, and whatever a container has made of its own.

#include <dunnage/dunnage.hpp>

#include "container/resources_support.hpp"
#include "container/support.hpp"
#include "launcher/connection.hpp"
#include "support/host.hpp"
#include "support/requires.hpp"
#include "support/temporary_directory.hpp"
#include "unit/volume_support.hpp"

#include <sys/types.h>

#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

LaunchSpec sleeping(const fs::path& store) {
  LaunchSpec spec{.argv = {"sleep", "1000"}, .out = Stdio::null(), .err = Stdio::null(), .store = store};
  spec.resources = {.memory = 64 << 20, .pids = 10};
  return spec;
}

std::set<fs::path> parents_of(const std::string& id) {
  std::set<fs::path> parents;
  for (const fs::path& path : directories_named(id)) parents.insert(path.parent_path());
  return parents;
}

bool any_exists(const std::set<fs::path>& paths) {
  return std::ranges::any_of(paths, [](const fs::path& path) { return fs::exists(path); });
}

}  // namespace

TEST_CASE("a host that is killed leaves no cgroup, of its containers and of its launcher",
          "[launch][death][resources]") {
  if (!requires_root() || !requires_limits({"memory", "pids"})) return;
  const TemporaryDirectory directory;
  const fs::path told = directory.path() / "told";
  const pid_t host = start_process([&] {
    std::vector<Container> containers;
    std::string ids;
    for (int number = 0; number < 3; ++number) {
      containers.push_back(Container::launch(sleeping(directory.path() / "store")));
      ids += containers.back().id() + "\n";
    }
    std::ofstream{directory.path() / "writing"} << ids;
    fs::rename(directory.path() / "writing", told);
    for (;;) ::pause();
  });
  REQUIRE(eventually([&] { return fs::exists(told); }));
  const std::vector<std::string> ids = lines_of(file_text(told));
  REQUIRE(ids.size() == 3);
  std::set<fs::path> places;
  for (const std::string& id : ids) places.merge(parents_of(id));
  REQUIRE_FALSE(places.empty());
  (void)::kill(host, SIGKILL);
  (void)wait_for(host);
  CHECK(eventually([&] { return !any_exists(places); }));
  for (const std::string& id : ids) CHECK(directories_named(id).empty());
}

TEST_CASE("what a launcher has left that was killed is removed by the next one", "[launch][death][resources]") {
  if (!requires_root() || !requires_limits({"memory", "pids"})) return;
  const TemporaryDirectory directory;
  const int status = wait_for(start_process([&] {
    const Container first = Container::launch(sleeping(directory.path() / "store"));
    const std::set<fs::path> places = parents_of(first.id());
    (void)::kill(launcher::Connection::get(launcher::identity_for(0, 0))->pid(), SIGKILL);
    if (!first.wait().launcher_lost()) throw std::runtime_error{"the launcher lives"};
    // its processes are gone a moment later
    const bool gone = eventually([&] {
      (void)wait_for(start_process([&] { (void)Container::launch(sleeping(directory.path() / "store")); }));
      return !any_exists(places);
    });
    if (!gone) throw std::runtime_error{"something is left"};
  }));
  CHECK(status == 0);
}

TEST_CASE("cgroups a container has made in its own go with it", "[container][resources]") {
  if (!requires_root() || !requires_limits({"pids"})) return;
  const Ground ground;
  MountSet mounts;
  mounts.add(Tmpfs{"/work"});
  LaunchSpec spec = ground.shell(
      "mkdir /work/tree; mount -t cgroup2 none /work/tree; [ -e /work/tree/pids.max ] || "
      "mount -t cgroup -o pids none /work/tree; mkdir -p /work/tree/below/and/below && echo made; exec sleep 1000",
      mounts);
  Collector out;
  spec.out = out.stdio();
  spec.add_capabilities = {"SYS_ADMIN"};
  spec.resources = {.pids = 20};
  const Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("made\n"));
  const std::vector<fs::path> own = directories_named(container.id());
  CHECK(std::ranges::any_of(own, [](const fs::path& path) { return fs::exists(path / "below/and/below"); }));
  container.kill();
  (void)container.wait();
  CHECK(directories_named(container.id()).empty());
}
