// SPDX-License-Identifier: Apache-2.0
// What taking a project down would do.

#include "unit/project_support.hpp"

using namespace dunnage;
using namespace dunnage::test;

namespace {

using Words = std::vector<std::string>;

ProjectMaker shop() {
  ProjectMaker project{{"db", "web"}};
  project.volume("data", "db", "/data");
  project.volume("shared", "web", "/shared");
  project.wanted.volumes.at("shared").external = true;
  project.running("db").anonymous = {"0123"};
  project.running("web").status = ContainerStatus::Exited;
  project.volume_there("data");
  project.volume_there("shared");
  return project;
}

}  // namespace

TEST_CASE("taking down ends services in reverse order and keeps every volume, with the reason", "[project][pure]") {
  const ProjectMaker project = shop();
  const auto steps = project.down();
  CHECK(words_of(steps) == Words{"remove container shop-web-1", "stop container shop-db-1",
                                 "remove container shop-db-1", "keep volume 0123", "keep volume shop_data",
                                 "keep volume shop_shared"});
  for (const ProjectStep& step : steps) {
    CHECK(step.lost.empty());
    CHECK((step.kind != ProjectStep::Kind::KeepVolume || !step.reasons.empty()));
  }
}

TEST_CASE("taking down with volumes removes those of the project and nobody else's", "[project][pure]") {
  ProjectMaker project = shop();
  const auto steps = project.down({.volumes = true});
  REQUIRE(words_of(steps) == Words{"remove container shop-web-1", "stop container shop-db-1",
                                   "remove container shop-db-1", "remove volume shop_data", "keep volume shop_shared"});
  CHECK(steps[2].lost == Words{"0123"});
  CHECK(steps[3].lost == Words{"shop_data"});
  CHECK(steps[4].reasons == Words{"it is external"});
  project.present.volumes.at("shop_data").users = {"shop-db-1", "stranger"};
  CHECK(words_of(project.down({.volumes = true}))[3] == "keep volume shop_data");
  project.present.volumes.at("shop_data").users = {"shop-db-1"};
  CHECK(words_of(project.down({.volumes = true}))[3] == "remove volume shop_data");
  project.present.volumes.at("shop_data").info.labels[project::label::kProject] = "bank";
  CHECK(words_of(project.down({.volumes = true}))[3] == "keep volume shop_data");
  project.present.volumes.at("shop_data").info.labels.clear();
  CHECK(words_of(project.down({.volumes = true}))[3] == "keep volume shop_data");
}

TEST_CASE("taking down with volumes keeps a protected one, and names the way to have it removed", "[project][pure]") {
  ProjectMaker project = shop();
  project.present.volumes.at("shop_data").info.is_protected = true;
  const auto steps = project.down({.volumes = true});
  REQUIRE(words_of(steps)[3] == "keep volume shop_data");
  CHECK(steps[3].lost.empty());
  CHECK(steps[3].reasons ==
        Words{"it is protected; take that off with update() (volume update --unprotect) to have it removed"});
}

TEST_CASE("stopping removes nothing", "[project][pure]") {
  const ProjectMaker project = shop();
  CHECK(words_of(project.down({.remove = false})) == Words{"keep container shop-web-1", "stop container shop-db-1"});
}

TEST_CASE("some services are taken down alone, with the volumes only they use", "[project][pure]") {
  ProjectMaker project = shop();
  CHECK(words_of(project.down({.services = {"db"}, .volumes = true})) ==
        Words{"stop container shop-db-1", "remove container shop-db-1", "remove volume shop_data"});
  project.volume("data", "web", "/also");
  CHECK(words_of(project.down({.services = {"db"}, .volumes = true})) ==
        Words{"stop container shop-db-1", "remove container shop-db-1"});
}

TEST_CASE("one-off containers go with their service, orphans only if that is asked for", "[project][pure]") {
  ProjectMaker project{{"web", "old"}};
  auto& once = project.running("web");
  once.one_off = true;
  once.name = "shop-web-run-1";
  project.running("old");
  project.wanted.services.erase("old");
  project.wanted.order = {"web"};
  CHECK(words_of(project.down()) ==
        Words{"keep container shop-old-1", "stop container shop-web-run-1", "remove container shop-web-run-1"});
  CHECK(words_of(project.down({.remove_orphans = true})) ==
        Words{"stop container shop-old-1", "remove container shop-old-1", "stop container shop-web-run-1",
              "remove container shop-web-run-1"});
}

TEST_CASE("what a disabled service left is kept, and the profile named that would take it down", "[project][pure]") {
  ProjectMaker project{{"web", "tool"}};
  project.running("web");
  project.running("tool");
  project.wanted.services.erase("tool");
  project.wanted.disabled["tool"] = {"debug", "all"};
  project.wanted.order = {"web"};
  for (const bool remove_orphans : {false, true}) {
    const auto steps = project.down({.remove_orphans = remove_orphans});
    REQUIRE(words_of(steps) ==
            Words{"keep container shop-tool-1", "stop container shop-web-1", "remove container shop-web-1"});
    CHECK(steps[0].reasons == Words{"its service is disabled; the profile \"debug\" or \"all\" enables it"});
  }
}
