// SPDX-License-Identifier: Apache-2.0
// What bringing a project up would do.

#include "unit/project_support.hpp"

#include <dunnage/error.hpp>

using namespace dunnage;
using namespace dunnage::test;

namespace {

using Words = std::vector<std::string>;

errc code_of(ProjectMaker& project, const UpOptions& options, std::string_view part) {
  try {
    (void)project.up(options);
  } catch (const LaunchError& error) {
    INFO(error.what());
    CHECK(std::string_view{error.what()}.find(part) != std::string_view::npos);
    return static_cast<errc>(error.code().value());
  }
  FAIL("it was planned");
  return {};
}

}  // namespace

TEST_CASE("a project of which nothing is there is made in the order of its dependencies", "[project][pure]") {
  ProjectMaker project{{"db", "web"}};
  project.volume("data", "db", "/data");
  project.present.images.erase("web");
  const auto steps = project.up();
  CHECK(words_of(steps) == Words{"pull image web", "create volume shop_data", "create container shop-db-1",
                                 "create container shop-web-1"});
  for (const ProjectStep& step : steps) {
    CHECK_FALSE(step.reasons.empty());
    CHECK(step.lost.empty());
  }
}

TEST_CASE("what is there as the files say is kept", "[project][pure]") {
  ProjectMaker project{{"db", "web"}};
  project.volume("data", "db", "/data");
  project.running("db");
  project.running("web");
  project.volume_there("data");
  const auto steps = project.up();
  CHECK(words_of(steps) == Words{"keep volume shop_data", "keep container shop-db-1", "keep container shop-web-1"});
  CHECK(std::none_of(steps.begin(), steps.end(), [](const auto& step) { return step.changes_something(); }));
}

TEST_CASE("a changed service is recreated alone, and the plan names the fields", "[project][pure]") {
  ProjectMaker project{{"db", "web"}};
  project.service("web").environment = {{"PORT", "80"}, {"MODE", "fast"}, {"SAME", "x"}};
  project.service("web").command = {"serve"};
  project.running("db");
  project.running("web").anonymous = {"0123"};
  project.service("web").environment = {{"PORT", "81"}, {"SAME", "x"}, {"NEW", std::nullopt}};
  project.service("web").command = std::nullopt;
  project.service("web").storage_opt = {{"size", "1G"}};
  const auto steps = project.up();
  REQUIRE(words_of(steps) == Words{"keep container shop-db-1", "recreate container shop-web-1"});
  CHECK(steps[1].changed ==
        Words{"command", "environment.MODE", "environment.NEW", "environment.PORT", "storage_opt.size"});
  CHECK(steps[1].lost.empty());
  CHECK(steps[1].to_string().find("1 anonymous volume is carried over") != std::string::npos);
  const auto renewed = project.up({.renew_anonymous_volumes = true});
  CHECK(renewed[1].lost == Words{"0123"});
  const auto kept = project.up({.no_recreate = true});
  CHECK(words_of(kept) == Words{"keep container shop-db-1", "keep container shop-web-1"});
  CHECK(kept[1].changed == steps[1].changed);
}

TEST_CASE("another image under the same name recreates what is made of it", "[project][pure]") {
  ProjectMaker project{{"web"}};
  project.running("web");
  project.present.images["web"] = "sha256:newer";
  const auto steps = project.up();
  REQUIRE(words_of(steps) == Words{"recreate container shop-web-1"});
  CHECK(steps[0].changed == Words{"image"});
}

TEST_CASE("a container of which no field is known to have changed is recreated all the same", "[project][pure]") {
  ProjectMaker project{{"web"}};
  project.running("web").labels[project::label::kConfigHash] = "another";
  CHECK(words_of(project.up()) == Words{"recreate container shop-web-1"});
  project.present.containers[0].labels.erase(project::label::kFields);
  CHECK(words_of(project.up()) == Words{"recreate container shop-web-1"});
}

