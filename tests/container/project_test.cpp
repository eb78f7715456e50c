// SPDX-License-Identifier: Apache-2.0
// Projects, planned and applied.

#include "container/image_support.hpp"
#include "container/records_support.hpp"
#include "support/requires.hpp"

#include <dunnage/project_plan.hpp>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

using Words = std::vector<std::string>;

constexpr const char* kLoop = "trap 'exit 0' TERM; while :; do sleep 0.02; done";

/// A service on this machine's /usr.
std::string service(const std::string& name, const std::string& script, const std::string& more = {}) {
  return "  " + name + ":\n    x-dunnage: {rootfs: host}\n    stop_grace_period: 5s\n    command: [sh, -c, \"" +
         script + "\"]\n" + more;
}

/// A project in a store of its own; what runs is taken down at the end.
class Shop {
 public:
  explicit Shop(const Ground& ground) : ground_{ground} {}
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;
  ~Shop() {
    if (project_) {
      project_->plan_down({.volumes = true, .remove_orphans = true, .store = store()}).apply(kDestroy);
    }
  }

  void say(const std::string& services, const std::string& more = {}) {
    project_ = Project::load({.text = "services:\n" + services + more,
                              .directory = ground_.directory().path(),
                              .name = "shop",
                              .environment = Environment{{"WORD", "secret"}},
                              .grants = ProjectGrants::all()});
  }
  [[nodiscard]] const Project& project() const { return *project_; }
  [[nodiscard]] std::filesystem::path store() const { return ground_.store_path(); }
  [[nodiscard]] ProjectPlan plan(UpOptions options = {}) const {
    options.store = store();
    return project_->plan_up(options);
  }
  [[nodiscard]] Words running() const {
    Words names;
    for (const ContainerInfo& info : project_containers("shop", store())) {
      if (info.status == ContainerStatus::Running) names.push_back(info.name);
    }
    return names;
  }

  inline static const ApplyOptions kDestroy{.destroy_data = true};

 private:
  const Ground& ground_;
  std::optional<Project> project_;
};

Words words_of(const std::vector<ProjectStep>& steps) {
  Words words;
  for (const ProjectStep& step : steps) {
    words.push_back(std::string{to_string(step.kind)} + ' ' + step.subject);
  }
  return words;
}

}  // namespace

TEST_CASE("a plan that is no longer what would be planned is refused before anything is done", "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  shop.say(service("web", kLoop, "    volumes: ['data:/data', 'other:/other']\n"), "volumes:\n  data:\n  other:\n");
  const ProjectPlan plan = shop.plan();
  (void)ground.volumes().create("shop_data");
  try {
    plan.apply();
    FAIL("it was applied");
  } catch (const LaunchError& error) {
    INFO(error.what());
    CHECK(error.code() == std::errc::resource_unavailable_try_again);
    CHECK(std::string{error.what()}.find("shop_data") != std::string::npos);
  }
  CHECK(ground.volumes().list().size() == 1);
  CHECK(ground.containers().list().empty());
  CHECK_FALSE(plan == shop.plan());
  shop.plan().apply();
  CHECK(shop.running() == Words{"shop-web-1"});
  CHECK_FALSE(shop.plan().changes_something());
}

