// SPDX-License-Identifier: Apache-2.0
#include "spec_request.hpp"
#include "support/catch.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>

#include <cstddef>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using cli::Json;

std::vector<Json> read_lines(const std::string& name) {
  std::ifstream file{std::string{DUNNAGE_TEST_SOURCE_DIR} + "/tests/cases/" + name};
  std::vector<Json> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(Json::parse(line));
  }
  return lines;
}

bool contains(const Json& text, const Json& part) {
  return text.is_string() && text.get<std::string>().find(part.get<std::string>()) != std::string::npos;
}

/// Members may be in any order.
bool is_same(const Json& left, const Json& right) {
  return nlohmann::json::parse(cli::one_line(left)) == nlohmann::json::parse(cli::one_line(right));
}

/// What the answer says otherwise than the case, in words; empty if nothing.
std::string difference(const Json& test, const Json& answer) {
  const Json& expected = test.at("expect");
  for (const auto& [name, value] : expected.items()) {
    const Json got = answer.value(name, Json(nullptr));
    const bool same = name == "reason"           ? true
                      : name == "error_contains" ? contains(answer.value("engine_message", Json("")), value)
                      : name == "engine_error"   ? contains(got, value)
                                                 : is_same(got, value);
    if (!same) {
      return name + " is " + cli::one_line(got);
    }
  }
  const bool refused = !expected.at("ok").get<bool>();
  if (refused && answer.value("stage", "") != test.at("stage").get<std::string>()) {
    return "stage is " + answer.value("stage", "");
  }
  return {};
}

TEST_CASE("every public case is answered as the engine does", "[spec][cases]") {
  std::map<std::string, std::pair<int, int>> summary;
  for (const Json& test : read_lines("cases_public.jsonl")) {
    const Json answer = Json::parse(cli::answer_line(cli::one_line(test)));
    auto& [right, all] = summary[test.at("engine").get<std::string>() + ": " + test.at("surface").get<std::string>()];
    ++all;
    const std::string wrong = difference(test, answer);
    if (wrong.empty()) {
      ++right;
    }
    INFO(test.at("id") << " " << test.at("input") << "\nexpected " << test.at("expect") << " at " << test.at("stage")
                       << "\ngot " << answer);
    CHECK(wrong == "");
  }
  int total = 0;
  for (const auto& [surface, counts] : summary) {
    std::cout << surface << ": " << counts.first << " of " << counts.second << '\n';
    total += counts.second;
  }
  CHECK(total >= 517);
}

using Parse = dunnage::Mount (*)(std::string_view, dunnage::Engine);

Parse own_parser(const std::string& surface) {
  if (surface == "docker -v" || surface == "podman -v" || surface == "compose-short") {
    return dunnage::parse_volume_flag;
  }
  if (surface == "docker --mount" || surface == "podman --mount") {
    return dunnage::parse_mount_flag;
  }
  return surface == "--tmpfs" ? dunnage::parse_tmpfs_flag : nullptr;
}

bool is_accepted(Parse parse, const Json& test) {
  try {
    (void)parse(test.at("input").get<std::string>(), *dunnage::engine_named(test.at("engine").get<std::string>()));
    return true;
  } catch (const dunnage::SpecError&) {
    return false;
  }
}

/// Depends on the Compose file or on the host, which these parsers do not look at.
bool depends_on_more(const Json& test) {
  const std::string code = test.at("expect").value("code", "");
  return !test.at("ctx").empty() || code == "SOURCE_NOT_FOUND" || code == "UNDEFINED_VOLUME";
}

/// Reasons by the case's id; deviations about something else than being accepted or refused are left out.
std::map<std::string, std::string> deviations() {
  std::map<std::string, std::string> reasons;
  for (const Json& deviation : read_lines("deviations.jsonl")) {
    const std::string here = deviation.at("here").get<std::string>();
    if (deviation.contains("id") && (here == "accepted" || here == "refused")) {
      reasons[deviation.at("id").get<std::string>()] = deviation.at("reason").get<std::string>();
    }
  }
  return reasons;
}

TEST_CASE("this library's own parsers differ from the engines only where it is written down why", "[spec][cases]") {
  const std::map<std::string, std::string> reasons = deviations();
  std::set<std::string> used;
  for (const Json& test : read_lines("cases_public.jsonl")) {
    const Parse parse = own_parser(test.at("surface").get<std::string>());
    if (parse == nullptr || !test.at("input").is_string() || depends_on_more(test)) {
      continue;
    }
    const std::string id = test.at("id").get<std::string>();
    const bool same = is_accepted(parse, test) == test.at("expect").at("ok").get<bool>();
    INFO(id << " " << test.at("surface") << " " << test.at("input"));
    CHECK(same == (reasons.count(id) == 0));
    used.insert(id);
  }
  for (const auto& [id, reason] : reasons) {
    INFO(id);
    CHECK(used.count(id) == 1);
    CHECK_FALSE(reason.empty());
  }
}

TEST_CASE("deviations that no case shows are as they are written down", "[spec][cases]") {
  for (const Json& deviation : read_lines("deviations.jsonl")) {
    if (deviation.contains("id")) {
      continue;
    }
    const Json test{{"input", deviation.at("input")}, {"engine", "docker"}};
    const bool accepted = is_accepted(own_parser(deviation.at("surface").get<std::string>()), test);
    const Json answer = Json::parse(cli::answer_line(cli::one_line(deviation)));
    INFO(deviation);
    CHECK(accepted == (deviation.at("here") == "accepted"));
    CHECK(answer.at("ok") != accepted);
  }
  CHECK(target_of(dunnage::parse_volume_flag("q:/o")) == "/o");
}

TEST_CASE("a line that is no request is answered and the next one goes on", "[spec][cases]") {
  const std::vector<std::string> lines{"",
                                       "{",
                                       "[]",
                                       "null",
                                       "{\"surface\":\"docker -v\"}",
                                       "{\"surface\":\"docker -x\",\"input\":\"\"}",
                                       "{\"surface\":\"docker -v\",\"input\":5}",
                                       "{\"surface\":\"docker -v\",\"input\":\"/a:/b\",\"engine\":\"moby\"}",
                                       "{\"surface\":\"docker -v\",\"input\":\"/a:/b\",\"ctx\":{\"speed\":1}}",
                                       "{\"surface\":\"compose-long\",\"input\":\"{\"}",
                                       std::string(100'000, '['),
                                       "{\"surface\":\"docker -v\",\"input\":\"\xff\"}"};
  for (const std::string& line : lines) {
    INFO(line.substr(0, 100));
    const Json answer = Json::parse(cli::answer_line(line));
    CHECK(answer.at("ok") == false);
    CHECK(answer.contains("code"));
  }
}

}  // namespace
