// SPDX-License-Identifier: Apache-2.0
#include "compose/keys.hpp"
#include "compose_support.hpp"

#include <dunnage/project.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace {

using dunnage::Project;
using dunnage::ProjectNote;
using dunnage::ProjectSource;
using dunnage::compose::Key;
using dunnage::compose::Shape;
using dunnage::compose::Support;

constexpr const char* kPage = DUNNAGE_TEST_SOURCE_DIR "/src/compose/keys.md";

std::string_view word_for(Support support) {
  switch (support) {
    case Support::Honoured:
      return "honoured";
    case Support::Loader:
      return "honoured while loading";
    case Support::Partly:
      return "honoured in part";
    case Support::Reported:
      return "reported";
  }
  return "";
}

/// \param inside what is reported as a whole, and its parts with it; may be empty
void add_table(std::ostringstream& page, std::string_view title, const Shape& shape, std::string_view inside = {}) {
  page << "\n## " << title << "\n\n| key | what becomes of it | because |\n|---|---|---|\n";
  for (const Key& key : shape.keys) {
    page << "| `" << key.name << "` | ";
    if (inside.empty()) {
      page << word_for(key.support) << " | " << key.note << " |\n";
    } else {
      page << "reported with `" << inside << "` | |\n";
    }
  }
}

std::string page() {
  std::ostringstream text;
  text << "# The keys of a Compose file\n\n"
          "Every key of the Compose specification that begins something. Honoured: it has its effect. In part: some of "
          "what can\nstand there has, and a note names the rest. Reported: it is checked, it stays in what is printed, "
          "and a note names it\nwith its file, line and column; nothing is left out silently. The unit test \"the page "
          "of keys says what the loader\ndoes\" compares this page with the table the loader works with; "
          "DUNNAGE_WRITE_KEYS=1 writes it. \"every key of the\nspecification's schema is honoured, or noted with its "
          "line and column\" tries each of them, those that are not here too.\nKeys that begin with `x-` stay. "
          "`x-dunnage: {rootfs: host}` in a "
          "service, or a directory, takes the place of an image.\n";
  add_table(text, "Top level", dunnage::compose::project_shape());
  const Shape& service = dunnage::compose::service_shape();
  add_table(text, "Service", service);
  add_table(text, "Service: `deploy`", *dunnage::compose::find_key(service, "deploy")->shape);
  const Shape& develop = *dunnage::compose::find_key(service, "develop")->shape;
  add_table(text, "Service: `build`", *dunnage::compose::find_key(service, "build")->shape, "build");
  add_table(text, "Service: `develop`", develop, "develop");
  add_table(text, "Service: `develop.watch`", *dunnage::compose::find_key(develop, "watch")->shape, "develop");
  add_table(text, "Network", dunnage::compose::network_shape(), "networks");
  add_table(text, "Volume", dunnage::compose::volume_shape());
  add_table(text, "Secret", dunnage::compose::secret_shape());
  add_table(text, "Config", dunnage::compose::config_shape());
  return text.str();
}

/// A value that may stand at a reported key.
std::string example_of(const std::string& key) {
  const std::map<std::string, std::string> examples{
      {"annotations", "{a: b}"},
      {"cgroup", "private"},
      {"cpu_count", "1"},
      {"cpu_percent", "50"},
      {"cpu_rt_period", "1"},
      {"cpu_rt_runtime", "1"},
      {"credential_spec", "{file: a}"},
      {"device_cgroup_rules", "[\"c 1:3 mr\"]"},
      {"devices", "[/dev/null]"},
      {"dns_opt", "[a]"},
      {"dns", "1.1.1.1"},
      {"dns_search", "a"},
      {"extra_hosts", "[\"a:1.1.1.1\"]"},
      {"gpus", "all"},
      {"init", "true"},
      {"logging", "{driver: a}"},
      {"models", "[m]"},
      {"networks", "{n: {aliases: [a]}}"},
      {"oom_kill_disable", "true"},
      {"oom_score_adj", "1"},
      {"privileged", "true"},
      {"security_opt", "[\"seccomp:unconfined\"]"},
      {"sysctls", "{a: 1}"},
      {"ulimits", "{nofile: 1}"},
      {"umask", "18"},
      {"use_api_socket", "true"},
      {"build", "."},
      {"expose", "[1]"},
      {"ports", "[1]"},
      {"develop", "{watch: [{path: a, action: rebuild}]}"},
      {"attach", "false"},
      {"provider", "{type: a}"},
      {"external_links", "[a]"},
      {"links", "[t]"},
      {"pre_start", "[{image: a}]"},
      {"post_start", "[{command: a}]"},
      {"pre_stop", "[{command: a}]"},
      {"mem_swappiness", "1"},
      {"shm_size", "1m"},
  };
  const auto found = examples.find(key);
  return found == examples.end() ? "text" : found->second;
}

}  // namespace

TEST_CASE("the page of keys says what the loader does", "[compose]") {
  if (std::getenv("DUNNAGE_WRITE_KEYS") != nullptr) {
    std::ofstream{kPage} << page();
  }
  CHECK(dunnage::test::read_text(kPage) == page());
}

TEST_CASE("every key of a service that is not honoured is noted with its name and line", "[compose]") {
  std::size_t count = 0;
  for (const Key& key : dunnage::compose::service_shape().keys) {
    if (key.support != Support::Reported) {
      continue;
    }
    const std::string name{key.name};
    INFO(name);
    const dunnage::test::ProjectDirectory directory{
        {{"compose.yaml", "services:\n  s:\n    image: i\n    " + name + ": " + example_of(name) +
                              "\n  t: {image: i}\nnetworks: {n: }\nmodels: {m: {model: x}}\n"}}};
    const Project project = Project::load(directory.trusted());
    const bool noted = std::any_of(project.notes().begin(), project.notes().end(), [&](const ProjectNote& note) {
      return note.kind == ProjectNote::Kind::Unsupported && note.path.starts_with("services.s." + name) &&
             note.place.line == 4 && note.place.file == "compose.yaml";
    });
    CHECK(noted);
    CHECK_THAT(project.to_yaml(), Catch::Contains("    " + name + ":"));
    ++count;
  }
  CHECK(count > 40);
}

