// SPDX-License-Identifier: Apache-2.0
// Planning a project where nothing can be written.

#include "support/catch.hpp"
#include "support/locked_down.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/project_plan.hpp>
#include <dunnage/volume_store.hpp>

#include <sys/wait.h>

#include <filesystem>
#include <string>

using namespace dunnage;
using test::DoneApart;
using test::locked_down;
using test::write_out;

TEST_CASE("planning a project writes nothing, and twice is equal", "[project][pure]") {
  const test::TemporaryDirectory directory;
  auto store = VolumeStore::open(directory.path() / "store");
  (void)store.create("shop_data", {.labels = {{"com.docker.compose.project", "shop"}}});
  directory.make("store/staging/left-by-a-killed-process");
  const auto project = Project::load({.text = "services:\n"
                                              "  db:\n    image: db\n    volumes: ['data:/data', 'new:/new', '/x']\n"
                                              "  web:\n    image: web\n    depends_on: [db]\n"
                                              "volumes:\n  data:\n  new:\n",
                                      .directory = directory.path(),
                                      .name = "shop"});
  for (const auto& root : {directory.path() / "store", directory.path() / "no-store"}) {
    const UpOptions up{.store = root};
    const DownOptions down{.volumes = true, .store = root};
    const DoneApart end = locked_down([&](bool) {
      const ProjectPlan plan = project.plan_up(up);
      const bool same = plan == project.plan_up(up) && project.plan_down(down) == project.plan_down(down);
      return same ? write_out(plan.to_json()) : 1;
    });
    CHECK_FALSE(WIFSIGNALED(end.status));
    CHECK(WEXITSTATUS(end.status) == 0);
    CHECK(end.words == project.plan_up(up).to_json());
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() / "no-store"));
  CHECK(std::filesystem::exists(directory.path() / "store/staging/left-by-a-killed-process"));
}
