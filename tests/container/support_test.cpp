// SPDX-License-Identifier: Apache-2.0
// What support() says is what can be done.

#include "container/support.hpp"

#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

using namespace dunnage;
using namespace dunnage::test;

namespace {

Feature feature_of(const Support& found, std::string_view name) {
  const auto feature = std::ranges::find(found.features, name, &Feature::name);
  if (feature == found.features.end()) FAIL("support() says nothing of " << name);
  return *feature;
}

std::string first_line(const char* path) {
  std::ifstream stream{path};
  std::string line;
  std::getline(stream, line);
  return line;
}

bool says(const Feature& feature, std::string_view words) { return feature.detail.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("support() says something of everything, once, and what is required is there", "[container][support]") {
  const Ground ground;
  const Support found = support(ground.store_path());
  std::set<std::string> names;
  for (const Feature& feature : found.features) {
    INFO(feature.name);
    CHECK(names.insert(feature.name).second);
    CHECK(feature.detail.size() > 2);
    CHECK((feature.available || !feature.required));
  }
  CHECK(found.to_json().find("\"landlock\"") != std::string::npos);
  CHECK(found.to_string().find("time namespaces") != std::string::npos);
}

TEST_CASE("settings of the machine are told as they are", "[container][support]") {
  const Ground ground;
  const Support found = support(ground.store_path());
  const std::string pattern = first_line("/proc/sys/kernel/core_pattern");
  CHECK(says(feature_of(found, "core dumps"), pattern.starts_with('|') ? pattern.substr(1) : "\"" + pattern + "\""));
  CHECK(feature_of(found, "no dumps of privileged programs").available ==
        (first_line("/proc/sys/fs/suid_dumpable") != "1"));
  const Feature links = feature_of(found, "protected links and files");
  const bool weak = first_line("/proc/sys/fs/protected_symlinks") == "0";
  CHECK(says(links, "fs.protected_symlinks=1") == weak);
  CHECK(says(feature_of(found, "namespaces of a user"), "user " + first_line("/proc/sys/user/max_user_namespaces")));
  // the limit of core files is what a program of a container has
  CHECK(output_of(ground.shell("ulimit -S -c")) == "0\n");
}

TEST_CASE("what the store's file system can do is tried there, and nothing stays", "[container][support]") {
  const Ground ground;
  CHECK(says(feature_of(support(ground.path("absent")), "store"), "is not there yet"));
  CHECK_FALSE(std::filesystem::exists(ground.path("absent")));
  auto volumes = ground.volumes();
  const auto data = volumes.create("data").mountpoint();
  const auto before = std::filesystem::last_write_time(ground.store_path());
  const Support found = support(ground.store_path());
  CHECK(std::filesystem::last_write_time(ground.store_path()) == before);
  CHECK(feature_of(found, "store: can be written to").available);
  const auto file = data / "file";
  std::ofstream{file} << "x";
  CHECK(feature_of(found, "store: extended attributes").available ==
        (::setxattr(file.c_str(), "user.test", "x", 1, 0) == 0));
  LaunchSpec spec = ground.program({"stat", "-c", "%u", "/d/file"},
                                   {VolumeMount{"data", "/d", {.owner = Ownership::as(1000, 1000)}}});
  bool mapped = false;
  try {
    mapped = output_of(std::move(spec)) == "1000\n";
  } catch (const MountError&) {
  }
  CHECK(feature_of(found, "store: id-mapped mounts").available == mapped);
}