TEST_CASE("what has ended is started, with how it ended as the reason", "[project][pure]") {
  ProjectMaker project{{"web"}};
  auto& container = project.running("web");
  container.status = ContainerStatus::Exited;
  container.exit = ExitStatus::exited(3);
  const auto steps = project.up();
  REQUIRE(words_of(steps) == Words{"start container shop-web-1"});
  CHECK(steps[0].reasons.front().find("exited with 3") != std::string::npos);
}

TEST_CASE("scaling makes what is missing and removes what is too much", "[project][pure]") {
  ProjectMaker project{{"web"}};
  project.running("web", 1);
  project.running("web", 3).anonymous = {"0123"};
  CHECK(words_of(project.up({.scale = {{"web", 2}}})) ==
        Words{"keep container shop-web-1", "create container shop-web-2", "stop container shop-web-3",
              "remove container shop-web-3", "keep volume 0123"});
  CHECK(words_of(project.up({.scale = {{"web", 0}}})).size() == 5);
  CHECK(code_of(project, {.scale = {{"wbe", 2}}}, "\"web\"") == errc::invalid_argument);
  project.service("web").container_name = "web";
  CHECK(code_of(project, {.scale = {{"web", 2}}}, "container_name") == errc::invalid_argument);
}

TEST_CASE("a container that is to be called otherwise is removed before the other one is made", "[project][pure]") {
  ProjectMaker project{{"web"}};
  project.running("web");
  project.service("web").container_name = "front";
  CHECK(words_of(project.up()) ==
        Words{"stop container shop-web-1", "remove container shop-web-1", "create container front"});
}

TEST_CASE("orphans are told, and removed if that is asked for", "[project][pure]") {
  ProjectMaker project{{"web", "old"}};
  project.running("old");
  project.wanted.services.erase("old");
  project.wanted.order = {"web"};
  CHECK(words_of(project.up()) == Words{"create container shop-web-1", "keep container shop-old-1"});
  CHECK(words_of(project.up({.remove_orphans = true})) ==
        Words{"create container shop-web-1", "stop container shop-old-1", "remove container shop-old-1"});
}

TEST_CASE("a service that no profile enables is no orphan", "[project][pure]") {
  ProjectMaker project{{"web", "tool"}};
  project.running("tool");
  project.wanted.services.erase("tool");
  project.wanted.disabled["tool"] = {"debug"};
  project.wanted.order = {"web"};
  CHECK(words_of(project.up()) == Words{"create container shop-web-1"});
  CHECK(words_of(project.up({.remove_orphans = true})) == Words{"create container shop-web-1"});
  CHECK_THROWS_WITH(project.up({.services = {"tool"}}), Catch::Contains("enable its profile \"debug\""));
}

TEST_CASE("some services are brought up with what they depend on", "[project][pure]") {
  ProjectMaker project{{"db", "other", "web"}};
  project.service("web").depends_on["db"] = {};
  CHECK(words_of(project.up({.services = {"web"}})) ==
        Words{"create container shop-db-1", "create container shop-web-1"});
  CHECK(words_of(project.up({.services = {"web"}, .dependencies = false})) == Words{"create container shop-web-1"});
}

TEST_CASE("what is named is recreated, and what it depends on only if that is asked for as well", "[project][pure]") {
  ProjectMaker project{{"db", "web"}};
  project.service("web").depends_on["db"] = {};
  for (const char* name : {"db", "web"}) project.running(name);
  CHECK(words_of(project.up({.services = {"web"}, .recreate = true})) ==
        Words{"keep container shop-db-1", "recreate container shop-web-1"});
  CHECK(words_of(project.up({.services = {"web"}, .recreate_dependencies = true})) ==
        Words{"recreate container shop-db-1", "keep container shop-web-1"});
  CHECK(words_of(project.up({.recreate = true})) ==
        Words{"recreate container shop-db-1", "recreate container shop-web-1"});
}

