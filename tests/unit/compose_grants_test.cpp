// SPDX-License-Identifier: Apache-2.0
#include "compose_support.hpp"
#include "support/apart.hpp"
#include "support/sanitized.hpp"

#include <dunnage/project.hpp>

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

using dunnage::errc;
using dunnage::Project;
using dunnage::ProjectError;
using dunnage::ProjectGrants;
using dunnage::ProjectSource;
using dunnage::test::answer;
using dunnage::test::ProjectDirectory;

std::string repeated(std::size_t count, const std::function<std::string(std::size_t)>& part) {
  std::string text;
  for (std::size_t index = 0; index < count; ++index) {
    text += part(index);
  }
  return text;
}

std::string laughs(const std::string& open, const std::string& close, const std::string& key) {
  std::string text = "x-0: &a0 " + open + key + "x" + close + "\n";
  for (int level = 1; level < 12; ++level) {
    text += "x-" + std::to_string(level) + ": &a" + std::to_string(level) + " " + open;
    for (int item = 0; item < 10; ++item) {
      text += (key.empty() ? "" : "k" + std::to_string(item) + ": ") + "*a" + std::to_string(level - 1) + ",";
    }
    text += close + "\n";
  }
  return text + "services: {s: {image: i}}\n";
}

}  // namespace