TEST_CASE("a plan that destroys data is refused without the word for it", "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  const std::string web = service("web", kLoop, "    volumes: ['data:/data', /anonymous]\n");
  shop.say(web, "volumes:\n  data:\n");
  shop.plan().apply();
  const auto refused = [&](const ProjectPlan& plan, const Words& lost) {
    Words names;
    for (const ProjectStep& step : plan.data_loss()) names.insert(names.end(), step.lost.begin(), step.lost.end());
    CHECK(names == lost);
    try {
      plan.apply();
      FAIL("it was applied");
    } catch (const LaunchError& error) {
      CHECK(error.code() == std::errc::operation_not_permitted);
    }
    CHECK(shop.running() == Words{"shop-web-1"});
    CHECK(ground.volumes().list().size() == 2);
  };
  const std::string anonymous = ground.volumes().list({.anonymous = true}).front().name();
  refused(shop.plan({.recreate = true, .renew_anonymous_volumes = true}), {anonymous});
  refused(shop.project().plan_down({.volumes = true, .store = shop.store()}), {anonymous, "shop_data"});
  shop.say(web, "volumes:\n  data: {labels: {a: b}}\n");
  refused(shop.plan({.recreate_volumes = true}), {"shop_data"});
  std::ofstream{ground.volumes().get("shop_data").mountpoint() / "file"} << "x";
  shop.plan({.recreate_volumes = true}).apply(Shop::kDestroy);
  CHECK(std::filesystem::is_empty(ground.volumes().get("shop_data").mountpoint()));
  CHECK(ground.volumes().get("shop_data").labels().at("a") == "b");
  CHECK(ground.volumes().find(anonymous).has_value());
  CHECK_FALSE(shop.plan().changes_something());
}

TEST_CASE("a failure in the middle says what is done and what is not, and the rest can be done later",
          "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  const std::string first = service("first", kLoop);
  const std::string last = service("last", kLoop, "    depends_on: [middle]\n");
  shop.say(first + "  middle:\n    x-dunnage: {rootfs: host}\n    command: [/no/such/program]\n" +
           "    depends_on: [first]\n" + last);
  try {
    shop.plan().apply();
    FAIL("it was applied");
  } catch (const ApplyError& error) {
    INFO(error.what());
    CHECK(error.code() == errc::program_missing);
    CHECK(words_of(error.done()) == Words{"create shop-first-1"});
    CHECK(words_of(error.undone()) == Words{"create shop-middle-1", "create shop-last-1"});
  }
  CHECK(shop.running() == Words{"shop-first-1"});
  shop.say(first + service("middle", kLoop, "    depends_on: [first]\n") + last);
  shop.plan().apply();
  CHECK(shop.running() == Words{"shop-first-1", "shop-last-1", "shop-middle-1"});
}

TEST_CASE("services start after what they depend on and end before it", "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  shop.say(service("c", kLoop, "    depends_on: [b, d]\n") + service("b", kLoop, "    depends_on: [a]\n") +
           service("a", kLoop) + service("d", kLoop));
  std::mutex mutex;
  Words told;
  ApplyOptions options;
  options.event = [&](const ApplyEvent& event) {
    const std::scoped_lock lock{mutex};
    if (event.phase != ApplyEvent::Phase::Waiting) {
      told.push_back((event.phase == ApplyEvent::Phase::Begin ? "<" : ">") + event.step.service);
    }
  };
  const auto before = [&](const char* one, const char* other) {
    return std::find(told.begin(), told.end(), one) < std::find(told.begin(), told.end(), other);
  };
  shop.plan().apply(options);
  CHECK(told.size() == 8);
  CHECK(before(">a", "<b"));
  CHECK(before(">b", "<c"));
  CHECK(before(">d", "<c"));
  told.clear();
  shop.project().plan_down({.remove = false, .store = shop.store()}).apply(options);
  CHECK(told.size() == 8);
  CHECK(before(">c", "<b"));
  CHECK(before(">c", "<d"));
  CHECK(before(">b", "<a"));
  CHECK(shop.running().empty());
}

TEST_CASE("a stop ends a wait, and what has begun is kept", "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  shop.say(service("db", kLoop, "    healthcheck: {test: [CMD, 'false'], interval: 1h}\n") +
           service("web", kLoop, "    depends_on: {db: {condition: service_healthy}}\n"));
  std::stop_source stop;
  ApplyOptions options;
  options.watch.stop = stop.get_token();
  options.event = [&](const ApplyEvent& event) {
    if (event.phase == ApplyEvent::Phase::Waiting) stop.request_stop();
  };
  try {
    shop.plan().apply(options);
    FAIL("it was applied");
  } catch (const ApplyError& error) {
    CHECK(error.code() == errc::cancelled);
    CHECK(words_of(error.undone()) == Words{"create shop-web-1"});
  }
  CHECK(shop.running() == Words{"shop-db-1"});
}