TEST_CASE("the caller's word on pulling counts more than the services'", "[project][pure]") {
  ProjectMaker project{{"web"}};
  CHECK(words_of(project.up({.pull = PullPolicy::Always})) == Words{"pull image web", "create container shop-web-1"});
  project.service("web").pull = PullPolicy::Always;
  CHECK(words_of(project.up({.pull = PullPolicy::Missing})) == Words{"create container shop-web-1"});
  project.present.images.clear();
  CHECK_THROWS_WITH(project.up({.pull = PullPolicy::Never}), Catch::Contains("none is pulled"));
}

TEST_CASE("who depends on it with restart is restarted when a service is recreated", "[project][pure]") {
  ProjectMaker project{{"db", "web", "worker"}};
  project.service("web").depends_on["db"] = {.restart = true};
  project.service("worker").depends_on["db"] = {};
  for (const char* name : {"db", "web", "worker"}) project.running(name);
  project.service("db").user = "postgres";
  CHECK(words_of(project.up()) ==
        Words{"recreate container shop-db-1", "restart container shop-web-1", "keep container shop-worker-1"});
}

TEST_CASE("who has the volumes of a recreated service is recreated too", "[project][pure]") {
  ProjectMaker project{{"db", "backup"}};
  project.service("backup").volumes_from = {{.engine = Engine::Compose, .container = "db", .service = true}};
  project.running("db");
  project.running("backup");
  CHECK(words_of(project.up()) == Words{"keep container shop-db-1", "keep container shop-backup-1"});
  project.service("db").user = "postgres";
  CHECK(words_of(project.up()) == Words{"recreate container shop-db-1", "recreate container shop-backup-1"});
}

TEST_CASE("a volume that is there is used as it is, and the plan says whose it is", "[project][pure]") {
  ProjectMaker project{{"db"}};
  project.volume("data", "db", "/data");
  VolumeInfo& info = project.volume_there("data");
  const auto reason = [&] { return project.up().front().reasons.front(); };
  CHECK(reason().find("as the files say") != std::string::npos);
  info.labels[project::label::kProject] = "bank";
  CHECK(reason().find("\"bank\"") != std::string::npos);
  info.labels.clear();
  CHECK(reason().find("not made by Compose") != std::string::npos);
  project.wanted.volumes.at("data").external = true;
  CHECK(reason() == "it is external");
  CHECK(words_of(project.up()).front() == "keep volume shop_data");
  project.present.volumes.clear();
  CHECK(code_of(project, {}, "external volume \"shop_data\" not found") == errc::volume_missing);
}

TEST_CASE("a volume of another configuration is made anew only on request, which is a loss of data",
          "[project][pure]") {
  ProjectMaker project{{"db"}};
  project.volume("data", "db", "/data");
  project.running("db");
  project.volume_there("data");
  project.wanted.volumes.at("data").driver_options = {{"type", "tmpfs"}};
  const auto kept = project.up();
  CHECK(words_of(kept) == Words{"keep volume shop_data", "keep container shop-db-1"});
  CHECK(kept[0].changed == Words{"driver_opts"});
  const auto renewed = project.up({.recreate_volumes = true});
  CHECK(words_of(renewed) == Words{"recreate volume shop_data", "recreate container shop-db-1"});
  CHECK(renewed[0].lost == Words{"shop_data"});
  project.present.volumes.at("shop_data").users = {"shop-db-1", "stranger"};
  CHECK(code_of(project, {.recreate_volumes = true}, "stranger") == errc::volume_in_use);
  project.present.volumes.at("shop_data").info.is_protected = true;
  CHECK(code_of(project, {.recreate_volumes = true}, "protected") == errc::volume_protected);
  CHECK(words_of(project.up())[0] == "keep volume shop_data");
}