TEST_CASE("what is honoured in part is noted where it is not", "[compose]") {
  const std::map<std::string, std::string> asking{
      {"network_mode: bridge", "services.s.network_mode"},
      {"pull_policy: daily", "services.s.pull_policy"},
      {"security_opt: [\"apparmor:x\"]", "services.s.security_opt[0]"},
      {"security_opt: [no-new-privileges, \"seccomp=\"]", "services.s.security_opt[1]"},
      {"security_opt: [\"seccomp=~/profile.json\"]", "services.s.security_opt[0]"},
      {"deploy: {mode: global}", "services.s.deploy.mode"},
      {"deploy: {resources: {reservations: {cpus: 1}}}", "services.s.deploy.resources.reservations.cpus"},
      {"blkio_config: {weight_device: [{path: /dev/sda, weight: 10}]}", "services.s.blkio_config.weight_device"},
      {"deploy: {restart_policy: {window: 1s}}", "services.s.deploy.restart_policy.window"},
      {"configs: [{source: f, uid: \"1\"}]", "services.s.configs[0].uid"},
      {"configs: [{source: f, mode: 0400}]", "services.s.configs[0].mode"},
      {"configs: [{source: c, gid: staff}]", "services.s.configs[0].gid"},
      {"command: a && b", "services.s.command"},
  };
  for (const auto& [text, path] : asking) {
    INFO(text);
    const dunnage::test::ProjectDirectory directory{
        {{"compose.yaml",
          "services:\n  s:\n    image: i\n    " + text + "\nconfigs: {c: {content: x}, f: {file: ./f}}\n"}}};
    const Project project = Project::load(directory.trusted());
    CHECK(std::any_of(project.notes().begin(), project.notes().end(),
                      [&, path = path](const ProjectNote& note) { return note.path == path && note.place.line == 4; }));
  }
}

TEST_CASE("owner and mode of a config that has a content are given to it, and nothing is to be noted", "[compose]") {
  const dunnage::test::ProjectDirectory directory{
      {{"compose.yaml",
        "services: {s: {image: i, configs: [{source: c, uid: \"1\", gid: \"2\", mode: 0400}]}}\n"
        "configs: {c: {content: x}}\n"}}};
  CHECK(Project::load(directory.trusted()).notes().empty());
}

TEST_CASE("a network that nobody wrote is noted once, and only where services may count on it", "[compose]") {
  const auto notes = [](const std::string& text) {
    ProjectSource source;
    source.text = text;
    return Project::load(source).notes();
  };
  CHECK(notes("services: {a: {image: i}}\n").empty());
  CHECK(notes("services: {a: {image: i}, b: {image: i, network_mode: none}}\n").empty());
  const auto noted = notes("services: {a: {image: i}, b: {image: i}, c: {image: i}}\n");
  REQUIRE(noted.size() == 1);
  CHECK(noted[0].path == "services");
  CHECK(noted[0].place == dunnage::ProjectPlace{"compose.yaml", 1, 1});
  CHECK(notes("services: {a: {image: i}}\nnetworks: {default: {driver: d}}\n").at(0).path == "networks.default");
}

TEST_CASE("a target that no engine takes is noted before anything is started", "[compose]") {
  ProjectSource source;
  source.text = "services: {a: {image: i, volumes: [\"q:/q\"]}}\nvolumes: {q: }\n";
  const auto notes = Project::load(source).notes();
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].path == "services.a.volumes[0]");
  CHECK_THAT(notes[0].text, Catch::Contains("one letter"));
}

TEST_CASE("extensions stay and are not noted, develop stays and is, and a plain date is a text", "[compose]") {
  ProjectSource source;
  source.text =
      "x-develop: {a: 2024-01-01}\n"
      "services:\n  s:\n    image: i\n    x-develop: {watch: []}\n    labels: {since: 2024-01-01}\n"
      "    environment: {DAY: 2024-01-01}\n    develop: {watch: [{path: ., action: rebuild}]}\n";
  const Project project = Project::load(source);
  CHECK(project.service("s").labels.at("since") == "2024-01-01");
  CHECK(project.service("s").environment.at("DAY") == "2024-01-01");
  for (const char* const part :
       {"x-develop:\n  a: \"2024-01-01\"", "    x-develop:", "    develop:", "since: \"2024-01-01\""}) {
    CHECK_THAT(project.to_yaml(), Catch::Contains(part));
  }
  REQUIRE(project.notes().size() == 1);
  CHECK(project.notes()[0].to_string() ==
        "compose.yaml:8:5: services.s.develop: not supported: sources are not watched");
}

TEST_CASE("a variable that is not set and an obsolete key are noted", "[compose]") {
  const dunnage::test::ProjectDirectory directory{
      {{"compose.yaml", "version: \"3\"\nservices: {s: {image: \"i:${TAG}\"}}\n"}}};
  std::set<std::string> notes;
  const Project project = Project::load(directory.trusted());
  for (const ProjectNote& note : project.notes()) {
    notes.insert(note.to_string());
  }
  CHECK(notes.contains("compose.yaml:1:1: version: it is obsolete and has no effect"));
  CHECK(notes.contains("compose.yaml:2:26: services.s.image: the variable TAG is not set, so it is empty"));
}