TEST_CASE("configs and secrets that are texts are there, for as long as the project is", "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  const auto say = [&](const std::string& content) {
    shop.say(service("web", "cat /greeting /run/secrets/word; " + std::string{kLoop},
                     "    configs: [greeting]\n    secrets: [word]\n"),
             "configs:\n  greeting: {content: \"" + content + "\\n\"}\nsecrets:\n  word: {environment: WORD}\n");
  };
  say("hello");
  shop.plan().apply();
  const auto store = ground.containers();
  CHECK(eventually([&] { return log_of(store, "shop-web-1") == "hello\nsecret"; }));
  say("good day");
  CHECK(words_of(shop.plan().steps()) == Words{"recreate shop-web-1"});
  shop.plan().apply();
  CHECK(eventually([&] { return log_of(store, "shop-web-1") == "good day\nsecret"; }));
  shop.project().plan_down({.store = shop.store()}).apply();
  CHECK_FALSE(std::filesystem::exists(shop.store() / "projects/shop"));
}

TEST_CASE("the input of a service that keeps it open does not end", "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  shop.say(service("open", "cat; echo ended", "    stdin_open: true\n    stop_signal: SIGKILL\n") +
           service("closed", "cat; echo ended"));
  shop.plan().apply();
  const auto store = ground.containers();
  CHECK(eventually([&] { return log_of(store, "shop-closed-1") == "ended\n"; }));
  CHECK(eventually([&] { return shop.running() == Words{"shop-open-1"}; }));
  CHECK(log_of(store, "shop-open-1").empty());
}

TEST_CASE("a one-off container has what its service has, and a name of its own", "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  shop.say(service("web", "cat /data/file; echo $$COLOR",
                   "    environment: {COLOR: blue}\n    volumes: ['data:/data']\n    restart: always\n"),
           "volumes:\n  data:\n");
  shop.plan({.services = {"web"}, .prepare = true}).apply();
  std::ofstream{ground.volumes().get("shop_data").mountpoint() / "file"} << "cargo\n";
  LaunchSpec spec = one_off_spec(shop.project(), "web", shop.store());
  CHECK(spec.name.starts_with("shop-web-run-"));
  CHECK(spec.labels.at("com.docker.compose.oneoff") == "True");
  spec.remove_on_exit = true;
  CHECK(output_of(std::move(spec)) == "cargo\nblue\n");
}

TEST_CASE("logs of several containers come as lines, the oldest first", "[container][project]") {
  const Ground ground;
  Shop shop{ground};
  const auto turn = [](int number) {
    return "until [ -e /turns/" + std::to_string(number) + " ]; do sleep 0.02; done; ";
  };
  const std::string volumes = "    volumes: ['turns:/turns']\n";
  shop.say(service("one", "echo 1; " + turn(3) + "echo 3; " + turn(5) + "printf 5", volumes) +
               service("two", turn(2) + "echo 2 >&2; " + turn(4) + "echo 4", volumes),
           "volumes:\n  turns:\n");
  shop.plan().apply();
  const auto store = ground.containers();
  // each has its turn when the launcher of the other one has read what that one wrote
  std::jthread turns{[&] {
    for (int number = 1; number < 5; ++number) {
      const std::string written = std::to_string(number) + "\n";
      const char* const name = number % 2 == 1 ? "shop-one-1" : "shop-two-1";
      (void)eventually([&] { return log_of(store, name).find(written) != std::string::npos; });
      std::ofstream{ground.volumes().get("shop_turns").mountpoint() / std::to_string(number + 1)} << "";
    }
  }};
  const auto lines = [&](const LogOptions& options) {
    std::string text;
    project_logs(
        store, {"shop-one-1", "shop-two-1"},
        [&](const ProjectLogLine& line) { text += line.text + (line.container == "shop-one-1" ? "a" : "b"); }, options);
    return text;
  };
  const std::string followed = lines({.follow = true});
  CHECK(followed.size() == 10);
  CHECK(followed.find("1a") < followed.find("3a"));
  CHECK(followed.find("3a") < followed.find("5a"));
  CHECK(followed.find("2b") < followed.find("4b"));
  CHECK(lines({}) == "1a2b3a4b5a");
  CHECK(lines({.tail = 1}).find("4b") != std::string::npos);
  CHECK_THROWS_AS(project_logs(store, {"absent"}, [](const ProjectLogLine&) {}), LaunchError);
  CHECK_THROWS_AS(project_logs(store, {"shop-one-1"}, [](const ProjectLogLine&) { throw 1; }), int);
}