TEST_CASE("a container whose volume is another one by now, or gone, is recreated", "[project][pure]") {
  ProjectMaker project{{"db"}};
  project.volume("data", "db", "/data");
  auto& container = project.running("db");
  CHECK(words_of(project.up()) == Words{"create volume shop_data", "recreate container shop-db-1"});
  project.volume_there("data");
  container.volumes["/data"] = "shop_before";
  const auto steps = project.up();
  CHECK(words_of(steps) == Words{"keep volume shop_data", "recreate container shop-db-1"});
  CHECK(steps[1].changed == Words{"volumes"});
}

TEST_CASE("what could only fail is refused before anything is done", "[project][pure]") {
  ProjectMaker project{{"db", "web"}};
  project.service("web").depends_on["db"] = {.condition = ServiceDependency::Condition::Healthy};
  CHECK(code_of(project, {}, "no health check") == errc::invalid_argument);
  project.present.image_checks["db"].test = {"CMD", "true"};
  CHECK(project.up().size() == 2);
  project.service("db").healthcheck = Healthcheck{.test = {"NONE"}};
  CHECK(code_of(project, {}, "no health check") == errc::invalid_argument);
  project.service("web").depends_on.clear();
  project.present.others["shop-web-1"] = "";
  CHECK(code_of(project, {}, "shop-web-1") == errc::container_exists);
  project.present.others.clear();
  project.present.images.erase("web");
  project.service("web").pull = PullPolicy::Never;
  CHECK(code_of(project, {}, "pull_policy") == errc::image_missing);
  project.service("web").image.clear();
  CHECK(code_of(project, {}, "no image") == errc::not_supported);
  CHECK(code_of(project, {.recreate = true, .no_recreate = true}, "no_recreate") == errc::invalid_argument);
  CHECK(code_of(project, {.no_recreate = true, .renew_anonymous_volumes = true}, "no_recreate") ==
        errc::invalid_argument);
}

TEST_CASE("an image is fetched when it is needed, or each time if the files say so", "[project][pure]") {
  ProjectMaker project{{"web"}};
  project.running("web");
  project.present.images.clear();
  CHECK(words_of(project.up()) == Words{"keep container shop-web-1"});
  project.service("web").pull = PullPolicy::Always;
  CHECK(words_of(project.up()).front() == "pull image web");
}

TEST_CASE("before a one-off container its dependencies are brought up, and its volumes and image are there",
          "[project][pure]") {
  ProjectMaker project{{"db", "web"}};
  project.service("web").depends_on["db"] = {};
  project.volume("data", "web", "/data");
  project.present.images.erase("web");
  CHECK(words_of(project.up({.services = {"web"}, .prepare = true})) ==
        Words{"pull image web", "create volume shop_data", "create container shop-db-1"});
}

TEST_CASE("starting makes nothing", "[project][pure]") {
  ProjectMaker project{{"db", "web"}};
  project.running("db").status = ContainerStatus::Exited;
  project.service("db").user = "changed";
  CHECK(words_of(project.up({.create = false})) == Words{"start container shop-db-1"});
  CHECK(code_of(project, {.services = {"web"}, .create = false}, "no container to start") == errc::container_missing);
}

TEST_CASE("what is done in another way than the files say is said in the plan", "[project][pure]") {
  ProjectMaker project{{"web"}};
  project.service("web").restart = "unless-stopped";
  project.service("web").tty = true;
  const std::string text = project.up().front().to_string();
  CHECK(text.find("unless-stopped is always here") != std::string::npos);
  CHECK(text.find("tty") != std::string::npos);
}

TEST_CASE("a volume's hash is the one Compose gives it", "[project][pure]") {
  CHECK(project::hash_of({.name = "shop_data"}) == project::hash_of({.name = "shop_data", .driver = "local"}));
  // sha256 of {"name":"shop_data","driver":"local","driver_opts":{"o":"a\u003cb"},"labels":{"x":"y"}}
  CHECK(project::hash_of({.name = "shop_data", .driver_options = {{"o", "a<b"}}, .labels = {{"x", "y"}}}) ==
        "cae363c7123f0df6b208df2a4043e3446b08cfee9b8c643f5a5685781c405f5d");
}
