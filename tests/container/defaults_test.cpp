// SPDX-License-Identifier: Apache-2.0
// P-80: what a container has where nothing was asked for, line by line, is what tests/security/defaults says. Each line
// of the files has to be seen and each that is seen has to be there, but for what this kernel does not have.

#include "container/support.hpp"
#include "support/host.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr const char* kThrottle = "/sys/devices/system/cpu/cpu*/thermal_throttle";

using Lines = std::map<std::string, std::string>;

fs::path defaults_directory() { return fs::path{DUNNAGE_TEST_SOURCE_DIR} / "tests/security/defaults"; }

/// The lines of a text; of those that are for one kind of ordinary user, only this one's.
Lines lines_by_name(const std::string& text) {
  const std::string own = who() == Launcher::Single ? "[single] " : "[range] ";
  Lines lines;
  for (std::string line : lines_of(text)) {
    if (line.empty() || line.starts_with("#")) continue;
    if (line.starts_with("[") && !line.starts_with(own)) continue;
    if (line.starts_with("[")) line.erase(0, own.size());
    const std::size_t colon = line.find(": ");
    REQUIRE(colon != std::string::npos);
    lines[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return lines;
}

const std::map<std::string, __rlimit_resource>& limits_by_name() {
  static const std::map<std::string, __rlimit_resource> limits{
      {"AS", RLIMIT_AS},           {"CORE", RLIMIT_CORE},         {"CPU", RLIMIT_CPU},
      {"DATA", RLIMIT_DATA},       {"FSIZE", RLIMIT_FSIZE},       {"LOCKS", RLIMIT_LOCKS},
      {"MEMLOCK", RLIMIT_MEMLOCK}, {"MSGQUEUE", RLIMIT_MSGQUEUE}, {"NICE", RLIMIT_NICE},
      {"NOFILE", RLIMIT_NOFILE},   {"NPROC", RLIMIT_NPROC},       {"RSS", RLIMIT_RSS},
      {"RTPRIO", RLIMIT_RTPRIO},   {"RTTIME", RLIMIT_RTTIME},     {"SIGPENDING", RLIMIT_SIGPENDING},
      {"STACK", RLIMIT_STACK}};
  return limits;
}

/// Nobody gives more than the hard limit he has himself.
std::string as_far_as_the_host_may(const std::string& name, const std::string& value) {
  rlimit own{};
  REQUIRE(::getrlimit(limits_by_name().at(name), &own) == 0);
  std::istringstream words{value};
  std::string text;
  for (std::string word; words >> word;) {
    const rlim_t wanted = word == "unlimited" ? RLIM_INFINITY : std::stoull(word);
    const rlim_t given = std::min(wanted, own.rlim_max);
    text += (text.empty() ? "" : " ") + (given == RLIM_INFINITY ? "unlimited" : std::to_string(given));
  }
  return text;
}

/// The path of "masked /proc/keys"; of the processors' directories the first one's.
fs::path path_in(const std::string& name) {
  const std::string path = name.substr(name.find('/'));
  return path == kThrottle ? fs::path{"/sys/devices/system/cpu/cpu0/thermal_throttle"} : fs::path{path};
}

/// What a line of the file is on this machine: a path this kernel does not have has nothing to protect, and limits end
/// at the host's.
void adjust_to_machine(Lines& expected) {
  for (auto& [name, value] : expected) {
    if (name.starts_with("masked ") || name.starts_with("read-only ")) {
      std::error_code ignored;
      if (!fs::exists(path_in(name), ignored)) value = "absent";
    } else if (name.starts_with("limit ")) {
      value = as_far_as_the_host_may(name.substr(6), value);
    }
  }
  const std::string filters = field_of(file_text("/proc/self/status"), "Seccomp_filters");
  if (filters.empty()) expected.erase("Seccomp_filters");  // before Linux 5.9
  if (!filters.empty()) expected["Seccomp_filters"] = std::to_string(std::stoi(filters) + 1);
}

std::string differences(Lines seen, const Lines& expected) {
  std::string text;
  for (const auto& [name, value] : expected) {
    const auto found = seen.find(name);
    if (found == seen.end() || found->second != value) {
      text += name + " is \"" + (found == seen.end() ? "not there" : found->second) + "\" and not \"" + value + "\"\n";
    }
    if (found != seen.end()) seen.erase(found);
  }
  for (const auto& [name, value] : seen) text += "nobody expects " + name + ": " + value + "\n";
  return text;
}

/// A shell as process 1 ignores no signal, which Python does.
std::string probe_script() {
  std::string script = "python3 /mnt/probe.py";
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}) {
    script += std::string{" '"} + name + "=" + fs::read_symlink(fs::path{"/proc/self/ns"} / name).string() + "'";
  }
  return script + "; exit $?";
}

MountSet probe_mounts() { return {BindMount{defaults_directory(), "/mnt", {.read_only = true}}}; }

}  // namespace

TEST_CASE("P-80: every default of a container is the one that is written down", "[container][defaults]") {
  if (!requires_program("python3")) return;
  const Ground ground;
  std::string seen = output_of(ground.shell(probe_script(), probe_mounts()));
  if (const char* file = std::getenv("DUNNAGE_PRINT_DEFAULTS")) std::ofstream{file} << seen;
  Lines expected =
      lines_by_name(file_text(defaults_directory() / (who() == Launcher::Root ? "root.txt" : "rootless.txt")));
  adjust_to_machine(expected);
  CHECK(differences(lines_by_name(seen), expected) == "");
  const Container container = Container::launch(ground.program({"sleep", "1000"}, probe_mounts()));
  seen = outcome_of(container, {.argv = {"sh", "-c", probe_script()}}).out;
  CHECK(differences(lines_by_name(seen), expected) == "");
}