TEST_CASE("a hostile project ends in a sentence within 2 s and 128 MiB", "[compose]") {
  const std::map<std::string, std::map<std::string, std::string>> projects{
      {"aliases of lists that explode", {{"compose.yaml", laughs("[", "]", "")}}},
      {"aliases of mappings that explode", {{"compose.yaml", laughs("{", "}", "k: ")}}},
      {"aliases of a long text",
       {{"compose.yaml", "x-a: &a \"" + std::string(600'000, 'y') + "\"\nx-b: [" +
                             repeated(1000, [](std::size_t) { return "*a,"; }) + "]\n"}}},
      {"merge keys of many keys",
       {{"compose.yaml", "x-a: &a {" +
                             repeated(20'000, [](std::size_t i) { return "k" + std::to_string(i) + ": v,"; }) +
                             "}\nx-b: {<<: [" + repeated(1000, [](std::size_t) { return "*a,"; }) + "]}\n"}}},
      {"100,000 services",
       {{"compose.yaml",
         "services: {" + repeated(100'000, [](std::size_t i) { return "s" + std::to_string(i) + ": {},"; }) + "}\n"}}},
      {"2,000 services",
       {{"compose.yaml", "services: {" +
                             repeated(2'000, [](std::size_t i) { return "s" + std::to_string(i) + ": {image: i},"; }) +
                             "}\n"}}},
      {"lists in lists", {{"compose.yaml", "x-a: " + std::string(500'000, '[')}}},
      {"a list of many items",
       {{"compose.yaml", "x-a: [" + repeated(500'000, [](std::size_t) { return "a,"; }) + "]\n"}}},
      {"items of items", {{"compose.yaml", "x-a:\n  " + repeated(500'000, [](std::size_t) { return "- "; }) + "\n"}}},
      {"keys of keys", {{"compose.yaml", repeated(500'000, [](std::size_t) { return "? "; }) + "\n"}}},
      {"mappings in mappings", {{"compose.yaml", "x-a: " + repeated(100'000, [](std::size_t) { return "{a: "; })}}},
      {"a huge text", {{"compose.yaml", "services: {s: {image: " + std::string(2'000'000, 'y') + "}}\n"}}},
      {"includes in a circle", {{"compose.yaml", "include: [b.yaml]\n"}, {"b.yaml", "include: [compose.yaml]\n"}}},
      {"includes that explode",
       {{"compose.yaml", "include: [" + repeated(60, [](std::size_t) { return "b.yaml,"; }) + "]\n"},
        {"b.yaml", "include: [" + repeated(60, [](std::size_t) { return "c.yaml,"; }) + "]\n"},
        {"c.yaml", "services: {s: {image: i}}\n"}}},
      {"extends in a circle", {{"compose.yaml", "services: {a: {extends: b}, b: {extends: a}}\n"}}},
      {"extends over many steps",
       {{"compose.yaml", "services: {" +
                             repeated(900,
                                      [](std::size_t i) {
                                        return "s" + std::to_string(i) + ": {extends: s" + std::to_string(i + 1) + "},";
                                      }) +
                             "s900: {image: i}}\n"}}},
      {"extends of something big",
       {{"compose.yaml",
         "services: {base: {image: i, labels: {" +
             repeated(9'000, [](std::size_t i) { return "k" + std::to_string(i) + ": v,"; }) + "}}," +
             repeated(900, [](std::size_t i) { return "s" + std::to_string(i) + ": {extends: base},"; }) + "}\n"}}},
      {"a big file of variables for each of many services",
       {{"compose.yaml",
         "services: {" +
             repeated(900, [](std::size_t i) { return "s" + std::to_string(i) + ": {image: i, env_file: e},"; }) +
             "}\n"},
        {"e",
         repeated(900, [](std::size_t i) { return "V" + std::to_string(i) + "=" + std::string(1000, 'z') + "\n"; })}}},
      {"variables that explode",
       {{".env", "V0=" + std::string(1000, 'z') + "\n" +
                     repeated(30,
                              [](std::size_t i) {
                                const std::string one = "$V" + std::to_string(i);
                                return "V" + std::to_string(i + 1) + "=" + one + one + one + one + "\n";
                              })},
        {"compose.yaml", "services: {s: {image: $V30}}\n"}}},
      {"variables in variables",
       {{"compose.yaml",
         "services: {s: {image: \"" + repeated(30'000, [](std::size_t) { return "${A:-"; }) + "\"}}\n"}}},
      {"many variables that are not set",
       {{"compose.yaml",
         "services: {s: {image: \"" + repeated(200'000, [](std::size_t) { return "${A}"; }) + "\"}}\n"}}},
      {"all ports many times",
       {{"compose.yaml",
         "services: {s: {image: i, ports: [" + repeated(100, [](std::size_t) { return "1-65535,"; }) + "]}}\n"}}},
      {"one key 60,000 times with others",
       {{"compose.yaml", "services: {s: {image: i, environment: {" +
                             repeated(60'000, [](std::size_t i) { return "k" + std::to_string(i) + ": v,"; }) +
                             "k5: w}}}\n"}}},
  };
  for (const auto& [name, files] : projects) {
    INFO(name);
    const ProjectDirectory directory{files};
    const ProjectSource source = directory.untrusted();
    const auto outcome = dunnage::test::do_apart([&source] { return answer(source); });
    INFO(outcome.words.substr(0, 300));
    CHECK(WIFEXITED(outcome.status));
    CHECK(outcome.words != "loaded");
    CHECK(outcome.words.size() > 40);
    CHECK(outcome.words.size() < 4000);
    if (!dunnage::test::kSanitized) {
      CHECK(outcome.seconds < 2);
      CHECK(outcome.kibibytes < 128 * 1024);
    }
  }
}

TEST_CASE("what is not UTF-8, and control characters, are refused where they stand", "[compose]") {
  const auto said = [](const std::string& text) {
    ProjectSource source;
    source.text = "services: {s: {image: i, hostname: \"" + text + "\"}}\n";
    return answer(source);
  };
  for (const std::string text : {"h\xF4st", "h\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    CHECK_THAT(said(text), Catch::Contains("compose.yaml:1:3") && Catch::Contains("not written in UTF-8"));
  }
  CHECK_THAT(said("\x1b[2J"), Catch::Contains("control character"));
  CHECK(said("\xC3\xB6\xE2\x82\xAC\xF0\x9F\x90\xB3") == "loaded");
}

TEST_CASE("a tab in the indentation is named as the cause", "[compose]") {
  ProjectSource source;
  source.text = "services:\n\tweb: {image: i}\n";
  CHECK_THAT(answer(source), Catch::Contains("not with a tab"));
}

TEST_CASE("a file outside of the project is not read unless that is granted", "[compose]") {
  const std::string image = "services: {s: {image: i}}\n";
  const std::vector<std::pair<std::string, std::string>> asking{
      {"a secret", image + "secrets: {x: {file: ../outside}}\n"},
      {"a secret by an absolute path", image + "secrets: {x: {file: /etc/shadow}}\n"},
      {"a secret by a link", image + "secrets: {x: {file: ./link}}\n"},
      {"a secret through a directory that is a link", image + "secrets: {x: {file: ./up/outside}}\n"},
      {"a config", image + "configs: {x: {file: ../outside}}\n"},
      {"a bind", "services: {s: {image: i, volumes: [\"../:/x\"]}}\n"},
      {"a bind by a link", "services: {s: {image: i, volumes: [\"./up:/x\"]}}\n"},
      {"a bind of the home", "services: {s: {image: i, volumes: [\"~/x:/x\"]}}\n"},
      {"a file of variables", "services: {s: {image: i, env_file: ../outside}}\n"},
      {"a file of variables by a link", "services: {s: {image: i, env_file: link}}\n"},
      {"a file of labels", "services: {s: {image: i, label_file: ../outside}}\n"},
      {"an include", "include: [../outside]\n" + image},
      {"an include by a link", "include: [link]\n" + image},
      {"an include's directory", "include: [{path: ok.yaml, project_directory: ..}]\n"},
      {"an include's variables", "include: [{path: ok.yaml, env_file: ../outside}]\n"},
      {"extends", "services: {s: {extends: {file: ../outside, service: s}}}\n"},
      {"programs of the host", "services: {s: {x-dunnage: {rootfs: host}}}\n"},
      {"a root outside", "services: {s: {x-dunnage: {rootfs: ../}}}\n"},
  };
  for (const auto& [name, text] : asking) {
    INFO(name);
    const ProjectDirectory directory{{{"compose.yaml", text}, {"ok.yaml", image}, {"../outside", "A=1\n"}}};
    std::filesystem::create_symlink("../outside", directory.path() / "link");
    std::filesystem::create_directory_symlink("..", directory.path() / "up");
    ProjectSource source = directory.untrusted();
    source.environment = dunnage::Environment{{"HOME", "/home/user"}};
    try {
      (void)Project::load(source);
      FAIL("it was loaded");
    } catch (const ProjectError& error) {
      INFO(error.what());
      CHECK(error.code() == errc::not_granted);
      CHECK(error.place().line > 0);
      CHECK_THAT(error.what(), Catch::Contains("host_paths"));
      CHECK_THAT(error.what(), !Catch::Contains("A=1"));
    }
  }
}

TEST_CASE("a link that stays in the project is followed", "[compose]") {
  const ProjectDirectory directory{
      {{"compose.yaml", "services: {s: {image: i, env_file: link}}\n"}, {"real/env", "A=1\n"}}};
  std::filesystem::create_symlink("real/env", directory.path() / "link");
  CHECK(Project::load(directory.untrusted()).services().at("s").environment.at("A") == "1");
}

TEST_CASE("variables of this process are not for a project unless that is granted", "[compose]") {
  REQUIRE(::setenv("DUNNAGE_TEST_SECRET", "hunter2", 1) == 0);
  const std::vector<std::string> asking{
      "services: {s: {image: \"i:${DUNNAGE_TEST_SECRET}\"}}\n",
      "services: {s: {image: \"i:${DUNNAGE_TEST_SECRET:-x}\"}}\n",
      "services: {s: {image: i, environment: [DUNNAGE_TEST_SECRET]}}\n",
      "services: {s: {image: i, env_file: env}}\n",
      "services: {s: {image: i}}\nsecrets: {x: {environment: DUNNAGE_TEST_SECRET}}\n",
      "services: {s: {image: i}}\nconfigs: {x: {environment: DUNNAGE_TEST_SECRET}}\n",
      "services: {s: {image: i, build: {args: [DUNNAGE_TEST_SECRET]}}}\n",
  };
  for (const std::string& text : asking) {
    INFO(text);
    const ProjectDirectory directory{{{"compose.yaml", text}, {"env", "X=$DUNNAGE_TEST_SECRET\n"}}};
    ProjectSource source = directory.untrusted();
    const std::string refused = answer(source);
    CHECK_THAT(refused, Catch::Contains("grant environment"));
    CHECK_THAT(refused, !Catch::Contains("hunter2"));
    source.grants.environment = true;
    CHECK(answer(source) == "loaded");
    source.grants.environment = false;
    source.environment.emplace();
    CHECK(answer(source) == "loaded");
  }
  REQUIRE(::unsetenv("DUNNAGE_TEST_SECRET") == 0);
}

TEST_CASE("what a project asks of the host is refused at the place that asks", "[compose]") {
  struct Ask {
    std::string text;
    std::string grant;
    bool ProjectGrants::*member;
  };
  const std::vector<Ask> asking{
      {"services: {s: {image: i, privileged: true}}\n", "privileges", &ProjectGrants::privileges},
      {"services: {s: {image: i, cap_add: [SYS_ADMIN]}}\n", "privileges", &ProjectGrants::privileges},
      {"services: {s: {image: i, security_opt: [\"seccomp:unconfined\"]}}\n", "privileges", &ProjectGrants::privileges},
      {"services: {s: {image: i, network_mode: host}}\n", "privileges", &ProjectGrants::privileges},
      {"services: {s: {image: i, pid: host}}\n", "privileges", &ProjectGrants::privileges},
      {"services: {s: {image: i, ipc: \"container:x\"}}\n", "privileges", &ProjectGrants::privileges},
      {"services: {s: {image: i, devices: [/dev/sda]}}\n", "devices", &ProjectGrants::devices},
      {"services: {s: {image: i, gpus: all}}\n", "devices", &ProjectGrants::devices},
      {"services: {s: {image: i}}\nvolumes: {v: {driver: other}}\n", "driver_options", &ProjectGrants::driver_options},
      {"services: {s: {image: i}}\nvolumes: {v: {driver_opts: {type: tmpfs}}}\n", "driver_options",
       &ProjectGrants::driver_options},
      {"services: {s: {image: i}}\nvolumes: {v: {external: true}}\n", "external", &ProjectGrants::external},
      {"services: {s: {image: i}}\nvolumes: {v: {name: other}}\n", "external", &ProjectGrants::external},
      {"services: {s: {image: i, volumes_from: [\"container:x\"]}}\n", "external", &ProjectGrants::external},
  };
  for (const Ask& ask : asking) {
    INFO(ask.text);
    const ProjectDirectory directory{{{"compose.yaml", ask.text}}};
    ProjectSource source = directory.untrusted();
    const std::string refused = answer(source);
    CHECK_THAT(refused, Catch::Contains("have the caller grant " + ask.grant));
    CHECK_THAT(refused, Catch::Contains("^"));
    source.grants.*ask.member = true;
    CHECK(answer(source) == "loaded");
  }
}

TEST_CASE("a seccomp profile is as much to ask for as none, and a path of the host besides", "[compose]") {
  const auto project = [](const std::string& profile) {
    return ProjectDirectory{
        {{"compose.yaml", "services:\n  s:\n    image: i\n    security_opt: [\"" + profile + "\"]\n"}}};
  };
  const ProjectDirectory builtin = project("seccomp=builtin");
  CHECK(answer(builtin.untrusted()) == "loaded");
  for (const auto& [profile, outside] :
       {std::pair{"seccomp=./profile.json", false}, std::pair{"seccomp:a/b.json", false},
        std::pair{"seccomp=/etc/profile.json", true}, std::pair{"seccomp=a/../../profile.json", true}}) {
    INFO(profile);
    const ProjectDirectory directory = project(profile);
    ProjectSource source = directory.untrusted();
    CHECK_THAT(answer(source), Catch::Contains("have the caller grant privileges"));
    source.grants.host_paths = true;
    CHECK_THAT(answer(source), Catch::Contains("have the caller grant privileges"));
    source.grants = {.privileges = true};
    const std::string refused = answer(source);
    CHECK((refused == "loaded") == !outside);
    if (outside) {
      CHECK_THAT(refused, Catch::Contains("security_opt[0]") && Catch::Contains("grant host_paths"));
    }
    source.grants.host_paths = true;
    CHECK(answer(source) == "loaded");
  }
}

TEST_CASE("a plain project asks for nothing", "[compose]") {
  const ProjectDirectory directory{
      {{"compose.yaml",
        "services:\n  s:\n    image: i:${TAG:-1}\n    volumes: [data:/data, ./logs:/logs]\n"
        "    security_opt: [no-new-privileges]\n    cap_drop: [ALL]\n"
        "    secrets: [x]\nsecrets: {x: {file: ./secret}}\nvolumes: {data: {driver: local}}\n"},
       {"secret", "s"}}};
  CHECK(answer(directory.untrusted()) == "loaded");
}