TEST_CASE("a content has the owner and the mode that its service says", "[container][project]") {
  if (!requires_id_range()) return;
  const Ground ground;
  Shop shop{ground};
  shop.say(service("web", "stat -c '%u:%g %a' /greeting /run/secrets/word; " + std::string{kLoop},
                   "    configs: [{source: greeting, uid: \"5\", gid: \"6\", mode: 0440}]\n"
                   "    secrets: [{source: word, uid: \"7\"}]\n"),
           "configs:\n  greeting: {content: hello}\nsecrets:\n  word: {environment: WORD}\n");
  shop.plan().apply();
  CHECK(eventually([&] { return log_of(ground.containers(), "shop-web-1") == "5:6 440\n7:0 444\n"; }));
  shop.project().plan_down({.store = shop.store()}).apply();
  CHECK_FALSE(std::filesystem::exists(shop.store() / "projects/shop"));
}

TEST_CASE("an owner that this user cannot give is refused before anything runs", "[container][project]") {
  if (!requires_single_id()) return;
  const Ground ground;
  Shop shop{ground};
  shop.say(service("web", kLoop, "    configs: [{source: greeting, uid: \"5\"}]\n"),
           "configs:\n  greeting: {content: hello}\n");
  try {
    shop.plan().apply();
    FAIL("it was applied");
  } catch (const ApplyError& error) {
    CHECK(error.code() == errc::not_supported);
  }
  CHECK(shop.running().empty());
}

TEST_CASE("P-52: labels of an image make no container one of a project", "[container][project][attack]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("innocent", {base_layer()},
             R"({"Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web",
                 "com.docker.compose.container-number": "1", "com.docker.compose.oneoff": "False",
                 "com.docker.compose.config-hash": "0", "com.docker.compose.version": "2",
                 "dunnage.compose.fields": "{}", "maintainer": "somebody"}})");
  LaunchSpec spec = images.shell("innocent", kLoop);
  spec.name = "innocent";
  const Container innocent = Container::launch(std::move(spec));
  CHECK(ground.containers().inspect("innocent").labels == Labels{{"maintainer", "somebody"}});
  CHECK(project_containers("shop", ground.store_path()).empty());
  Shop shop{ground};
  shop.say(service("web", kLoop));
  CHECK(words_of(shop.plan({.remove_orphans = true}).steps()).size() ==
        words_of(Project::load(
                     {.text = "services:\n" + service("web", kLoop), .name = "other", .grants = ProjectGrants::all()})
                     .plan_up({.store = shop.store()})
                     .steps())
            .size());
  shop.plan({.remove_orphans = true}).apply({});
  CHECK(shop.running() == Words{"shop-web-1"});
  shop.project().plan_down({.volumes = true, .remove_orphans = true, .store = shop.store()}).apply(Shop::kDestroy);
  CHECK(shop.running().empty());
  CHECK(innocent.status() == ContainerStatus::Running);
  CHECK(outcome_of(innocent, {.argv = {"echo", "alive"}}).out == "alive\n");
}
